"""Idempotent saves: one statement inserts what is new, a second one finds out why the rest was not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from vorex_sessions.database.prepared import prepared
from vorex_sessions.database.queries import run
from vorex_sessions.database.recordset import as_rows, recordset
from vorex_sessions.database.transactions import Transaction, run_transaction
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.hooks.rebuild import ALL_SESSIONS, DERIVED_VERSION
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import USER_ID, deleted_sessions, erased_learners, session_results
from vorex_sessions.problems.kinds import Gone, Problem, Unavailable
from vorex_sessions.sessions import results, tombstones


def _insert() -> sa.CTE:
    """Insert the rows of `:rows` that are new, and return them."""
    given = recordset("given", (c for c in results.STORED if c.name != "user_id"))
    rows = sa.select(USER_ID, *given.c).where(
        ~tombstones.is_deleted(given.c.session_result_id),
        ~tombstones.is_erased(given.c.completed_at),
    )
    names = [column.name for column in results.STORED]
    inserted = insert(session_results).from_select(names, rows)
    inserted = inserted.on_conflict_do_nothing(index_elements=["user_id", "session_result_id"])
    return inserted.returning(*results.COLUMNS).cte("new")


@lru_cache(maxsize=64)
def _save_statement(projections: tuple[Projection, ...]) -> sa.Select[Any]:
    """Insert what is new; returns it with the context of each projection."""
    new = _insert()
    inserted = [projection.insert_cte(new) for projection in projections]
    contexts = [
        projection.context(new, cte).label(f"context_{place}")
        for place, (projection, cte) in enumerate(zip(projections, inserted, strict=True))
    ]
    statement = sa.select(new, DERIVED_VERSION.label("derived_version"), *contexts)
    return prepared(statement.add_cte(*(cte for cte in inserted if cte is not None)))


def _find_statement() -> sa.Select[Any]:
    """For each of `:ids`: the stored result, its fingerprint, and the tombstones."""
    ids = sa.bindparam("ids", type_=ARRAY(sa.Uuid(as_uuid=False)))
    wanted = sa.func.unnest(sa.cast(ids, ids.type)).table_valued("wanted_id").render_derived()
    stored, deleted, erased = session_results, deleted_sessions, erased_learners
    return sa.select(
        *results.COLUMNS,
        stored.c.fingerprint,
        wanted.c.wanted_id,
        deleted.c.deleted_at,
        erased.c.erased_at,
        erased.c.closed,
    ).select_from(
        wanted.outerjoin(
            stored,
            (stored.c.user_id == USER_ID) & (stored.c.session_result_id == wanted.c.wanted_id),
        )
        .outerjoin(
            deleted,
            (deleted.c.user_id == USER_ID) & (deleted.c.session_result_id == wanted.c.wanted_id),
        )
        .outerjoin(erased, erased.c.user_id == USER_ID)
    )


_FIND = _find_statement()
_ATTEMPTS = 3


@dataclass(frozen=True)
class Entry:
    """A session result to save: its columns, and the problem if other content has its id."""

    row: Mapping[str, Any]
    fingerprint: bytes
    conflict: type[Problem]

    @property
    def id(self) -> str:
        """The session result's id."""
        return str(self.row["session_result_id"])


@dataclass(frozen=True)
class Outcome:
    """A saved entry: the stored session, whether it is new, and what capabilities add to the answer."""

    session: dict[str, Any]
    created: bool
    extras: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stored:
    """The stored session of an id."""

    session: dict[str, Any]
    fingerprint: bytes
    created: bool
    extras: dict[str, Any] = field(default_factory=dict)


def save_all(
    learner_id: str, entries: Sequence[Entry], *, now: datetime
) -> list[Outcome | Problem]:
    """Store what is new, all or nothing; returns the outcome of each entry, in order."""
    first = {entry.id: entry for entry in reversed(entries)}
    resolved: dict[str, _Stored | Problem] = {}
    for _ in range(_ATTEMPTS):
        resolved |= _store(learner_id, _unresolved(first, resolved), now)
        if unresolved := _unresolved(first, resolved):
            resolved |= _find(learner_id, unresolved)
        if not _unresolved(first, resolved):
            resolved |= _replayed(learner_id, resolved, now)
            return [
                _outcome(entry, resolved[entry.id], entry is first[entry.id]) for entry in entries
            ]
    raise Unavailable  # each time, another request stored and removed a session between our statements


