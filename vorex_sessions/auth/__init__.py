"""Who is calling: verified tokens, published keys, pseudonyms."""
