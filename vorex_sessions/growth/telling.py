"""What the answer to a save tells of achievements and the streak; queries of totals."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.flask_config import setting
from vorex_sessions.growth import store, unlocking
from vorex_sessions.growth.catalogue import BY_KEY
from vorex_sessions.growth.streaks import streak
from vorex_sessions.growth.totals import Totals
from vorex_sessions.hooks.projections import AnswerExtras, SaveEvent
from vorex_sessions.hooks.rebuild import run_current
from vorex_sessions.models import USER_ID, learner_achievements, session_results
from vorex_sessions.periods import day_of, earliest_instant
from vorex_sessions.preferences.history import History
from vorex_sessions.preferences.store import HISTORY

Run = Callable[[sa.Executable, Mapping[str, Any]], Sequence[Any]]


def told(
    event: SaveEvent, totals: Totals, added: Iterable[unlocking.Unlock], history: History
) -> AnswerExtras:
    """What the answer to a save tells."""
    ids = {str(session.session_result_id) for session in event.saved_rows}
    summary = current_streak(
        totals, event.learner_id, event.now, event.transaction.run, history=history
    )
    return extras(totals, [unlock._asdict() for unlock in added], ids, summary)


def extras(
    totals: Totals,
    unlocks: Sequence[Mapping[str, Any]],
    ids: Iterable[str],
    summary: Mapping[str, Any],
) -> AnswerExtras:
    """For each id the achievements that it unlocked, and the streak."""
    return {
        name: {"achievements_unlocked": shown, "streak": summary}
        for name, shown in unlocked(totals, unlocks, ids).items()
    }


def unlocked(
    totals: Totals, unlocks: Sequence[Mapping[str, Any]], ids: Iterable[str]
) -> dict[str, list[dict[str, Any]]]:
    """For each id the achievements that it unlocked, as the API shows them."""
    order = list(BY_KEY)
    ordered = sorted(
        (unlock for unlock in unlocks if unlock["achievement"] in BY_KEY),
        key=lambda unlock: (unlock["unlocked_at"], order.index(unlock["achievement"])),
    )
    return {
        name: [
            unlocking.shown(BY_KEY[unlock["achievement"]], totals, unlock)
            for unlock in ordered
            if unlock["session_result_id"] == name
        ]
        for name in ids
    }


def current_streak(
    totals: Totals, learner_id: str, now: datetime, run: Run, *, history: History
) -> dict[str, Any]:
    """The streak in the zone of the latest session."""
    zone_name = totals.timezone or "UTC"
    today, has_practised = day_of(now, zone_name, history.latest.day_starts_at), None
    if (
        totals.counted_on and totals.counted_on > today
    ):  # a traveller's: the totals do not know today
        since = earliest_instant(today)
        (row,) = run(_SECONDS, {"user_id": learner_id, "day": today, "since": since})
        has_practised = row.seconds is not None and row.seconds >= setting("STREAK_MIN_SECONDS")
    return streak(
        totals, zone_name=zone_name, now=now, history=history, has_practised=has_practised
    )


_s = session_results.c
# The seconds practised on a day; NULL without a session.
_SECONDS = sa.select(sa.func.sum(_s.duration_seconds).label("seconds")).where(
    _s.user_id == USER_ID,
    _s.completed_at >= sa.bindparam("since"),
    _s.practiced_on == sa.bindparam("day"),
)


def totals_and_history() -> sa.Subquery:
    """One row: the learner's totals, and what the learner has set."""
    row = sa.select(store.TOTALS.label("totals"), HISTORY.label("history"))
    return row.subquery("stored_totals")


def unlocked_beside_totals(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The learner's unlocks that meet the conditions, each with the totals; at least one row.

    With them comes what the learner has set.
    """
    totals = totals_and_history()
    unlocked = learner_achievements.c
    is_of_learner = unlocked.user_id == USER_ID
    return sa.select(
        *totals.c, unlocked.achievement, unlocked.unlocked_at, unlocked.session_result_id
    ).select_from(totals.outerjoin(learner_achievements, sa.and_(is_of_learner, *conditions)))


def run_current_totals(statement: sa.Executable, parameters: dict[str, Any]) -> Sequence[Any]:
    """Run a query whose column `totals` is TOTALS, rebuilt where stale; None means no session."""
    return run_current(statement, parameters, lambda row: row.totals is not None)
