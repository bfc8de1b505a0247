"""Commands on session results. The learner's id comes first and is part of every statement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from vorex_sessions.database import Bound, Transaction, as_rows, recordset, run, run_transaction
from vorex_sessions.hooks import events, versions
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.hooks.projections import SaveEvent
from vorex_sessions.hooks.registry import registry
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.problems.kinds import (
    ChangedMeanwhile,
    Gone,
    NotFound,
    Problem,
)
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions import results, tombstones
from vorex_sessions.sessions.entries import Entry, Outcome, counted, entry_of
from vorex_sessions.sessions.saving import save_all
from vorex_sessions.turns import in_turns

_is_id = session_results.c.session_result_id == sa.bindparam("session_result_id")
_is_it = sa.and_(session_results.c.user_id == USER_ID, _is_id)
_SHOW = sa.select(*results.COLUMNS).where(_is_it)
_moved_to = sa.bindparam("completed_at", type_=session_results.c.completed_at.type)
_BEFORE_CORRECTION = _SHOW.add_columns(
    tombstones.is_erased(_moved_to).label("erased"), DAY_STARTS_AT.label("day_starts_at")
)
# Runs before the delete: it copies stored rows, so that only a stored session leaves a tombstone.
_ADD_TOMBSTONE = tombstones.add_tombstones(_is_id)
_RAISE_IF_STORED = versions.raise_if_stored(_is_id)
_VERSION = sa.select(session_results.c.version).where(_is_it)
_DELETE = session_results.delete().where(_is_it)
_IS_DELETED = sa.select(tombstones.is_deleted(sa.bindparam("session_result_id")).label("deleted"))


class SessionNotFound(NotFound):
    """The learner has no such session; it may be another learner's."""

    detail = "You have no session with this id."


def save(
    learner_id: str,
    body: Mapping[str, Any],
    *,
    key: str | None = None,
    now: datetime,
    only_if: Bound | None = None,
) -> Outcome:
    """Save one session result. Raises Invalid, Conflict, KeyReused or Gone.

    Its id is the client's `session_result_id`, or derived from learner and key, or random. Raises NotAnyMore
    where the query `only_if` has no row, behind the learner's lock.
    """
    if key is not None and "session_result_id" in body:
        raise validation_problem(
            {"session_result_id": ["must be left out where Idempotency-Key is sent"]}
        )
    entry = entry_of(body, key and uuid5(UUID(learner_id), key), now)
    (outcome,) = counted(save_all(learner_id, [entry], now=now, only_if=only_if))
    if isinstance(outcome, Problem):
        raise outcome
    has_client_id = key is not None or "session_result_id" in body
    # A random id that is stored already was stored by an earlier attempt, whose connection broke.
    return outcome if has_client_id else replace(outcome, created=True)


def save_batch(
    learner_id: str,
    items: Sequence[Mapping[str, Any] | Problem],
    *,
    key: str | None = None,
    now: datetime,
) -> list[Outcome | Problem]:
    """Save the valid items of a batch in one transaction; returns an outcome for each item, in order.

    The outcome of an item that is a Problem is that problem. With a key, an item without an id gets one
    that is derived from key and index.
    """
    base = key and uuid5(UUID(learner_id), key)
    entries: dict[int, Entry] = {}
    problems: list[Problem | None] = []
    for index, item in enumerate(in_turns(items)):
        try:
            if isinstance(item, Problem):
                raise item
            derived = base and uuid5(base, str(index))
            entries[index] = entry_of(item, derived, now, f"#/sessions/{index}")
            problems.append(None)
        except Problem as problem:
            problems.append(problem)
    saved = iter(save_all(learner_id, list(entries.values()), now=now) if entries else [])
    return counted([problem or next(saved) for problem in problems])


def show(learner_id: str, session_result_id: str) -> dict[str, Any]:
    """One session result. Raises SessionNotFound."""
    rows = run(_SHOW, {"user_id": learner_id, "session_result_id": session_result_id})
    if not rows:
        raise SessionNotFound
    return results.as_json(rows[0])


