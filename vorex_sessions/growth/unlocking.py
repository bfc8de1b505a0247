"""Pure: which session unlocks which achievement, and achievements as the API shows them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from copy import copy
from datetime import date, datetime
from typing import Any, NamedTuple

from vorex_sessions.growth.catalogue import CATALOGUE, MEASURES, Achievement
from vorex_sessions.growth.totals import Session, Totals, in_order
from vorex_sessions.growth.words import Words, words_of
from vorex_sessions.periods import stamp
from vorex_sessions.preferences.history import NOTHING_SET, History
from vorex_sessions.turns import in_turns

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
    known_words: Words | None = None,
    days: Mapping[date, int] | None = None,
    history: History = NOTHING_SET,
) -> tuple[Totals, list[Unlock]]:
    """The totals of `before` and the sessions together, and the unlocks on the way, in order.

    They are those of saving one session after the other in the order of their days. `known_words` and `days`,
    the seconds of each, are those of `before`; without `days` no session may be of a day before its last one.
    `history` is what the learner has set.
    """
    words = {language: set(known) for language, known in (known_words or {}).items()}

    def new_words(session: Session) -> int:
        known = words.setdefault(session.language, set())
        count = len(known)
        known.update(words_of(session))
        return len(known) - count

    ordered = in_order(sessions)
    counted = zip(ordered, map(new_words, ordered), strict=True)
    return add_up(counted, shortest_day, before=before, days=days, history=history)


def accumulate_all(
    sessions: Iterable[Session], shortest_day: int, history: History = NOTHING_SET
) -> tuple[Totals, list[Unlock]]:
    """The same for all sessions, as history.py reads them: in order, with the number of new words."""
    counted = ((session, session.new_words) for session in sessions)
    return add_up(counted, shortest_day, history=history)


def add_up(
    counted: Iterable[tuple[Session, int]],
    shortest_day: int,
    *,
    before: Totals | None = None,
    days: Mapping[date, int] | None = None,
    history: History = NOTHING_SET,
) -> tuple[Totals, list[Unlock]]:
    """The same for sessions in order, each with its number of new words."""
    totals, seconds = copy(before) if before else Totals(), Counter(days or {})
    locked, unlocks = list(CATALOGUE), []
    pending = [*missing(totals), *_set_late(totals, history)]
    for session, new_words in in_turns(counted):
        totals.add(session, new_words, seconds, shortest_day, history)
        before_it, pending = pending, missing(totals, locked)
        if pending != before_it:  # a break that a late session closes is pending again
            new = [item for item in before_it if item not in pending]
            unlocks += [unlock(item, session) for item in new]
            locked = [item for item in locked if item not in new]
    return totals, unlocks


def _set_late(totals: Totals, history: History) -> list[Achievement]:
    """What the last day may have reached by a goal that was set after its practice.

    Setting a goal unlocks nothing, so the next session does. What is unlocked already stays as it is.
    """
    last = totals.last_day
    if last is None or history.on(last).set_on != last:
        return []
    goals = (item for item in CATALOGUE if item.category == "goals")
    return [item for item in goals if getattr(totals, item.measure) == item.threshold]


def reached(before: Totals, after: Totals, session: Session) -> list[Unlock]:
    """The unlocks of a session that has made `after` of `before`."""
    still_missing = missing(after)
    return [unlock(item, session) for item in missing(before) if item not in still_missing]


def unlock(achievement: Achievement, session: Session) -> Unlock:
    """The unlock of an achievement by a session."""
    return Unlock(achievement.key, session.completed_at, str(session.session_result_id))


def shown(
    achievement: Achievement, totals: Totals, unlocked: Mapping[str, Any] | None
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
        "progress": 1.0 if unlocked else reached,
        "unlocked_at": stamp(unlocked["unlocked_at"]) if unlocked else None,
        "session_result_id": unlocked["session_result_id"] if unlocked else None,
    }
