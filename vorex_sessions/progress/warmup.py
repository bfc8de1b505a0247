"""The warm-up: the learner's weak areas and rarely met words of the last week, and more."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.freshness import today_of
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.hooks.projections import DERIVED_VERSION, VERSION
from vorex_sessions.hooks.rebuild import run_current
from vorex_sessions.hooks.registry import registry
from vorex_sessions.hooks.warmup_sections import WarmupSection
from vorex_sessions.periods import earliest_instant, todays
from vorex_sessions.progress.recent import LATEST, RECENT_QUERY
from vorex_sessions.progress.suggestions import WEEK, suggestions, window


@lru_cache(maxsize=16)
def _statement(sections: tuple[WarmupSection, ...]) -> sa.Select[Any]:
    """The recent sessions; the first row has the context of each section as well.

    Each row has zone and language of the latest session, and the hour at which a day starts; without a recent
    session a single row has just these.
    """
    recent = RECENT_QUERY.cte("recent")
    newest_first = (recent.c.completed_at.desc(), recent.c.session_result_id.desc())
    number = sa.func.row_number().over(order_by=newest_first)
    is_first = sa.and_(number == sa.literal_column("1"), recent.c.session_result_id.is_not(None))
    contexts = [
        sa.case((is_first, section.context(recent))).label(f"context_{place}")
        for place, section in enumerate(sections)
    ]
    version = sa.case((is_first, DERIVED_VERSION)).label("derived_version")
    head = sa.select(DAY_STARTS_AT.label("day_starts_at")).subquery("head")
    latest = (LATEST.c.timezone.label("zone_name"), LATEST.c.language.label("latest_language"))
    statement = sa.select(recent, *latest, head.c.day_starts_at, version, *contexts)
    joined = head.outerjoin(LATEST, sa.true()).outerjoin(recent, sa.true())
    return prepared(statement.select_from(joined).order_by(*newest_first))


def warmup(
    learner_id: str, *, zone_name: str | None = None, language: str | None = None, now: datetime
) -> dict[str, Any]:
    """Focus areas, words to review and the last session, from the learner's last 7 days with a language.

    By default the language of the latest session. After a break, the 7 days are those that end with the last
    session.
    """
    sections = registry().warmup_sections
    rows = run_current(
        _statement(sections),
        {
            "user_id": learner_id,
            "since": earliest_instant(now.astimezone(UTC).date() - WEEK),
            "days": todays(now),
            "language": language,
        },
        lambda row: row.session_result_id is None or row.derived_version == VERSION,
    )
    recent = [row for row in rows if row.session_result_id]
    first = rows[0]
    today = today_of(now, zone_name or first.zone_name or "UTC", first.day_starts_at)
    sessions, start, end = window(recent, today)
    language = language or first.latest_language or setting("DEFAULT_LANGUAGE")
    answer = {"language": language, **suggestions(recent, sessions, start, end)}
    for place, section in enumerate(sections):
        context = getattr(recent[0], f"context_{place}") if recent else None
        answer |= section.members(sessions, context, today)
    return answer
