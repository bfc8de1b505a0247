"""The figures that a learner can share: what the endpoints of other capabilities answer."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from vorex_sessions.growth.service import list_achievements, show_streak
from vorex_sessions.hooks.rebuild import in_current_snapshot
from vorex_sessions.progress.stats import stats
from vorex_sessions.recall.service import list_words

Ask = Callable[[str], Mapping[str, Any]]
_FIND: Mapping[str, Callable[[Ask], int]] = {
    "streak_days": lambda ask: ask("streak")["current"],
    "longest_streak_days": lambda ask: ask("streak")["longest"],
    "sessions": lambda ask: ask("stats")["total_sessions"],
    "practice_minutes": lambda ask: ask("stats")["total_duration"] // 60,
    "words_spoken": lambda ask: ask("stats")["total_words_spoken"],
    "words_met": lambda ask: ask("vocabulary")["total"],
    "achievements": lambda ask: ask("achievements")["unlocked"],
}
FIGURES = tuple(_FIND)


def read(learner_id: str, names: Sequence[str], *, now: datetime) -> list[dict[str, Any]]:
    """The figures with their values, all of one moment."""
    answers: Mapping[str, Callable[[], Mapping[str, Any]]] = {
        "streak": lambda: show_streak(learner_id, now=now),
        "stats": lambda: stats(learner_id, period="all", now=now),
        "vocabulary": lambda: list_words(learner_id, limit=1, now=now),
        "achievements": lambda: list_achievements(learner_id),
    }

    def find() -> list[dict[str, Any]]:
        ask = cache(lambda name: answers[name]())
        return [{"name": name, "value": _FIND[name](ask)} for name in names]

    return in_current_snapshot(learner_id, find)
