"""Events: what has happened to a learner's data, for the app's back end.

They are written in the transaction of the change and behind the learner's lock, so that there is none without
a change, and no change without one. Where the operator has asked for no events, nothing is executed.

On several machines (`DB_DISTRIBUTED`) any may be asked, and each counts ids and transactions by itself. So
there an event follows the learner's others by its id, and by its time.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from vorex_sessions.database import Transaction, as_rows, prepared, recordset
from vorex_sessions.flask_config import any_setting, setting
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import USER_ID, event_queues, events
from vorex_sessions.models.events import THIS_MOMENT, THIS_TRANSACTION

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
    if some := list(happened):
        new = _write(transaction, learner_id, some)
        _queue(transaction, learner_id, {one.type for one in some}, new)


def _write(transaction: Transaction, learner_id: str, some: Sequence[Happened]) -> list[str]:
    """Write events; returns the ids that receivers know them by, where these are known here."""
    if setting("DB_DISTRIBUTED"):
        transaction.defer(versions.BE_THERE, {"user_id": learner_id})
        return [_write_apart(transaction, learner_id, one) for one in some]
    rows = as_rows({**one._asdict(), "place": place} for place, one in enumerate(some))
    transaction.defer(_RECORD, {"user_id": learner_id, "events": rows})
    return []


def _write_apart(transaction: Transaction, learner_id: str, one: Happened) -> str:
    data = None if one.data is None else orjson.dumps(one.data).decode()
    event_id = str(uuid4())
    parameters = {"user_id": learner_id, **one._asdict(), "data": data, "event_id": event_id}
    transaction.defer(_NEXT_ID, {})
    transaction.defer(_RECORD_APART, parameters)
    return event_id


def record_removal(
    transaction: Transaction, learner_id: str, removed: sa.Select[Any], parameters: dict[str, Any]
) -> None:
    """Write that sessions are deleted: those that `removed` selects, with ids and versions.

    Before they are, and after the learner's version was raised.
    """
    if are_kept():
        rows = transaction.run(_removal(removed), {**parameters, "user_id": learner_id})
        record(transaction, learner_id, map(_deleted, rows))


def _deleted(row: Any) -> Happened:
    data = {"previous_version": row.version}
    return Happened(DELETED, str(row.session_result_id), row.raised, data)


def record_erasure(transaction: Transaction, learner_id: str) -> None:
    """Write that everything of the learner was erased, after all other events of the learner were.

    What is being sent just now cannot be called back: its lease stays, so that the erasure arrives after it.
    """
    destinations = _destinations({ERASED}) if are_kept() else []
    parameters = {"user_id": learner_id, "destinations": destinations}
    transaction.defer(_FORGET_OTHERS, parameters)
    if are_kept():
        new = _write(transaction, learner_id, [Happened(ERASED)])
        if destinations:
            statement = _queueing(setting("DB_DISTRIBUTED"), restarts=True)
            transaction.defer(statement, {**parameters, "new": new})


def record_erasure_again(
    transaction: Transaction, learner_id: str, is_due: sa.ColumnElement[bool]
) -> None:
    """Write that the learner was erased, where `is_due`: a restored backup has lost the event."""
    if are_kept():
        statement = _erasure_again(is_due, setting("DB_DISTRIBUTED"))
        event_id = str(uuid4())
        transaction.defer(_NEXT_ID, {})
        transaction.defer(statement, {"user_id": learner_id, "event_id": event_id})
        _queue(transaction, learner_id, {ERASED}, [event_id])


def _queue(
    transaction: Transaction, learner_id: str, types: Collection[str], new: Sequence[str]
) -> None:
    """Let the destinations wait for the events of this transaction."""
    if destinations := _destinations(types):
        statement = _queueing(setting("DB_DISTRIBUTED"), restarts=False)
        parameters = {"user_id": learner_id, "destinations": destinations, "new": new}
        transaction.defer(statement, parameters)


def _destinations(types: Iterable[str]) -> list[str]:
    """The destinations that get any of these, sorted."""
    return sorted(
        one.name
        for one in registry().destinations
        if one.is_configured() and any(map(one.wants, types))
    )


_ERASED: sa.ColumnElement[str] = sa.literal_column(f"'{ERASED}'", sa.Text)
_TO = sa.cast(sa.bindparam("destinations"), ARRAY(sa.Text))
_NEW = sa.cast(sa.bindparam("new"), ARRAY(sa.Text))


@lru_cache(maxsize=4)
def _queueing(is_distributed: bool, *, restarts: bool) -> sa.Executable:
    """Queue the learner's events of this transaction for `:destinations`."""
    to = sa.func.unnest(_TO).column_valued("destination")
    name = sa.select(to.label("name")).subquery("destinations").c.name
    ids = (sa.func.min(_e.id) - sa.literal_column("1"), sa.func.max(_e.id))
    is_new = _e.written_by == THIS_TRANSACTION
    if is_distributed:
        is_new = sa.cast(_e.event_id, sa.Text) == sa.any_(_NEW)
    rows = sa.select(name, _e.user_id, *ids).where(_e.user_id == USER_ID, is_new)
    rows = rows.group_by(name, _e.user_id)
    if not is_distributed:
        rows = rows.order_by(name)  # in which all transactions lock a learner's rows
    added = insert(event_queues).from_select(
        ["destination", "user_id", "after_id", "last_id"], rows
    )
    values: dict[str, Any] = {"last_id": added.excluded.last_id}
    if restarts:
        is_leased = _q.lease.is_not(None)
        values |= {
            "after_id": added.excluded.after_id,
            "attempts": sa.literal_column("0"),
            "failing_since": sa.null(),
            "last_answer": sa.null(),
            "due_at": sa.case((is_leased, _q.due_at), else_=added.excluded.due_at),
        }
    queued = added.on_conflict_do_update(index_elements=["user_id", "destination"], set_=values)
    return queued if restarts else prepared(queued)


