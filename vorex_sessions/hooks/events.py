"""Events: what has happened to a learner's data, for the app's back end.

They are written in the transaction of the change and behind the learner's lock, so that there is none without
a change, and no change without one. Where the operator has asked for no events, nothing is executed.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from vorex_sessions.database import Transaction, as_rows, prepared, recordset
from vorex_sessions.flask_config import any_setting
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import USER_ID, event_queues, events

SAVED, CORRECTED, DELETED = "session.saved", "session.corrected", "session.deleted"
UNLOCKED, AT_RISK, ERASED = "achievement.unlocked", "streak.at_risk", "learner.erased"
TYPES = (SAVED, CORRECTED, DELETED, UNLOCKED, AT_RISK, ERASED)

_e, _q = events.c, event_queues.c
_NAMES = ("type", "session_result_id", "version", "data")


class Happened(NamedTuple):
    """An event to write."""

    type: str
    session_result_id: Any = None
    version: int | None = None
    data: dict[str, Any] | None = None


def are_kept() -> bool:
    """Whether the operator has asked for events."""
    return any_setting(registry().event_settings)


def record(transaction: Transaction, learner_id: str, happened: Iterable[Happened]) -> None:
    """Write what has happened, in this order. `happened` is not read where no events are kept."""
    if not are_kept():
        return
    rows = [{**one._asdict(), "place": place} for place, one in enumerate(happened)]
    if rows:
        destinations = _destinations({row["type"] for row in rows})
        parameters = {"user_id": learner_id, "events": as_rows(rows), "destinations": destinations}
        transaction.defer(_RECORD[bool(destinations)], parameters)


def record_removal(
    transaction: Transaction, learner_id: str, removed: sa.Select[Any], parameters: dict[str, Any]
) -> None:
    """Write that sessions are deleted: those that `removed` selects, with ids and versions.

    Before they are, and after the learner's version was raised.
    """
    if are_kept():
        destinations = _destinations({DELETED})
        statement = _removal(removed, bool(destinations))
        values = {**parameters, "user_id": learner_id, "destinations": destinations}
        transaction.defer(statement, values)


def record_erasure(transaction: Transaction, learner_id: str) -> None:
    """Write that everything of the learner was erased, after all other events of the learner were.

    What is being sent just now cannot be called back: its lease stays, so that the erasure arrives after it.
    """
    destinations = _destinations({ERASED}) if are_kept() else []
    parameters = {"user_id": learner_id, "destinations": destinations}
    transaction.defer(_FORGET_OTHERS, parameters)
    if are_kept():
        transaction.defer(_RECORD_ERASURE[bool(destinations)], parameters)


def record_erasure_again(
    transaction: Transaction, learner_id: str, is_due: sa.ColumnElement[bool]
) -> None:
    """Write that the learner was erased, where `is_due`: a restored backup has lost the event."""
    if are_kept():
        destinations = _destinations({ERASED})
        parameters = {"user_id": learner_id, "destinations": destinations}
        transaction.defer(_erasure_again(is_due, bool(destinations)), parameters)


def _destinations(types: Iterable[str]) -> list[str]:
    """The destinations that get any of these, in the order in which all transactions lock their rows."""
    return sorted(
        one.name
        for one in registry().destinations
        if one.is_configured() and any(map(one.wants, types))
    )


_TO = sa.cast(sa.bindparam("destinations"), ARRAY(sa.Text))


def _recording(rows: sa.Select[Any], *, is_queued: bool, restarts: bool = False) -> sa.Executable:
    """Insert events, `rows` with the learner and `_NAMES`; `is_queued`: for `:destinations`, too."""
    inserted = insert(events).from_select(["user_id", *_NAMES], rows)
    if not is_queued:
        return inserted
    written = inserted.returning(_e.user_id, _e.id).cte("written")
    ids = (sa.func.min(written.c.id) - sa.literal_column("1"), sa.func.max(written.c.id))
    to = sa.func.unnest(_TO).column_valued("destination")
    joined = written.join(sa.lateral(sa.select(to.label("name"))), sa.true())
    name = joined.right.c.name
    queued = sa.select(name, written.c.user_id, *ids).select_from(joined)
    added = insert(event_queues).from_select(
        ["destination", "user_id", "after_id", "last_id"],
        queued.group_by(name, written.c.user_id).order_by(name),
    )
    values: dict[str, Any] = {"last_id": added.excluded.last_id}
    if restarts:
        is_leased = _q.lease.is_not(None)
        values |= {
            "after_id": added.excluded.after_id,
            "attempts": sa.literal_column("0"),
            "failing_since": sa.null(),
            "last_answer": sa.null(),
            "due_at": sa.case((is_leased, _q.due_at), else_=sa.func.now()),
        }
    return added.on_conflict_do_update(index_elements=["user_id", "destination"], set_=values)


def _given() -> sa.Select[Any]:
    """The rows in `:events`."""
    columns = [_e[name] for name in _NAMES]
    given = recordset("given", [*columns, sa.column("place", sa.Integer)], "events").c
    return sa.select(USER_ID, *(given[name] for name in _NAMES)).order_by(given.place)


def _erasure() -> sa.Select[Any]:
    nothing = (sa.cast(sa.null(), _e[name].type) for name in _NAMES[1:])
    return sa.select(USER_ID, sa.literal_column(f"'{ERASED}'", sa.Text), *nothing)


@lru_cache(maxsize=4)
def _erasure_again(is_due: sa.ColumnElement[bool], is_queued: bool) -> sa.Executable:
    return _recording(_erasure().where(is_due), is_queued=is_queued)


_RECORD = {one: prepared(_recording(_given(), is_queued=one)) for one in (False, True)}
_RECORD_ERASURE = {
    one: _recording(_erasure(), is_queued=one, restarts=True) for one in (False, True)
}
_FORGET_OTHERS = sa.delete(event_queues).where(
    _q.user_id == USER_ID, _q.destination != sa.all_(_TO)
)


@lru_cache(maxsize=16)
def _removal(removed: sa.Select[Any], is_queued: bool) -> sa.Executable:
    sessions = removed.subquery("removed").c
    ids, previous = sessions.session_result_id, sa.literal_column("'previous_version'", sa.Text)
    data = sa.func.jsonb_build_object(previous, sessions.version)
    deleted = sa.literal_column(f"'{DELETED}'", sa.Text)
    row = (USER_ID, deleted, ids, versions.CURRENT, data)
    return _recording(sa.select(*row).order_by(ids), is_queued=is_queued)
