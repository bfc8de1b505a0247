"""Taking session results back, as an export has them: by id, with their days and times, safe to repeat."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timezone
from typing import Any

from vorex_sessions import metrics
from vorex_sessions.periods import ONE_DAY, day_of, stamp, zone
from vorex_sessions.problems.kinds import Problem
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions import results
from vorex_sessions.sessions.entries import Entry, Outcome, entry_of
from vorex_sessions.sessions.saving import save_all, size, would_save
from vorex_sessions.turns import in_turns

# What is stored in one transaction: the learner's lock is free in between, and no other waits long for it.
_PORTION = 200  # sessions
_MANY = 100  # sessions; a batch has no more
_WORDS = 20_000  # words and labels in them
_SET_BEFORE = ("user_id", "practiced_on", "created_at", "updated_at", "version")


def restore(
    learner_id: str,
    items: Iterable[Mapping[str, Any] | Problem],
    *,
    now: datetime,
    dry_run: bool = False,
) -> list[str | Problem]:
    """Take the valid items back; returns for each, in order, `created`, `replayed` or its problem.

    The oldest are stored first, so that each achievement belongs to the session that reached it. What is
    derived from many and may follow is left to the next query, which derives it once. A `dry_run` stores
    nothing and returns the same.
    """
    answers: list[str | Problem] = []
    entries: dict[int, Entry] = {}
    for index, item in enumerate(in_turns(items)):
        try:
            if isinstance(item, Problem):
                raise item
            entries[index] = restored_entry(learner_id, item, now, f"#/sessions/{index}")
            answers.append("")
        except Problem as problem:
            answers.append(problem)
    many = len(entries) > _MANY
    for portion in _portions(entries):
        given = [entries[index] for index in portion]
        if dry_run:
            outcomes = would_save(learner_id, given)
        else:
            outcomes = save_all(learner_id, given, now=now, restored=True, is_large=many)
        for index, outcome in zip(portion, outcomes, strict=True):
            answers[index] = _answer(outcome)
    if not dry_run:
        for answer in answers:
            metrics.SAVES.labels(answer if isinstance(answer, str) else "rejected").inc()
    return answers


def _answer(outcome: Outcome | Problem) -> str | Problem:
    if isinstance(outcome, Problem):
        return outcome
    return "created" if outcome.created else "replayed"


def _portions(entries: Mapping[int, Entry]) -> Iterator[list[int]]:
    """The indexes of the entries in portions, by day and time; those with the same id are in one."""
    by_id: dict[str, list[int]] = {}
    for index, entry in in_turns(entries.items()):
        by_id.setdefault(entry.id, []).append(index)

    def order(indexes: list[int]) -> tuple[Any, ...]:
        row = entries[indexes[0]].row
        return (row["practiced_on"], row["completed_at"], row["session_result_id"])

    portion: list[int] = []
    ids = words = 0
    for indexes in in_turns(sorted(by_id.values(), key=order)):
        portion += indexes
        ids += 1
        words += sum(size(entries[index].row) for index in indexes)
        if ids >= _PORTION or words > _WORDS:
            yield portion
            portion, ids, words = [], 0, 0
    if portion:
        yield portion


def restored_entry(
    learner_id: str, item: Mapping[str, Any], now: datetime, start: str = "#"
) -> Entry:
    """The entry of a session result as an export has it. Raises Invalid."""
    content = {name: value for name, value in item.items() if name not in _SET_BEFORE}
    completed_at = content["completed_at"]
    results.check_instant(completed_at, now, start)
    zone_name = content.get("timezone") or results.default_zone(content)
    if isinstance(fixed := zone(zone_name), timezone):
        # A save has most likely had this offset in `completed_at`, and no `timezone`: so will its replay.
        content["completed_at"] = completed_at.astimezone(fixed)
    if errors := _errors(learner_id, item, zone_name, now):
        raise validation_problem(errors, start=start)
    entry = entry_of(content, None, now, start)
    row = {**entry.row, **_times(item)}
    if practiced_on := item.get("practiced_on"):
        row |= {"practiced_on": practiced_on, results.HOUR.name: 24}  # it is that day already
    return Entry(row, entry.fingerprint, entry.conflict, entry.refusal)


def _errors(
    learner_id: str, item: Mapping[str, Any], zone_name: str, now: datetime
) -> dict[str, list[str]]:
    errors = {}
    if item.get("user_id", learner_id) != learner_id:
        errors["user_id"] = ["must be your own id: another learner's session is not taken in"]
    completed_at, day = item["completed_at"], item.get("practiced_on")
    days = (day_of(completed_at, zone_name), completed_at.astimezone(UTC).date())
    if day and not all(abs(day - one) <= ONE_DAY for one in days):
        errors["practiced_on"] = ["must be within a day of completed_at"]
    for name in ("created_at", "updated_at"):
        if name in item and not results.EARLIEST <= item[name] <= now + results.AHEAD:
            errors[name] = [f"must be between 2000-01-01 and the server's time, {stamp(now)}"]
    return errors


def _times(item: Mapping[str, Any]) -> dict[str, datetime | None]:
    created_at = item.get("created_at")
    times = {"created_at": created_at, "updated_at": item.get("updated_at", created_at)}
    # PostgreSQL takes no offset of 16 hours or more.
    return {name: time and time.astimezone(UTC) for name, time in times.items()}