# Not within the statement that writes the event: Citus would collect the rows of one that asks for it.
_ID = "vorex.event_id"
_NEXT_ID = sa.text(f"""
SELECT set_config(
    '{_ID}', CAST(nextval(CAST(pg_get_serial_sequence('events', 'id') AS regclass)) AS text), true)
""")


def _beside_others(
    values: dict[str, sa.ColumnElement[Any]], *conditions: sa.ColumnElement[bool]
) -> Insert:
    """Write an event after the learner's others, also after those of which only a queue knows.

    Its id is the next one of the machine that is asked, unless another one has given the learner a later id.
    """
    last, last_at = (
        sa.select(sa.func.max(column)).where(_e.user_id == USER_ID).scalar_subquery()
        for column in (_e.id, _e.written_by)
    )
    queued = sa.select(sa.func.max(_q.last_id)).where(_q.user_id == USER_ID).scalar_subquery()
    one = sa.literal_column("1", sa.BigInteger)
    next_id = sa.cast(sa.func.current_setting(sa.literal_column(f"'{_ID}'")), sa.BigInteger)
    columns = {
        "id": sa.func.greatest(last + one, queued + one, next_id),
        "event_id": sa.cast(sa.bindparam("event_id"), _e.event_id.type),
        # Who has waited for the learner's lock began before those that had it.
        "written_by": sa.func.greatest(last_at, sa.literal_column(THIS_MOMENT)),
        **values,
    }
    row = versions.beside_learner(*columns.values()).where(*conditions)
    return insert(events).from_select(["user_id", *columns], row)


def _given() -> sa.Select[Any]:
    """The rows in `:events`, in their order."""
    columns = [_e[name] for name in _NAMES]
    given = recordset("given", [*columns, sa.column("place", sa.Integer)], "events").c
    return sa.select(USER_ID, *(given[name] for name in _NAMES)).order_by(given.place)


_RECORD = prepared(insert(events).from_select(["user_id", *_NAMES], _given()))
_RECORD_APART = prepared(
    _beside_others({name: sa.cast(sa.bindparam(name), _e[name].type) for name in _NAMES})
)


@lru_cache(maxsize=4)
def _erasure_again(is_due: sa.ColumnElement[bool], is_distributed: bool) -> sa.Executable:
    if is_distributed:
        return _beside_others({"type": _ERASED}, is_due)
    row = versions.beside_learner(_ERASED).where(is_due)
    return insert(events).from_select(["user_id", "type"], row)


_FORGET_OTHERS = sa.delete(event_queues).where(
    _q.user_id == USER_ID, _q.destination != sa.all_(_TO)
)


@lru_cache(maxsize=16)
def _removal(removed: sa.Select[Any]) -> sa.Select[Any]:
    """Of each session its id and its version, and the learner's."""
    stored = removed.selected_columns
    raised = versions.CURRENT.label("raised")
    only = removed.with_only_columns(stored.session_result_id, stored.version, raised)
    return only.order_by(stored.session_result_id)
