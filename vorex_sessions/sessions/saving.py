"""Idempotent saves: one statement inserts what is new, a second one finds out why the rest was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from vorex_sessions.database import (
    NO_NESTED_LOOPS,
    Transaction,
    as_rows,
    prepared,
    recordset,
    run,
    run_transaction,
)
from vorex_sessions.database.timeouts import LARGE_SAVE_TIMEOUT, QUERY_TIMEOUT
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.hooks.projections import DERIVED_VERSION, AnswerExtras, Projection, SaveEvent
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import USER_ID, deleted_sessions, erased_learners, session_results
from vorex_sessions.problems.kinds import Gone, Problem, Unavailable
from vorex_sessions.sessions import results, tombstones
from vorex_sessions.turns import in_turns


def _insert() -> sa.CTE:
    """Insert the rows of `:rows` that are new, and return them."""
    columns = [column for column in results.STORED if column.name != "user_id"]
    given = recordset("given", [*columns, results.HOUR])
    is_before_start = given.c.hour < sa.func.coalesce(DAY_STARTS_AT, sa.literal_column("0"))
    days = {"practiced_on": given.c.practiced_on - sa.cast(is_before_start, sa.Integer)}
    values = [days.get(column.name, given.c[column.name]) for column in columns]
    rows = sa.select(USER_ID, *values, versions.NEXT).where(
        ~tombstones.is_deleted(given.c.session_result_id),
        ~tombstones.is_erased(given.c.completed_at),
    )
    names = [*(column.name for column in results.STORED), "version"]
    inserted = insert(session_results).from_select(names, rows)
    inserted = inserted.on_conflict_do_nothing(index_elements=["user_id", "session_result_id"])
    return inserted.returning(*results.COLUMNS).cte("new")


@lru_cache(maxsize=64)
def _save_statement(projections: tuple[Projection, ...], is_large: bool) -> sa.Select[Any]:
    """Insert what is new; returns it, the first row with the context of each projection.

    In every row, the contexts of a batch with many words would be 100 times as large.
    """
    new = _insert()
    is_first = sa.func.row_number().over() == sa.literal_column("1")
    inserted = [projection.insert_cte(new, is_large=is_large) for projection in projections]
    contexts = [
        sa.case((is_first, projection.context(new, cte))).label(f"context_{place}")
        for place, (projection, cte) in enumerate(zip(projections, inserted, strict=True))
    ]
    # What is inserted here is not seen by this statement. A learner with totals has earlier sessions.
    has_earlier = sa.exists().where(session_results.c.user_id == USER_ID)
    is_new_learner = sa.case((DERIVED_VERSION.is_(None), ~has_earlier), else_=sa.false())
    statement = sa.select(
        new,
        DERIVED_VERSION.label("derived_version"),
        sa.case((is_first, is_new_learner)).label("is_new_learner"),
        *contexts,
    )
    statement = statement.add_cte(*(cte for cte in inserted if cte is not None))
    return statement if is_large else prepared(statement)


def _find_statement() -> sa.Select[Any]:
    """For each of `:ids`: the stored result, its fingerprint, and the tombstones."""
    stored, deleted, erased = session_results, deleted_sessions, erased_learners
    ids = sa.cast(sa.bindparam("ids"), ARRAY(sa.Uuid(as_uuid=False)))
    wanted = sa.func.unnest(ids).table_valued("wanted_id").render_derived()
    columns = (*results.COLUMNS, stored.c.fingerprint, wanted.c.wanted_id, deleted.c.deleted_at)

    def is_wanted(table: sa.Table) -> sa.ColumnElement[bool]:
        return (table.c.user_id == USER_ID) & (table.c.session_result_id == wanted.c.wanted_id)

    return sa.select(*columns, erased.c.erased_at, erased.c.closed).select_from(
        wanted.outerjoin(stored, is_wanted(stored))
        .outerjoin(deleted, is_wanted(deleted))
        .outerjoin(erased, erased.c.user_id == USER_ID)
    )


_FIND = _find_statement()
_ATTEMPTS = 3
_LISTS = ("vocabulary_learned", "vocabulary_results", "areas_to_improve")
# Words and labels in all from which on a save is large: what may follow does, and it has more time. A phone
# that was offline for weeks sends less.
_LARGE = 4000


@dataclass(frozen=True)
class Entry:
    """A session result to save: its columns, and the problem if other content has its id.

    With a `refusal` it is not stored, but may be a replay of a session from before the broken rule.
    """

    row: Mapping[str, Any]
    fingerprint: bytes
    conflict: type[Problem]
    refusal: Problem | None = None

    @property
    def id(self) -> str:
        """The session result's id."""
        return str(self.row["session_result_id"])


@dataclass(frozen=True)
class Outcome:
    """A session in the table: whether this save created it, and what capabilities add to the answer."""

    session: dict[str, Any]
    fingerprint: bytes
    created: bool
    extras: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The session result's id."""
        return str(self.session["session_result_id"])


