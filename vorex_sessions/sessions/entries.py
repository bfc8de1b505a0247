"""Session results to save, and what became of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from vorex_sessions import metrics
from vorex_sessions.problems.kinds import Conflict, KeyReused, Problem
from vorex_sessions.sessions import results
from vorex_sessions.sessions.fingerprint import fingerprint


@dataclass(frozen=True)
class Entry:
    """A session result to save: its columns, and the problem if other content has its id.

    With a `refusal` it is not stored, but may be a replay of a session from before the rule that it breaks.
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


def counted(outcomes: list[Outcome | Problem]) -> list[Outcome | Problem]:
    """The outcomes of a save, as the metrics have counted them."""
    for outcome in outcomes:
        stored = isinstance(outcome, Outcome) and ("created" if outcome.created else "replayed")
        metrics.SAVES.labels(stored or "rejected").inc()
    return outcomes


def entry_of(
    body: Mapping[str, Any], derived_id: UUID | str | None, now: datetime, start: str = "#"
) -> Entry:
    """The entry to store. A `session_result_id` has priority over a derived id. Raises Invalid.

    A rule that a stored session need not have met does not refuse the entry yet, which may repeat a session
    from before the rule.
    """
    body = dict(body)
    client_id = body.pop("session_result_id", None)
    digest = fingerprint(body, results.defaults())
    row = {
        **results.completed(body, now, start),
        "session_result_id": str(client_id or derived_id or uuid4()),
        "fingerprint": rf"\x{digest.hex()}",
    }
    refusal = results.later_problem(row, start)
    if refusal and not (client_id or derived_id):
        raise refusal
    return Entry(row, digest, KeyReused if derived_id and not client_id else Conflict, refusal)


def first_of_each(entries: Sequence[Entry]) -> dict[str, Entry]:
    """The first entry with each id; one that may be stored comes before one that may not."""
    first = {entry.id: entry for entry in reversed(entries)}
    return first | {entry.id: entry for entry in reversed(entries) if not entry.refusal}


def outcomes_of(
    entries: Sequence[Entry],
    first: Mapping[str, Entry],
    resolved: Mapping[str, Outcome | Problem],
) -> list[Outcome | Problem]:
    """The outcome of each entry, in order, by what became of the first one with its id."""
    return [_outcome(entry, resolved[entry.id], entry is first[entry.id]) for entry in entries]


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
