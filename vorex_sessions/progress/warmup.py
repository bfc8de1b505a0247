"""The warm-up: the learner's weak areas and rarely met words of the last week, and more."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.database.documents import DOCUMENT, members_of
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.freshness import today_of
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.hooks.projections import DERIVED_VERSION, VERSION
from vorex_sessions.hooks.rebuild import run_current
from vorex_sessions.hooks.registry import registry
from vorex_sessions.hooks.warmup_sections import WarmupSection
from vorex_sessions.periods import earliest_instant, todays
from vorex_sessions.progress.recent import LATEST, RECENT_QUERY
from vorex_sessions.progress.suggestions import SUMMARY, WEEK, suggestions, window


@lru_cache(maxsize=16)
def _statement(sections: tuple[WarmupSection, ...]) -> sa.Select[Any]:
    """The recent sessions; the first row has what there is once, too.

    That is a summary of the latest of them, zone and language of the learner's latest session, the hour at
    which a day starts, and the contexts. Without a recent session there is one row, without a day.
    """
    recent = RECENT_QUERY.cte("recent")
    newest_first = (recent.c.completed_at.desc(), recent.c.session_result_id.desc())
    is_first = sa.func.row_number().over(order_by=newest_first) == sa.literal_column("1")
    is_latest = sa.and_(is_first, recent.c.session_result_id.is_not(None))
    head = sa.select(DAY_STARTS_AT.label("day_starts_at")).subquery("head")
    of_first = {"zone_name": LATEST.c.timezone, "latest_language": LATEST.c.language}
    of_first |= {"day_starts_at": head.c.day_starts_at}
    of_latest: dict[str, Any] = {"summary": DOCUMENT, "derived_version": DERIVED_VERSION}
    of_latest |= {f"context_{place}": one.context(recent) for place, one in enumerate(sections)}
    names = (
        "practiced_on",
        "areas_to_improve",
        *(name for one in sections for name in one.columns),
    )
    statement = sa.select(
        *(recent.c[name] for name in dict.fromkeys(names)),
        *(sa.case((is_first, value)).label(name) for name, value in of_first.items()),
        *(sa.case((is_latest, value)).label(name) for name, value in of_latest.items()),
    )
    joined = head.outerjoin(LATEST, sa.true()).outerjoin(recent, sa.true())
    joined = joined.join(members_of(recent, SUMMARY), sa.true())
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
        lambda row: row.practiced_on is None or row.derived_version == VERSION,
    )
    first = rows[0]
    recent = rows if first.practiced_on else []
    today = today_of(now, zone_name or first.zone_name or "UTC", first.day_starts_at)
    sessions, start, end = window(recent, today)
    language = language or first.latest_language or setting("DEFAULT_LANGUAGE")
    summary = orjson.Fragment(first.summary) if recent else None
    answer = {"language": language, **suggestions(sessions, summary, start, end)}
    for place, section in enumerate(sections):
        answer |= section.members(sessions, getattr(first, f"context_{place}"), today)
    return answer
