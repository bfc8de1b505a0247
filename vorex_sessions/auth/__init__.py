"""Authentication: verified tokens, published keys, pseudonyms."""
