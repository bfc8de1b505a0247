"""The columns of a session result, all from the model: what a save stores, what the API shows."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions.flask_config import setting
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.periods import day_of, hour_of, offset_name, stamp
from vorex_sessions.problems.kinds import Problem
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions.metadata_field import SIZE_RULE, LongMetadata
from vorex_sessions.skill_graph import graph_of

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(minutes=5)
_SET_BY_DATABASE = {"created_at", "updated_at", "version"}
_SET_BY_SERVICE = {"user_id", "session_result_id", "practiced_on", "fingerprint"}

# What the API shows, in the order of the contract: everything but the fingerprint.
COLUMNS = tuple(column for column in session_results.c if column.name != "fingerprint")
NAMES = tuple(str(column.name) for column in COLUMNS)  # plain str: orjson takes no subclass as key
# The columns of a row that is given to an INSERT.
STORED = tuple(column for column in session_results.c if column.name not in _SET_BY_DATABASE)
# What a row to store has beside them: the hour that decides on its day (saving.py).
HOUR = sa.column("hour", sa.Integer)
# The times of a row that is restored keep what they were.
TIMES = tuple(session_results.c[name] for name in ("created_at", "updated_at"))
# The columns that a client sends.
CONTENT = tuple(column for column in STORED if column.name not in _SET_BY_SERVICE)


def is_stored(session_result_id: Any) -> sa.ColumnElement[bool]:
    """Whether the learner `:user_id` has a session with this id; one look-up for each."""
    stored = sa.select(session_results.c.version).where(
        session_results.c.user_id == USER_ID,
        session_results.c.session_result_id == session_result_id,
    )
    return stored.scalar_subquery().is_not(None)


def _default(column: sa.Column[Any]) -> Any:
    if column.nullable:
        return None
    assert isinstance(column.server_default, sa.DefaultClause)  # noqa: S101  # the caller has checked
    text = str(column.server_default.arg)
    if isinstance(column.type, sa.String):
        return text
    return [] if isinstance(column.type, ARRAY) else orjson.loads(text)


# The value of a column that the client leaves out: the table's default. That of `language` is a setting.
DEFAULTS: dict[str, Any] = {
    str(column.name): _default(column)  # as above
    for column in CONTENT
    if column.nullable or column.server_default is not None
}


def defaults() -> dict[str, Any]:
    """The values of the columns that the client leaves out."""
    return {**DEFAULTS, "language": setting("DEFAULT_LANGUAGE")}


def check_instant(completed_at: datetime, now: datetime, start: str = "#") -> None:
    """Check that a session can have this time. Raises Invalid, with the server's time."""
    if completed_at < EARLIEST:
        raise validation_problem({"completed_at": ["must not be before 2000-01-01"]}, start=start)
    if completed_at > now + AHEAD:
        rule = f"must not be over 5 minutes ahead of the server's time, which is {stamp(now)}"
        raise validation_problem({"completed_at": [rule]}, start=start)


def completed(content: dict[str, Any], now: datetime, start: str = "#") -> dict[str, Any]:
    """The columns to store for what the client sends, with defaults, the calendar day and `HOUR`.

    The day is that of a learner whose days start at midnight; saving.py knows when they do.
    """
    completed_at = content.get("completed_at") or now
    check_instant(completed_at, now, start)
    zone_name = content.get("timezone") or default_zone(content)
    return {
        **defaults(),
        **content,
        "completed_at": completed_at.astimezone(UTC),
        "timezone": zone_name,
        "practiced_on": day_of(completed_at, zone_name),
        HOUR.name: hour_of(completed_at, zone_name),
    }


def corrected(changes: Mapping[str, Any], row: Any) -> dict[str, Any]:
    """The columns to change in a stored row; None stands for a column's default. Raises Invalid.

    That of `completed_at` is the moment of the first save. A session that is moved counts on the day that it
    has by what the learner has set now; no other session's day changes.
    """
    by_default = defaults()
    values = {
        name: by_default.get(name) if value is None else value for name, value in changes.items()
    }
    checked = values
    if not {"language", "skills"}.isdisjoint(values):
        checked = {"language": row.language, "skills": row.skills} | values
    if problem := later_problem(checked):
        raise problem
    completed_at = values.get("completed_at") or (
        row.created_at if "completed_at" in values else row.completed_at
    )
    zone_name = values.get("timezone") or (
        default_zone(values) if "timezone" in values else row.timezone
    )
    is_moved = (completed_at, zone_name) != (row.completed_at, row.timezone)
    derived = {
        "completed_at": completed_at.astimezone(UTC),
        "timezone": zone_name,
        "practiced_on": day_of(completed_at, zone_name, row.day_starts_at)
        if is_moved
        else row.practiced_on,
    }
    return values | {name: derived[name] for name in derived if name in {*values, "practiced_on"}}


def later_problem(content: Mapping[str, Any], start: str = "#") -> Problem | None:
    """The problem of a content that breaks a rule of today which a stored session need not have met.

    A save that repeats such a session is a replay (`refusal` of entries.Entry). So each rule that an earlier
    release did not have, or that a setting decides, is asked here.
    """
    if isinstance(content.get("metadata"), LongMetadata):
        return validation_problem({"metadata": [SIZE_RULE]}, start=start)
    if not content.get("skills"):
        return None
    language, known = content["language"], graph_of(content["language"]).skills
    if not known:
        rule = f"must be left out: the language {language} has no graph of skills"
        return validation_problem({"skills": [rule]}, start=start)
    errors = {
        index: {"skill": [f"must be a skill of the language {language}"]}
        for index, item in enumerate(content["skills"])
        if item["skill"] not in known
    }
    return validation_problem({"skills": errors}, start=start) if errors else None


def default_zone(content: dict[str, Any]) -> str:
    """The zone of a session whose client names none: the offset of `completed_at`."""
    completed_at = content.get("completed_at")
    return offset_name(completed_at) if completed_at else "UTC"


def differing(content: Mapping[str, Any], stored: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a content whose values are not those of a session result as `as_json` returns it."""
    return frozenset(name for name, value in content.items() if _text(value) != _text(stored[name]))


def _text(value: Any) -> bytes:
    """A value in one form: 1.0 is 1, but `true` is not."""
    if isinstance(value, datetime):
        value = stamp(value)
    return orjson.dumps(canonical(value), option=orjson.OPT_SORT_KEYS)


_IN_ONE_FORM = (str, int, type(None))  # true and false are ints


def canonical(value: Any) -> Any:
    """Numbers in one form, so that 1.0 is 1 and -0.0 is 0."""
    if isinstance(value, dict):
        return {
            name: inner if isinstance(inner, _IN_ONE_FORM) else canonical(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [inner if isinstance(inner, _IN_ONE_FORM) else canonical(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**63:
        return int(value)
    return value


def as_json(row: Any) -> dict[str, Any]:
    """A row that starts with `COLUMNS` as the JSON object of a session result."""
    result = dict(zip(NAMES, row, strict=False))
    for name in ("completed_at", "created_at", "updated_at"):
        result[name] = stamp(result[name])
    return result
