"""What to warm up with: the learner's weak areas and rarely met words of the last week, and more."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vorex_sessions.learner_data import DERIVED_BY, VERSION
from vorex_sessions.periods import day_of, earliest_instant, todays
from vorex_sessions.plans import planned_once
from vorex_sessions.progress import charge
from vorex_sessions.progress.questions import RECENT
from vorex_sessions.progress.suggestions import WEEK, suggestions, window
from vorex_sessions.sessions.deriving import asked


@lru_cache(maxsize=1)
def _statement() -> sa.Select[Any]:
    """The recent sessions; the first has beside it what the suggestions of other capabilities go by."""
    recent = RECENT.cte("recent")
    newest = (recent.c.completed_at.desc(), recent.c.session_result_id.desc())
    first = sa.func.row_number().over(order_by=newest) == 1
    besides = [DERIVED_BY, *(f"({one.beside})" for one in charge.SUGGESTIONS)]
    columns = [
        sa.case((first, _expression(text))).label(f"beside_{place}")
        for place, text in enumerate(besides)
    ]
    return planned_once(sa.select(recent, *columns).order_by(*newest))


def _expression(text: str) -> Any:
    """A sub-select in SQL, its binds included, as an expression."""
    return sa.type_coerce(sa.text(text), sa.JSON)


def warmup(learner_id: str, *, zone_name: str | None = None, now: datetime) -> dict[str, Any]:
    """Focus areas, words to review and the last session, from the learner's last 7 days.

    After a break, the 7 days are those that end with the last session.
    """
    recent = asked(
        _statement(),
        {
            "user_id": learner_id,
            "since": earliest_instant(now.astimezone(UTC).date() - WEEK),
            "days": todays(now),
        },
        lambda row: row.beside_0 == VERSION,
    )
    today = day_of(now, zone_name or (recent[0].timezone if recent else "UTC"))
    sessions, start, end = window(recent, today)
    answer = suggestions(recent, sessions, start, end)
    for place, suggestion in enumerate(charge.SUGGESTIONS, 1):
        beside = getattr(recent[0], f"beside_{place}") if recent else None
        answer |= suggestion.suggest(sessions, beside, today)
    return answer
