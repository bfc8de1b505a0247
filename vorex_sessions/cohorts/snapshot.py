"""The daily snapshot: every participant's values, page by page, then what is published of each cohort.

What is published stays until `LEAST_CHANGED` learners have joined or have other values than were published,
and a day at least, so that one alone cannot be told from the difference. Who leaves is not counted; who
leaves and joins again is. docs/comparison.md says what is left to those who make up accounts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from vorex_sessions.cohorts.bands import bands
from vorex_sessions.extensions import setting, transaction
from vorex_sessions.models import cohorts
from vorex_sessions.periods import DAYS, ONE_DAY, earliest_instant, midnight_utc

PERIODS = ("month", "year")
MEASURES = ("pronunciation", "fluency", "grammar", "minutes", "sessions", "active_days")
LEAST_CHANGED = 5  # learners
_LONGEST_LEVEL = 50  # characters; a longer `user_level` is none
_PAGE = 50  # participants counted in one transaction, which an opt-out of theirs waits for
_LONGEST = 600  # seconds for any one statement
_BEFORE_ALL = "00000000-0000-0000-0000-000000000000"

# Pages and publications take turns, so that one instant says what had been counted by then. A key of
# two numbers never meets a learner's.
_TAKE_TURNS = sa.text("SELECT pg_advisory_xact_lock(7, 1)")
# How a level is compared: as a text of any case. A number is one, too.
LEVEL = "upper(btrim({}))"
_SCORES = "".join(
    f""",
        ('{name}', round(CAST(avg_{name} AS numeric), 1), scored_{name}, last_{name})"""
    for name in MEASURES[:3]
)
_SUMS = "".join(
    f""",
        avg({name}_score) AS avg_{name}, count({name}_score) AS scored_{name},
        max(practiced_on) FILTER (WHERE {name}_score IS NOT NULL) AS last_{name}"""
    for name in MEASURES[:3]
)
# The participants' own locks make an opt-out or an erasure wait for the page, and then remove it.
# OFFSET has each learner's sessions read by the index: PostgreSQL knows nothing of what metadata holds,
# expects a few rows in all, and would read the whole table for every page.
_COUNT_PAGE = sa.text(f"""
WITH page AS MATERIALIZED (
    SELECT user_id FROM cohort_participants WHERE user_id > CAST(:after AS uuid)
    ORDER BY user_id LIMIT {_PAGE} FOR KEY SHARE
), practised AS (
    SELECT page.user_id, session.*
    FROM page CROSS JOIN LATERAL (
        SELECT practiced_on, duration_seconds, pronunciation_score, fluency_score, grammar_score,
            {LEVEL.format("metadata ->> 'user_level'")} AS level
        FROM session_results
        WHERE user_id = page.user_id AND completed_at >= :since AND practiced_on <= :last_day
            AND jsonb_typeof(metadata -> 'user_level') IN ('string', 'number')
        OFFSET 0) AS session
), figures AS (
    SELECT user_id, period, level, count(*) AS sessions, sum(duration_seconds) AS seconds,
        count(DISTINCT practiced_on) AS days, max(practiced_on) AS last_day{_SUMS}
    FROM practised
    JOIN (VALUES ('month', CAST(:month AS date)), ('year', CAST(:year AS date)))
        AS periods (period, first_day) ON practiced_on >= first_day
    WHERE char_length(level) BETWEEN 1 AND {_LONGEST_LEVEL}
    GROUP BY user_id, period, level
), found AS MATERIALIZED (
    SELECT user_id, period, level, measured.*
    FROM figures CROSS JOIN LATERAL (VALUES
        ('minutes', round(seconds / 60.0), sessions, last_day),
        ('sessions', sessions, sessions, last_day),
        ('active_days', days, sessions, last_day){_SCORES}
    ) AS measured (measure, value, sessions, last_day)
    WHERE measured.value IS NOT NULL
), gone AS (
    DELETE FROM cohort_standings AS old
    WHERE old.user_id = ANY(ARRAY(SELECT user_id FROM page)) AND NOT EXISTS (
        SELECT FROM found WHERE (found.user_id, found.period, found.level, found.measure)
            = (old.user_id, old.period, old.level, old.measure))
), stored AS (
    INSERT INTO cohort_standings AS known (
        user_id, period, level, measure, value, sessions, last_day, counted_from)
    SELECT user_id, period, level, measure, value, sessions, last_day, :now FROM found
    ON CONFLICT (user_id, period, level, measure) DO UPDATE SET
        value = excluded.value, sessions = excluded.sessions, last_day = excluded.last_day
    WHERE (known.value, known.sessions, known.last_day)
        IS DISTINCT FROM (excluded.value, excluded.sessions, excluded.last_day)
)
SELECT user_id FROM page ORDER BY user_id
""")  # noqa: S608  # names and numbers of ours
_COHORTS = sa.text("""
SELECT period, level, measure,
    cohort.as_of IS NULL OR cohort.as_of < :today AND
        count(*) FILTER (WHERE value IS DISTINCT FROM standing.published) >= :changed AS is_due
