"""What to warm up with: the learner's weak areas and rarely met words of the last week."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from vorex_sessions.extensions import Row, ask
from vorex_sessions.periods import ONE_DAY, day_of, earliest_instant, stamp
from vorex_sessions.progress.figures import most_common
from vorex_sessions.progress.questions import RECENT

WEEK = timedelta(days=7)
MOST_AREAS, MOST_WORDS = 5, 10
_SUMMARY = (
    "session_result_id",
    "session_type",
    "duration_seconds",
    "pronunciation_score",
    "fluency_score",
    "grammar_score",
    "areas_to_improve",
)


def warmup(learner_id: str, *, zone_name: str | None = None, now: datetime) -> dict[str, Any]:
    """Focus areas, words to review and the last session, from the learner's last 7 days.

    After a break, the 7 days are those that end with the last session.
    """
    since = earliest_instant(now.astimezone(UTC).date() - WEEK)
    recent = ask(RECENT, {"user_id": learner_id, "since": since})
    last = recent[0] if recent else None
    end = day_of(now, zone_name or (last.timezone if last else "UTC"))
    if last and not _since(recent, end - WEEK + ONE_DAY):
        end = last.practiced_on
    start = end - WEEK + ONE_DAY
    sessions = _since(recent, start)
    return {
        "focus_areas": focus_areas(sessions),
        "vocabulary_review": rarely_met(sessions),
        "last_session_summary": last and _summary(last),
        "based_on": {"from": start, "to": end, "sessions": len(sessions)},
    }


def _since(sessions: Sequence[Row], start: date) -> list[Row]:
    return [session for session in sessions if session.practiced_on >= start]


def _summary(session: Row) -> dict[str, Any]:
    return {
        **{name: session._mapping[name] for name in _SUMMARY},
        "completed_at": stamp(session.completed_at),
        "created_at": stamp(session.created_at),
    }


def focus_areas(sessions: Sequence[Any]) -> list[str]:
    """The areas that most sessions name, ties by name."""
    spellings = Counter(area for session in sessions for area in session.areas_to_improve)
    return [name for name, _ in most_common(spellings, MOST_AREAS)]


def rarely_met(sessions: Sequence[Any]) -> list[str]:
    """The words that were met least often; ties: longest ago first, then by name."""
    times: Counter[str] = Counter()
    last_met: dict[str, datetime] = {}
    for session in sessions:
        for word in session.vocabulary_learned:
            times[word] += 1
            last_met[word] = max(session.completed_at, last_met.get(word, session.completed_at))
    return sorted(times, key=lambda word: (times[word], last_met[word], word))[:MOST_WORDS]
