"""The columns of a session result, all from the model: what a save stores, what the API shows."""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions.models import session_results
from vorex_sessions.periods import stamp

_SET_BY_DATABASE = {"created_at", "updated_at"}
_SET_BY_SERVICE = {"user_id", "session_result_id", "practiced_on", "fingerprint"}

# What the API shows, in the order of the contract: everything but the fingerprint.
COLUMNS = tuple(column for column in session_results.c if column.name != "fingerprint")
NAMES = tuple(str(column.name) for column in COLUMNS)  # plain str: orjson takes no subclass as key
# The columns of an INSERT.
STORED = tuple(column for column in session_results.c if column.name not in _SET_BY_DATABASE)
# The columns that a client sends.
CONTENT = tuple(column for column in STORED if column.name not in _SET_BY_SERVICE)


def _default(column: sa.Column[Any]) -> Any:
    if column.nullable:
        return None
    assert isinstance(column.server_default, sa.DefaultClause)  # noqa: S101  # the caller has checked
    return [] if isinstance(column.type, ARRAY) else orjson.loads(str(column.server_default.arg))


# The value of a column that the client leaves out: the table's default.
DEFAULTS: dict[str, Any] = {
    str(column.name): _default(column)  # as above
    for column in CONTENT
    if column.nullable or column.server_default is not None
}


def as_json(row: Any) -> dict[str, Any]:
    """A row that starts with `COLUMNS` as the JSON object of a session result."""
    result = dict(zip(NAMES, row, strict=False))
    for name in ("completed_at", "created_at", "updated_at"):
        result[name] = stamp(result[name])
    return result
