"""Takes a file back: first what decides on sessions and how they count, then the sessions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction, as_rows, run, run_transaction
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.registry import registry
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.problems.kinds import Conflict, Gone, Problem
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions import results
from vorex_sessions.sessions.restoring import restore
from vorex_sessions.turns import in_turns

Item = Mapping[str, Any] | Problem  # a valid row, or why it is none
Answer = str | Problem  # `created`, `replayed`, or why not
_DELETED = "deleted_sessions"
_TIMEOUT = 10  # seconds for thousands of rows


@dataclass(frozen=True)
class Valid:
    """What a file holds, with the problem of each row that breaks a rule."""

    sessions: Iterable[Item]  # made as they are asked for
    members: Mapping[str, Sequence[Item]]


@dataclass(frozen=True)
class Taken:
    """What became of each row."""

    sessions: Sequence[Answer]
    members: Mapping[str, Sequence[Answer]]


def take_back(learner_id: str, file: Valid, *, now: datetime, dry_run: bool = False) -> Taken:
    """Store what the learner does not have. A `dry_run` stores nothing and returns the same."""
    members = {
        one.member: _checked(one, file.members.get(one.member, ()), now)
        for one in registry().taken_back
    }

    def look_up(transaction: Transaction | None) -> dict[str, list[Answer]]:
        found = {
            one.member: _answers(learner_id, one, members[one.member], transaction)
            for one in registry().taken_back
        }
        if transaction:
            _add(transaction, learner_id, members, found)
        return found

    if not any(members.values()):
        answers: dict[str, list[Answer]] = {name: [] for name in members}
    elif dry_run:
        answers = look_up(None)
    else:
        answers = run_transaction(look_up, learner_id=learner_id, timeout=_TIMEOUT)
    sessions = _without_deleted(file.sessions, members[_DELETED], answers[_DELETED])
    return Taken(restore(learner_id, sessions, now=now, dry_run=dry_run), answers)


def _checked(one: TakenBack, items: Sequence[Item], now: datetime) -> list[Item]:
    """The rows, in UTC; a problem for one with a time that is still to come."""
    return [
        item if isinstance(item, Problem) else _in_utc(item, f"#/{one.member}/{index}", now)
        for index, item in enumerate(in_turns(items))
    ]


def _in_utc(row: Mapping[str, Any], start: str, now: datetime) -> Item:
    times = {name: value for name, value in row.items() if isinstance(value, datetime)}
    rule = ["must be between 2000-01-01 and the server's time"]
    late = {
        name: rule
        for name, time in times.items()
        if not results.EARLIEST <= time <= now + results.AHEAD
    }
    if late:
        return validation_problem(late, start=start)
    # PostgreSQL takes no offset of 16 hours or more.
    return {**row, **{name: time.astimezone(UTC) for name, time in times.items()}}


@lru_cache(maxsize=16)
def _statements(one: TakenBack) -> tuple[sa.Select[Any], sa.Executable]:
    return one.find(), one.add()


def _answers(
    learner_id: str, one: TakenBack, items: Sequence[Item], transaction: Transaction | None
) -> list[Answer]:
    """What becomes of each row of a member."""
    rows = {place: item for place, item in enumerate(items) if isinstance(item, Mapping)}
    if not rows:
        return [item for item in items if isinstance(item, Problem)]
    find, _ = _statements(one)
    given = as_rows({**row, "place": place} for place, row in rows.items())
    parameters = {"user_id": learner_id, "rows": given}
    found = transaction.run(find, parameters) if transaction else run(find, parameters)
    reasons = {row.place: _reason(row) for row in found}
    answers: list[Answer] = []
    first: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for place, item in enumerate(items):
        if isinstance(item, Problem):
            answers.append(item)
            continue
        key = tuple(item[name] for name in one.key)
        earlier = first.setdefault(key, item)
        if reasons[place] == "created" and earlier is not item:
            is_same = all(earlier[name] == item[name] for name in one.compared)
            answers.append("replayed" if is_same else _other())
        else:
            answers.append(reasons[place])
    return answers


def _reason(row: Any) -> Answer:
    if row.stored:
        return "replayed" if row.same else _other()
    if row.gone:
        return Gone("This was erased, or its learner's account is closed.")
    return (
        _other("This session is stored here, so it was not deleted.") if row.blocked else "created"
    )


def _other(detail: str = "Something else is stored for this; it stays as it is.") -> Conflict:
    return Conflict(detail)


def _add(
    transaction: Transaction,
    learner_id: str,
    members: Mapping[str, Sequence[Item]],
    answers: Mapping[str, Sequence[Answer]],
) -> None:
    """Insert what is new."""
    parameters = {"user_id": learner_id}
    is_new = False
    for one in registry().taken_back:
        pairs = zip(members[one.member], answers[one.member], strict=True)
        if new := [item for item, answer in pairs if answer == "created"]:
            if not is_new:
                transaction.defer(versions.RAISE, parameters)
            is_new = True
            _, add = _statements(one)
            transaction.defer(add, {**parameters, "rows": as_rows(new)})
            for statement in one.after():
                transaction.defer(statement, parameters)


def _without_deleted(
    sessions: Iterable[Item], deleted: Sequence[Item], answers: Sequence[Answer]
) -> Iterator[Item]:
    """The sessions; a problem instead of one that the same file says was deleted."""
    gone = {
        item["session_result_id"]
        for item, answer in zip(deleted, answers, strict=True)
        if isinstance(item, Mapping) and isinstance(answer, str)
    }
    for item in sessions:
        if isinstance(item, Mapping) and item["session_result_id"] in gone:
            yield Gone("This session was deleted; it cannot be saved again.")
        else:
            yield item
