"""Pseudonyms of learners, for logs and rate limits: stable, and without the key not traceable."""

from hashlib import blake2b

from vorex_sessions.current import current_flask


def pseudonym(learner_id: str) -> str:
    """Return 16 hexadecimal digits for a learner: BLAKE2b with the service's own key."""
    key: bytes = current_flask().config["PSEUDONYM_KEY"]
    return blake2b(learner_id.encode(), digest_size=8, key=key).hexdigest()
