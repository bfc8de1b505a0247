"""The stored session result as the API shows it."""

from typing import Any

import sqlalchemy as sa

from vorex_sessions.extensions import Row
from vorex_sessions.models import session_results
from vorex_sessions.periods import stamp

# Everything but the fingerprint, in the order of the contract.
COLUMNS: tuple[sa.Column[Any], ...] = tuple(
    column for column in session_results.c if column.name != "fingerprint"
)
NAMES = tuple(str(column.name) for column in COLUMNS)  # plain str: orjson takes no subclass as key


def as_json(row: Row) -> dict[str, Any]:
    """A row that starts with `COLUMNS` as the JSON object of a session result."""
    result = dict(zip(NAMES, row, strict=False))
    for name in ("completed_at", "created_at", "updated_at"):
        result[name] = stamp(result[name])
    return result
