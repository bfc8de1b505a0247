"""Idempotent saves: one statement stores what is new, a second one finds out why the rest was not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from vorex_sessions.database import (
    NO_NESTED_LOOPS,
    Bound,
    Transaction,
    as_rows,
    run_transaction,
)
from vorex_sessions.database.timeouts import LARGE_SAVE_TIMEOUT, QUERY_TIMEOUT
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks import events, versions
from vorex_sessions.hooks.projections import (
    MARK_STALE,
    AnswerExtras,
    Projection,
    SaveEvent,
)
from vorex_sessions.hooks.registry import registry
from vorex_sessions.hooks.save_removals import SaveRemoval, follow_up, remove
from vorex_sessions.problems.kinds import Problem, Unavailable
from vorex_sessions.sessions import results
from vorex_sessions.sessions.entries import Entry, Outcome, first_of_each, outcomes_of
from vorex_sessions.sessions.finding import find
from vorex_sessions.sessions.storing import Kind, insertion, save_statement
from vorex_sessions.turns import in_turns


class NotAnyMore(Exception):
    """What a save was to depend on does not hold; nothing was stored."""


_ATTEMPTS = 3
# Words and labels in all from which on a save is large: what may follow does, and it has more time. A phone
# that was offline for weeks sends less.
_LARGE = 4000


def save_all(
    learner_id: str,
    entries: Sequence[Entry],
    *,
    now: datetime,
    restored: bool = False,
    is_large: bool = False,
    only_if: Bound | None = None,
) -> list[Outcome | Problem]:
    """Store what is new, all or nothing; returns the outcome of each entry, in order.

    What is `restored` keeps its times, and its outcomes have no extras of replays. What `is_large`, or has
    many words, is derived from by the next query where that may follow. Raises NotAnyMore where the query
    `only_if` has no row, behind the learner's lock.
    """
    is_large = is_large or sum(size(entry.row) for entry in entries) > _LARGE
    first = first_of_each(entries)
    resolved: dict[str, Outcome | Problem] = {}
    for _ in range(_ATTEMPTS):
        if allowed := [one for one in _unresolved(first, resolved) if not one.refusal]:
            resolved |= _store(learner_id, allowed, now, restored, is_large, only_if)
        if unresolved := _unresolved(first, resolved):
            resolved |= find(learner_id, unresolved)
        if not _unresolved(first, resolved):
            outcomes = outcomes_of(entries, first, resolved)
            return outcomes if restored else _with_replays(learner_id, outcomes, resolved, now)
    raise Unavailable  # each time, another request stored and removed a session between our statements


def would_save(learner_id: str, entries: Sequence[Entry]) -> list[Outcome | Problem]:
    """What `save_all` would return, without the extras; stores nothing."""
    first = first_of_each(entries)
    found = find(learner_id, list(first.values()))
    new = {
        name: Outcome(dict(entry.row), entry.fingerprint, created=True)
        for name, entry in first.items()
    }
    return outcomes_of(entries, first, new | found)


def _unresolved(first: Mapping[str, Entry], resolved: Mapping[str, object]) -> list[Entry]:
    return [entry for name, entry in first.items() if name not in resolved]


def _store(
    learner_id: str,
    entries: Sequence[Entry],
    now: datetime,
    restored: bool,
    is_large: bool,
    only_if: Bound | None,
) -> dict[str, Outcome]:
    """Store what is new, and run the projections, in one transaction."""
    by_id = {entry.id: entry for entry in entries}
    parameters = {"user_id": learner_id, "rows": as_rows(entry.row for entry in entries)}
    applying = tuple(
        projection
        for projection in registry().projections
        if any(projection.applies_to(entry.row) for entry in entries)
    )
    projections = tuple(one for one in applying if not (is_large and one.may_follow))
    for projection in projections:
        parameters |= projection.context_parameters([entry.row for entry in entries])
    is_distributed, removals = setting("DB_DISTRIBUTED"), registry().save_removals
    kind = Kind(
        is_batch=len(entries) > 1,
        is_large=is_large,
        keeps_times=restored,
        is_distributed=is_distributed,
    )
    statement = save_statement(projections, kind, removals)

    def work(
        transaction: Transaction,
    ) -> tuple[Sequence[Any], AnswerExtras, Sequence[SaveRemoval]]:
        if is_large:
            transaction.defer(NO_NESTED_LOOPS, {})
        if only_if and not transaction.run(*only_if):
            raise NotAnyMore
        rows = transaction.run(statement, parameters)
        if not rows:
            return rows, {}, ()
        transaction.defer(versions.RAISE, {"user_id": learner_id})
        event = SaveEvent(transaction, learner_id, rows, now)
        if is_distributed:
            new = [by_id[str(row.session_result_id)].row for row in rows]
            all_new = parameters if len(new) == len(by_id) else {**parameters, "rows": as_rows(new)}
            transaction.defer(insertion(keeps_times=restored), all_new)
            for projection in projections:
                projection.defer_insert(event, is_large=is_large)
        events.record(transaction, learner_id, _saved(rows, restored))
        extras, removed = _follow(event, projections)
        if projections != applying:
            transaction.defer(MARK_STALE, {"user_id": learner_id})
        return rows, extras, removed

    timeout = LARGE_SAVE_TIMEOUT if is_large else QUERY_TIMEOUT
    rows, extras, removed = run_transaction(work, learner_id=learner_id, timeout=timeout)
    follow_up(removed, learner_id, extras)
    stored = {one["session_result_id"]: one for one in map(results.as_json, in_turns(rows))}
    return {
        name: Outcome(session, by_id[name].fingerprint, created=True, extras=extras[name])
        for name, session in stored.items()
    }


def _saved(rows: Iterable[Any], restored: bool) -> Iterator[events.Happened]:
    """The events of stored rows; what an import brings may be years old."""
    data = {"imported": True} if restored else None
    for row in rows:
        yield events.Happened(events.SAVED, str(row.session_result_id), row.version, data)


def _follow(
    event: SaveEvent, projections: Sequence[Projection]
) -> tuple[AnswerExtras, Sequence[SaveRemoval]]:
    """Do what follows from the rows that were stored; returns what the answers tell, and what ends."""
    extras: AnswerExtras = {str(row.session_result_id): {} for row in event.saved_rows}
    values = event.saved_rows[0][len(results.COLUMNS) :]
    event.derived_version, event.is_first, *values = values
    contexts, are_due = values[: len(projections)], values[len(projections) :]
    removed = remove(event, registry().save_removals, are_due)
    for projection, context in zip(projections, contexts, strict=True):
        _merge(extras, projection.on_save(event, context))
    return extras, removed


def size(row: Mapping[str, Any]) -> int:
    """How many words and labels a session has to derive from."""
    return (
        len(row["vocabulary_learned"])
        + len(row["vocabulary_results"])
        + len(row["areas_to_improve"])
    )


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