def correct(
    learner_id: str,
    session_result_id: str,
    changes: Mapping[str, Any],
    *,
    is_expected: Callable[[int], bool] | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Change some fields of a session result; the others stay.

    Raises Invalid, SessionNotFound, Gone, and ChangedMeanwhile where it has a version that is not expected;
    not, however, where the values are stored already: then the same request was sent before.

    None resets a field to its default. `practiced_on` follows from `completed_at` and `timezone`. It is set
    behind the learner's lock, so that neither of two concurrent corrections is lost. Values that are stored
    already are no change.
    """
    if completed_at := changes.get("completed_at"):
        results.check_instant(completed_at, now)
    parameters = {
        "user_id": learner_id,
        "session_result_id": session_result_id,
        # PostgreSQL takes no offset of 16 hours or more.
        "completed_at": completed_at and completed_at.astimezone(UTC),
    }

    def work(transaction: Transaction) -> dict[str, Any]:
        rows = transaction.run(_BEFORE_CORRECTION, parameters)
        if not rows:
            raise SessionNotFound
        old = rows[0]
        values = results.corrected(changes, old)
        fields = results.differing(values, results.as_json(old))
        if "completed_at" in fields and old.erased:
            raise Gone(
                "This learner's data was erased after that time; nothing can be moved there."
            )
        if fields and is_expected and not is_expected(old.version):
            raise ChangedMeanwhile
        new = _update(transaction, parameters, old, {name: values[name] for name in fields})
        if fields:
            data = {"previous_version": old.version}
            corrected = events.Happened(events.CORRECTED, session_result_id, new.version, data)
            events.record(transaction, learner_id, [corrected])
        event = SaveEvent(transaction, learner_id, [new], now)
        answer = results.as_json(new)
        for projection in registry().projections:
            answer |= projection.on_correct(event, old, fields).get(session_result_id, {})
        return answer

    return run_transaction(work, learner_id=learner_id)


def _update(
    transaction: Transaction, parameters: Mapping[str, Any], old: Any, changes: Mapping[str, Any]
) -> Any:
    """Make the changes, and what is derived stale; returns the new row."""
    if not changes:
        return old
    moved = "completed_at" in changes
    changed = None if moved else parameters["session_result_id"]
    for statement in registry().invalidation(changes):
        transaction.defer(statement, {**parameters, "changed": changed})
    transaction.defer(versions.RAISE, parameters)
    update = _update_statement(frozenset(changes))
    return transaction.run(update, {**parameters, "rows": as_rows([changes])})[0]


@lru_cache(maxsize=256)
def _update_statement(names: frozenset[str]) -> sa.Update:
    """Set these columns to the values of the one row in `:rows`."""
    given = recordset("given", (column for column in results.STORED if column.name in names))
    values = {column.name: column for column in given.c}
    # Never back, though this transaction may have begun before the last correction was stored.
    latest = sa.func.greatest(sa.func.now(), session_results.c.updated_at)
    update = (
        session_results.update()
        .where(_is_it)
        .values(**values, updated_at=latest, version=versions.CURRENT)
    )
    return update.returning(*results.COLUMNS)


def delete(
    learner_id: str,
    session_result_id: str,
    *,
    is_expected: Callable[[int], bool] | None = None,
    now: datetime,
) -> None:
    """Delete a session result permanently; to repeat it is no error.

    Raises SessionNotFound, and ChangedMeanwhile where it has a version that is not expected.
    """
    parameters = {
        "user_id": learner_id,
        "session_result_id": session_result_id,
        "changed": session_result_id,
        "now": now,
    }

    def work(transaction: Transaction) -> bool:
        stored = transaction.run(_VERSION, parameters) if is_expected else ()
        if is_expected and stored and not is_expected(stored[0].version):
            raise ChangedMeanwhile
        for statement in (*registry().invalidation(), _RAISE_IF_STORED, _ADD_TOMBSTONE):
            transaction.defer(statement, parameters)
        events.record_removal(transaction, learner_id, _SHOW, parameters)
        transaction.defer(_DELETE, parameters)
        return bool(transaction.finish(_IS_DELETED, parameters)[0].deleted)

    if not run_transaction(work, learner_id=learner_id):
        raise SessionNotFound
