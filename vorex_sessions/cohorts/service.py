"""Joining and leaving comparisons, and the comparison of a learner."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vorex_sessions.cohorts.bands import about, band_of
from vorex_sessions.cohorts.pages import MEASURES, PUBLISHED, PUBLISHED_SESSIONS, level_of
from vorex_sessions.cohorts.snapshot import LASTS, LEAST_CHANGED
from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks import versions
from vorex_sessions.hooks.freshness import rests_on_others
from vorex_sessions.models import USER_ID, cohort_participants, cohort_standings
from vorex_sessions.periods import stamp
from vorex_sessions.problems.kinds import Gone
from vorex_sessions.sessions import tombstones

LEAST_SESSIONS = 5  # that a learner's own value must be based on

_p = cohort_participants.c


def _join() -> sa.Executable:
    """Add the participant as of now, by the clock of the snapshots: they count who has joined by then."""
    row = versions.beside_learner(sa.func.clock_timestamp()).where(~tombstones.IS_CLOSED)
    joined = insert(cohort_participants).from_select(["user_id", "since"], row)
    return joined.on_conflict_do_nothing(index_elements=["user_id"])


_JOIN = _join()
_SINCE = sa.select(_p.since).where(_p.user_id == USER_ID)
_LATEST = sa.text("SELECT max(joined_by) AS joined_by FROM cohort_snapshots")
# In this order: a running snapshot locks rows of the first table while it stores a page.
_LEAVE = tuple(
    table.delete().where(table.c.user_id == USER_ID)
    for table in (cohort_participants, cohort_standings)
)
_STANDINGS = sa.text(f"""
WITH wanted AS MATERIALIZED (
    SELECT coalesce(CAST(:language AS text), (
        SELECT language FROM session_results WHERE user_id = CAST(:user_id AS uuid)
        ORDER BY completed_at DESC, session_result_id DESC LIMIT 1)) AS language
)
SELECT wanted.language, participant.since, (SELECT max(joined_by) FROM cohort_snapshots) AS joined_by,
    standing.level, standing.measure, standing.value, standing.sessions, standing.last_day,
    {PUBLISHED} AS published, {PUBLISHED_SESSIONS} AS published_sessions,
    cohort.as_of, cohort.learners, cohort.width, cohort.bands, cohort.least
FROM wanted
LEFT JOIN cohort_participants AS participant ON participant.user_id = CAST(:user_id AS uuid)
LEFT JOIN cohort_standings AS standing ON standing.user_id = participant.user_id
    AND standing.language = wanted.language AND standing.period = :period
    AND (CAST(:level AS text) IS NULL OR standing.level = :level)
LEFT JOIN cohorts AS cohort
    ON (cohort.language, cohort.period, cohort.level, cohort.measure)
        = (standing.language, standing.period, standing.level, standing.measure)
