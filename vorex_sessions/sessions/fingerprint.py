"""Pure: a fingerprint of the content that a client sends, by which a repeated save is recognised."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import orjson

from vorex_sessions.models.limits import FINGERPRINT_BYTES
from vorex_sessions.periods import stamp
from vorex_sessions.sessions.results import canonical, default_zone

FINGERPRINT_VERSION = b"\x01"


def fingerprint(content: dict[str, Any], defaults: Mapping[str, Any]) -> bytes:
    """16 bytes of BLAKE2b over the content; a default that is sent equals one that is left out."""
    fields = {name: value for name, value in content.items() if value != defaults.get(name, ...)}
    if fields.get("timezone") == default_zone(content):
        del fields["timezone"]
    if "completed_at" in fields:
        fields["completed_at"] = stamp(fields["completed_at"])
    text = orjson.dumps(canonical(fields), option=orjson.OPT_SORT_KEYS)
    return blake2b(FINGERPRINT_VERSION + text, digest_size=FINGERPRINT_BYTES).digest()
