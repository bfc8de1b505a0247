"""Pure: which session unlocks which achievement, and achievements as the API shows them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple

from vorex_sessions.growth.catalogue import CATALOGUE, MEASURES, Achievement
from vorex_sessions.growth.totals import Session, Totals, in_order
from vorex_sessions.periods import stamp

_ALMOST = 0.9999  # the most that is shown of what is not reached, however it is rounded


class Unlock(NamedTuple):
    """An achievement, and the session that unlocked it."""

    achievement: str
    unlocked_at: datetime
    session_result_id: str


def missing(totals: Totals, achievements: Iterable[Achievement] = CATALOGUE) -> list[Achievement]:
    """The achievements that are not reached yet."""
    values = {measure: getattr(totals, measure) for measure in MEASURES}
    return [item for item in achievements if values[item.measure] < item.threshold]


def accumulate(
    sessions: Iterable[Session],
    shortest_day: int,
    *,
    before: Totals | None = None,
    known_words: Collection[str] = (),
) -> tuple[Totals, list[Unlock]]:
    """The totals of `before` and the sessions together, and the unlocks on the way, in order."""
    totals = copy(before) if before else Totals()
    words = set(known_words)
    pending = missing(totals)
    unlocks = []
    for session in in_order(sessions):
        totals.add(session, words, shortest_day)
        remaining = missing(totals, pending)
        if len(remaining) < len(pending):
            unlocks += [_unlock(item, session) for item in pending if item not in remaining]
            pending = remaining
    return totals, unlocks


def _unlock(achievement: Achievement, session: Session) -> Unlock:
    return Unlock(achievement.key, session.completed_at, str(session.session_result_id))


def late_unlocks(
    sessions: Sequence[Session], unlocks: Iterable[Unlock], before: Totals
) -> list[Unlock]:
    """Those of the `unlocks` of all sessions that are new with `sessions`, which were saved late.

    By the calendar, an unlock may belong to a session of a later day that was saved long ago, as where the
    late ones close a gap in a streak. It then goes to the last of `sessions`.
    """
    saved_ids = {str(session.session_result_id) for session in sessions}
    open_keys = {item.key for item in missing(before)}
    last = in_order(sessions)[-1]
    return [
        unlock
        if unlock.session_result_id in saved_ids
        else Unlock(unlock.achievement, last.completed_at, str(last.session_result_id))
        for unlock in unlocks
        if unlock.achievement in open_keys
    ]


def shown(
    achievement: Achievement, totals: Totals, unlock: Mapping[str, Any] | None
) -> dict[str, Any]:
    """An achievement as the API shows it. An unlocked one is complete, whatever was deleted since."""
    value: float = getattr(totals, achievement.measure)
    reached = round(min(value / achievement.threshold, 1.0), 4)
    if value < achievement.threshold:
        reached = min(reached, _ALMOST)
    shown = achievement._asdict()
    del shown["measure"]
    return shown | {
        "value": value,
        "progress": 1.0 if unlock else reached,
        "unlocked_at": stamp(unlock["unlocked_at"]) if unlock else None,
        "session_result_id": unlock["session_result_id"] if unlock else None,
    }