FROM cohort_standings AS standing
LEFT JOIN cohorts AS cohort USING (period, level, measure)
GROUP BY period, level, measure, cohort.as_of
HAVING count(*) > :others
ORDER BY period, level, measure
""")
_HISTOGRAM = sa.text("""
SELECT value, count(*) AS learners FROM cohort_standings
WHERE period = :period AND level = :level AND measure = :measure
GROUP BY value ORDER BY value
""")
# Whoever else has published it today was first.
_PUBLISH = sa.text("""
INSERT INTO cohorts AS published (period, level, measure, as_of, learners, width, bands, least)
VALUES (:period, :level, :measure, :now, :learners, :width, :bands, :least)
ON CONFLICT (period, level, measure) DO UPDATE SET
    as_of = excluded.as_of, learners = excluded.learners, width = excluded.width,
    bands = excluded.bands, least = excluded.least
WHERE published.as_of < :today
RETURNING 1
""").bindparams(
    sa.bindparam("bands", type_=cohorts.c.bands.type),
    sa.bindparam("least", type_=cohorts.c.least.type),
)


_NOTE_PUBLISHED = sa.text("""
UPDATE cohort_standings SET published = value
WHERE period = :period AND level = :level AND measure = :measure
    AND published IS DISTINCT FROM value
""")


@dataclass(frozen=True)
class Refreshed:
    """How many learners were counted, and how many cohorts published and left as they were."""

    learners: int
    published: int
    left: int


def refresh(today: date) -> Refreshed:
    """Take the snapshot of a day of UTC: of the days before it. Raises DBAPIError.

    May be stopped, run again and run twice at once; a cohort is published once a day at most. Memory is
    that of a page and of one cohort's different values.
    """
    learners = sum(_pages(today))
    due = {"today": midnight_utc(today)}
    with transaction(_LONGEST) as connection:
        found = connection.execute(
            _COHORTS, due | {"changed": LEAST_CHANGED, "others": setting("COHORT_MIN_OTHERS")}
        ).all()
    published = sum(
        _publish({"period": row.period, "level": row.level, "measure": row.measure, **due})
        for row in found
        if row.is_due
    )
    return Refreshed(learners, published, len(found) - published)


def _pages(today: date) -> Iterator[int]:
    """Count every participant, a page at a time; yields how many were in each."""
    first = {period: today - timedelta(days=DAYS[period]) for period in PERIODS}
    days = {**first, "since": earliest_instant(min(first.values())), "last_day": today - ONE_DAY}
    after = _BEFORE_ALL
    while True:
        with _turn() as (connection, now):
            page = connection.execute(_COUNT_PAGE, {**days, "after": after, "now": now}).all()
        if not page:
            return
        yield len(page)
        after = str(page[-1].user_id)


def _publish(cohort: dict[str, Any]) -> int:
    """Publish a cohort; 1, or 0 where somebody else has done it today."""
    with _turn() as (connection, now):
        histogram = [tuple(row) for row in connection.execute(_HISTOGRAM, cohort)]
        if not histogram:
            return 0
        learners, width, starts, least = bands(histogram)
        shown = {"learners": learners, "width": width, "bands": starts, "least": least}
        done = len(connection.execute(_PUBLISH, {**cohort, **shown, "now": now}).all())
        if done:
            connection.execute(_NOTE_PUBLISHED, cohort)
        return done


@contextmanager
def _turn() -> Iterator[tuple[sa.Connection, datetime]]:
    """A transaction alone among those of snapshots, and the instant at which its turn came."""
    with transaction(_LONGEST) as connection:
        connection.execute(_TAKE_TURNS)
        yield connection, datetime.now(UTC)