def save_all(
    learner_id: str, entries: Sequence[Entry], *, now: datetime
) -> list[Outcome | Problem]:
    """Store what is new, all or nothing; returns the outcome of each entry, in order."""
    first = {entry.id: entry for entry in reversed(entries)}
    # One that may be stored comes before one that may not.
    first |= {entry.id: entry for entry in reversed(entries) if not entry.refusal}
    resolved: dict[str, Outcome | Problem] = {}
    for _ in range(_ATTEMPTS):
        if allowed := [one for one in _unresolved(first, resolved) if not one.refusal]:
            resolved |= _store(learner_id, allowed, now)
        if unresolved := _unresolved(first, resolved):
            resolved |= _find(learner_id, unresolved)
        if not _unresolved(first, resolved):
            outcomes = [
                _outcome(entry, resolved[entry.id], entry is first[entry.id]) for entry in entries
            ]
            return _with_replays(learner_id, outcomes, resolved, now)
    raise Unavailable  # each time, another request stored and removed a session between our statements


def _unresolved(first: Mapping[str, Entry], resolved: Mapping[str, object]) -> list[Entry]:
    return [entry for name, entry in first.items() if name not in resolved]


def _store(learner_id: str, entries: Sequence[Entry], now: datetime) -> dict[str, Outcome]:
    """Store what is new, and run the projections, in one transaction."""
    by_id = {entry.id: entry for entry in entries}
    parameters = {"user_id": learner_id, "rows": as_rows(entry.row for entry in entries)}
    applying = tuple(
        projection
        for projection in registry().projections
        if any(projection.applies_to(entry.row) for entry in entries)
    )
    is_large = sum(_size(entry.row) for entry in entries) > _LARGE
    projections = tuple(one for one in applying if not (is_large and one.may_follow))
    for projection in projections:
        parameters |= projection.context_parameters([entry.row for entry in entries])

    def work(transaction: Transaction) -> tuple[Sequence[Any], AnswerExtras]:
        if is_large:
            transaction.defer(NO_NESTED_LOOPS, {})
        rows = transaction.run(_save_statement(projections, is_large), parameters)
        extras: AnswerExtras = {str(row.session_result_id): {} for row in rows}
        if rows:
            transaction.defer(versions.RAISE, {"user_id": learner_id})
            derived_version, is_new_learner, *contexts = rows[0][len(results.COLUMNS) :]
            event = SaveEvent(transaction, learner_id, rows, now, derived_version, is_new_learner)
            for projection, context in zip(projections, contexts, strict=True):
                _merge(extras, projection.on_save(event, context))
            if projections != applying:
                event.leave_stale()
        return rows, extras

    timeout = LARGE_SAVE_TIMEOUT if is_large else QUERY_TIMEOUT
    rows, extras = run_transaction(work, learner_id=learner_id, timeout=timeout)
    stored = {one["session_result_id"]: one for one in map(results.as_json, in_turns(rows))}
    return {
        name: Outcome(session, by_id[name].fingerprint, created=True, extras=extras[name])
        for name, session in stored.items()
    }


def _size(row: Mapping[str, Any]) -> int:
    """How many words and labels a session has to derive from."""
    return sum(len(row[name]) for name in _LISTS)


def _merge(extras: AnswerExtras, more: AnswerExtras) -> None:
    for name, members in more.items():
        extras[name] |= members


def _with_replays(
    learner_id: str,
    outcomes: Sequence[Outcome | Problem],
    resolved: Mapping[str, Outcome | Problem],
    now: datetime,
) -> list[Outcome | Problem]:
    """The outcomes; those of sessions that were stored before with their extras."""
    new = {name for name, one in resolved.items() if isinstance(one, Outcome) and one.created}
    extras: AnswerExtras = {
        outcome.id: {}
        for outcome in outcomes
        if isinstance(outcome, Outcome) and outcome.id not in new
    }
    for projection in registry().projections if extras else ():
        _merge(extras, projection.on_replay(learner_id, list(extras), now))
    return [
        replace(outcome, extras=extras[outcome.id])
        if isinstance(outcome, Outcome) and outcome.id in extras
        else outcome
        for outcome in outcomes
    ]


def _find(learner_id: str, entries: Sequence[Entry]) -> dict[str, Outcome | Problem]:
    """Why these entries were not inserted; without those that have neither row nor tombstone (any more)."""
    by_id = {entry.id: entry for entry in entries}
    rows = run(_FIND, {"user_id": learner_id, "ids": list(by_id)})
    reasons = {str(row.wanted_id): _reason(row, by_id[str(row.wanted_id)]) for row in rows}
    return {name: reason for name, reason in reasons.items() if reason}


def _reason(row: Any, entry: Entry) -> Outcome | Problem | None:
    if row.session_result_id is not None:
        return Outcome(results.as_json(row), bytes(row.fingerprint), created=False)
    if row.closed:
        return Gone("This learner's account is closed; nothing more can be saved.")
    if row.deleted_at:
        return Gone("This session was deleted; it cannot be saved again.")
    if row.erased_at and entry.row["completed_at"] <= row.erased_at:
        return Gone("This session was completed before its learner's data was erased.")
    return entry.refusal


def _outcome(entry: Entry, result: Outcome | Problem, is_first: bool) -> Outcome | Problem:
    """The outcome of an entry. Of entries with the same id, the first may be new, the others are replays.

    The same content is what was sent at first, or what is stored now.
    """
    if isinstance(result, Problem):
        return entry.refusal or result
    if result.fingerprint != entry.fingerprint and results.differing(
        {column.name: entry.row[column.name] for column in results.CONTENT}, result.session
    ):
        return entry.refusal or entry.conflict()
    return result if is_first or not result.created else replace(result, created=False)