def _unresolved(first: Mapping[str, Entry], resolved: Mapping[str, object]) -> list[Entry]:
    return [entry for name, entry in first.items() if name not in resolved]


def _store(learner_id: str, entries: Sequence[Entry], now: datetime) -> dict[str, _Stored]:
    """Store what is new, and run the projections, in one transaction."""
    by_id = {entry.id: entry for entry in entries}
    parameters = {"user_id": learner_id, "rows": as_rows(entry.row for entry in entries)}
    projections = tuple(
        projection
        for projection in registry().projections
        if any(projection.applies_to(entry.row) for entry in entries)
    )

    def work(transaction: Transaction) -> tuple[Sequence[Any], AnswerExtras]:
        rows = transaction.run(_save_statement(projections), parameters)
        extras: AnswerExtras = {str(row.session_result_id): {} for row in rows}
        if rows:
            derived_version, *contexts = rows[0][len(results.COLUMNS) :]
            event = SaveEvent(
                transaction,
                learner_id,
                rows,
                now,
                derived_version,
                lambda: transaction.run(ALL_SESSIONS, {"user_id": learner_id}),
            )
            for projection, context in zip(projections, contexts, strict=True):
                _merge(extras, projection.on_save(event, context))
        return rows, extras

    rows, extras = run_transaction(work, learner_id=learner_id)
    return {
        session["session_result_id"]: _Stored(
            session,
            by_id[session["session_result_id"]].fingerprint,
            created=True,
            extras=extras[session["session_result_id"]],
        )
        for session in map(results.as_json, rows)
    }


def _merge(extras: AnswerExtras, more: AnswerExtras) -> None:
    for name, members in more.items():
        extras[name] |= members


def _replayed(
    learner_id: str, resolved: Mapping[str, _Stored | Problem], now: datetime
) -> dict[str, _Stored]:
    """The sessions that were stored before, with their extras."""
    before = {
        name: stored
        for name, stored in resolved.items()
        if isinstance(stored, _Stored) and not stored.created
    }
    extras: AnswerExtras = {name: {} for name in before}
    for projection in registry().projections if before else ():
        _merge(extras, projection.on_replay(learner_id, list(before), now))
    return {name: replace(stored, extras=extras[name]) for name, stored in before.items()}


def _find(learner_id: str, entries: Sequence[Entry]) -> dict[str, _Stored | Problem]:
    """Why these entries were not inserted; without those that have neither row nor tombstone (any more)."""
    by_id = {entry.id: entry for entry in entries}
    rows = run(_FIND, {"user_id": learner_id, "ids": list(by_id)})
    reasons = {str(row.wanted_id): _reason(row, by_id[str(row.wanted_id)]) for row in rows}
    return {name: reason for name, reason in reasons.items() if reason}


def _reason(row: Any, entry: Entry) -> _Stored | Problem | None:
    if row.session_result_id is not None:
        return _Stored(results.as_json(row), bytes(row.fingerprint), created=False)
    if row.closed:
        return Gone("This learner's account is closed; nothing more can be saved.")
    if row.deleted_at:
        return Gone("This session was deleted; it cannot be saved again.")
    if row.erased_at and entry.row["completed_at"] <= row.erased_at:
        return Gone("This session was completed before its learner's data was erased.")
    return None


def _outcome(entry: Entry, result: _Stored | Problem, is_first: bool) -> Outcome | Problem:
    """The outcome of an entry. Of entries with the same id, the first may be new, the others are replays."""
    if isinstance(result, Problem):
        return result
    if result.fingerprint != entry.fingerprint:
        return entry.conflict()
    return Outcome(result.session, result.created and is_first, result.extras)
