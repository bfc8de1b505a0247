"""What to warm up with: the learner's weak areas and rarely met words of the last week."""

from datetime import UTC, datetime
from typing import Any

from vorex_sessions.extensions import ask
from vorex_sessions.periods import earliest_instant
from vorex_sessions.progress.questions import RECENT
from vorex_sessions.progress.suggestions import WEEK, suggestions


def warmup(learner_id: str, *, zone_name: str | None = None, now: datetime) -> dict[str, Any]:
    """Focus areas, words to review and the last session, from the learner's last 7 days.

    After a break, the 7 days are those that end with the last session.
    """
    since = earliest_instant(now.astimezone(UTC).date() - WEEK)
    recent = ask(RECENT, {"user_id": learner_id, "since": since})
    return suggestions(recent, zone_name=zone_name, now=now)
