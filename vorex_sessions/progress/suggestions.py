"""Pure: the learner's recent sessions -> the suggestions of the warm-up."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from vorex_sessions.periods import ONE_DAY
from vorex_sessions.progress.figures import most_common
from vorex_sessions.turns import in_turns

WEEK = timedelta(days=7)
MOST_AREAS = 5
# The members of the last session's summary, in order.
SUMMARY = (
    "session_result_id",
    "session_type",
    "duration_seconds",
    "pronunciation_score",
    "fluency_score",
    "grammar_score",
    "areas_to_improve",
    "completed_at",
    "created_at",
)


def window(recent: Sequence[Any], today: date) -> tuple[list[Any], date, date]:
    """The sessions of the 7 days to use, with first and last day; `recent`: newest first."""
    end = today
    if recent and not _since(recent, end - WEEK + ONE_DAY):
        end = recent[0].practiced_on
    start = end - WEEK + ONE_DAY
    return _since(recent, start), start, end


def suggestions(sessions: Sequence[Any], summary: Any, start: date, end: date) -> dict[str, Any]:
    """Focus areas and the last session; `sessions`, `start` and `end` are from `window`."""
    return {
        "focus_areas": focus_areas(sessions),
        "last_session_summary": summary,
        "based_on": {"from": start, "to": end, "sessions": len(sessions)},
    }


def _since(sessions: Sequence[Any], start: date) -> list[Any]:
    return [session for session in sessions if session.practiced_on >= start]


def focus_areas(sessions: Sequence[Any]) -> list[str]:
    """The most frequent areas to improve, ties by name."""
    spellings = Counter(area for session in in_turns(sessions) for area in session.areas_to_improve)
    return [name for name, _ in most_common(spellings, MOST_AREAS)]