""")  # noqa: S608  # our own text

DETAILS = {
    "compared": "You are compared with the other learners who take part.",
    "not_taking_part": "You have not joined comparisons. Opt in to be included from tomorrow.",
    "not_counted_yet": "You have joined comparisons. You will be included from tomorrow.",
    "no_practice": "The last daily snapshot has no practice of yours at this level in this period.",
    "too_few_sessions": f"You need at least {LEAST_SESSIONS} sessions at this level in this period.",
    "too_few_learners": "Too few other learners at this level take part.",
    "waiting": f"You are included once {LEAST_CHANGED} learners at this level are new or have new values.",
    "outdated": "The results at this level are more than 30 days old. They return once enough "
    "learners have new values.",
}


def take_part(learner_id: str, *, opt_in: bool) -> dict[str, Any]:
    """Join comparisons, or leave them and remove what was stored for them. Raises Gone."""
    parameters = {"user_id": learner_id}

    def work(transaction: Transaction) -> Sequence[Any]:
        transaction.defer(versions.RAISE, parameters)
        if opt_in:
            transaction.defer(_JOIN, parameters)
            return transaction.finish(_SINCE, parameters)
        for statement in _LEAVE:
            transaction.defer(statement, parameters)
        return ()

    rows = run_transaction(work, learner_id=learner_id)
    if opt_in and not rows:
        raise Gone("This learner's account is closed; it cannot join comparisons.")
    return {"opt_in": opt_in, "since": stamp(rows[0].since) if rows else None}


def latest_snapshot() -> datetime | None:
    """When the last complete snapshot began; None before the first."""
    joined_by: datetime | None = run(_LATEST)[0].joined_by
    return joined_by


def compare(
    learner_id: str,
    *,
    period: str,
    level: str | None = None,
    language: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """Compare the learner with those who practised a language at a level, as of the last snapshot.

    By default the language of the latest session, and the level at which the learner practised it last.
    """
    rests_on_others()
    wanted = {"period": period, "level": level and level_of(level), "language": language}
    first, *others = run(_STANDINGS, {"user_id": learner_id, **wanted})
    rows = [first, *others] if first.since else []  # of a learner who takes part
    standings = _of_latest_level([row for row in rows if row.measure])
    reason = _why_not_counted(rows)
    measures = {
        name: _measure(standings[name], now)
        if name in standings
        else _shown("not_measured" if standings else reason, None, 0)
        for name in MEASURES
    }
    status = _status(measures)
    return {
        "status": status,
        "detail": DETAILS[status],
        "opt_in": bool(rows),
        "language": first.language or setting("DEFAULT_LANGUAGE"),
        "period": period,
        "level": next((row.level for row in standings.values()), None),
        "measures": measures,
    }


def _of_latest_level(rows: Sequence[Any]) -> dict[str, Any]:
    """The standings at the level practised last, by measure; ties: by more sessions, then by name."""
    levels = (row for row in rows if row.measure == "sessions")
    ordered = sorted(levels, key=lambda row: row.level)
    latest = max(ordered, key=lambda row: (row.last_day, row.sessions), default=None)
    return {row.measure: row for row in rows if latest and row.level == latest.level}


def _why_not_counted(rows: Sequence[Any]) -> str:
    """The status of a learner who has no standing."""
    if not rows:
        return "not_taking_part"
    since, joined_by = rows[0].since, rows[0].joined_by
    return "no_practice" if joined_by and since <= joined_by else "not_counted_yet"


def _measure(row: Any, now: datetime) -> dict[str, Any]:
    """The learner's own value, with its percentile or the reason why there is none."""
    if obstacle := _obstacle(row, now):
        few = row.sessions < LEAST_SESSIONS
        return _shown("too_few_sessions" if few else obstacle, row.value, row.sessions)
    # The published value, not the newest: a learner who tries many values could find out those of others.
    value, sessions = row.published, row.published_sessions
    if sessions < LEAST_SESSIONS:
        return _shown("too_few_sessions", value, sessions)
    start = band_of(value, row.bands, row.least)
    return _shown("compared", value, sessions) | {
        "percentile": {"from": start, "to": start + row.width},
        "learners": about(row.learners),
        "counted_at": stamp(row.as_of),
    }


def _obstacle(row: Any, now: datetime) -> str | None:
    """Why nothing that was published may be shown, if so."""
    if not row.as_of or row.learners <= setting("COHORT_MIN_OTHERS"):
        return "too_few_learners"
    if row.as_of < now - LASTS or not row.bands:
        return "outdated"
    return "waiting" if row.published is None else None  # only counted learners see results


def _shown(status: str, value: float | None, sessions: int) -> dict[str, Any]:
    empty = {"percentile": None, "learners": None, "counted_at": None}
    return {"status": status, "value": value, "sessions": sessions, **empty}


def _status(measures: dict[str, dict[str, Any]]) -> str:
    """`compared` if any measure is; else the status of `sessions`, the measure that all learners have."""
    if any(measure["status"] == "compared" for measure in measures.values()):
        return "compared"
    return str(measures["sessions"]["status"])
