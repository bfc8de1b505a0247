"""One machine: participants are counted page by page. Also the periods, measures and levels of cohorts.

A page is read without a lock. Its result, which may be a second old by then, is stored in a short
transaction, only for learners who still take part since the same instant. So an opt-out or an erasure waits
for no read, and leaves nothing behind.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.cohorts.ordering import LONGEST, Turn, in_turn
from vorex_sessions.database.standbys import JobReads
from vorex_sessions.models import BEFORE_ALL
from vorex_sessions.text import fold, tidy

PERIODS = ("month", "year")
MEASURES = ("pronunciation", "fluency", "grammar", "minutes", "sessions", "active_days")
_LONGEST_LEVEL = 50  # characters; a longer `user_level` is ignored
_MOST_LEVELS = 20  # of all languages, per learner and period, those practised last; some 240 rows
PAGE = 50  # participants; to store their values takes some 30 ms
_LONGEST_SPELLING = 1000  # bytes; the same
MOST_SPELLINGS = 5000  # beyond ASCII on a page; those of more are ignored
# The published value of a learner, or its number of sessions. A value that was noted after the cohort was
# counted is newer, and not the published one.
_PUBLISHED = """CASE WHEN standing.noted_at <= cohort.as_of THEN standing.{what}
    ELSE standing.published{suffix} END"""
PUBLISHED = _PUBLISHED.format(what="value", suffix="")
PUBLISHED_SESSIONS = _PUBLISHED.format(what="sessions", suffix="_sessions")
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


def level_of(written: str) -> str:
    """The level that a text means, in capitals; "" for none. Levels that differ in case only are one."""
    try:
        return fold(tidy(written, _LONGEST_LEVEL)).upper()
    except ValueError:
        return ""


def levels_of(spellings: list[str]) -> str:
    """The level of each of the spellings, as the statements take them."""
    return orjson.dumps({written: level_of(written) for written in spellings}).decode()


# The parts of the statement that counts, which ranges.py has as well.
PRACTISED = """language, practiced_on, duration_seconds, pronunciation_score, fluency_score,
            grammar_score, metadata ->> 'user_level' AS written"""
IS_COUNTED = f"""completed_at >= :since AND practiced_on <= :last_day
            AND jsonb_typeof(metadata -> 'user_level') IN ('string', 'number')
            AND octet_length(metadata ->> 'user_level') <= {_LONGEST_SPELLING}"""
IS_ASCII = """written COLLATE "C" ~ '^[ -~]*$'"""
# Printable ASCII is compared here as `level_of` does; `:levels` has the level of each other spelling, which
# PostgreSQL 15 cannot fold.
LEVEL = f"""CASE WHEN {IS_ASCII}
        THEN upper(btrim(regexp_replace(written, ' +', ' ', 'g')) COLLATE "C")
        ELSE CAST(:levels AS jsonb) ->> written END"""
FIGURES = f"""
    SELECT user_id, language, period, level, count(*) AS sessions, sum(duration_seconds) AS seconds,
        count(DISTINCT practiced_on) AS days, max(practiced_on) AS last_day{_SUMS},
        row_number() OVER (
            PARTITION BY user_id, period ORDER BY max(practiced_on) DESC, count(*) DESC, level, language
        ) AS place
    FROM {{practised}}
    JOIN (VALUES ('month', CAST(:month AS date)), ('year', CAST(:year AS date)))
        AS periods (period, first_day) ON practiced_on >= first_day
    WHERE char_length(level) BETWEEN 1 AND {_LONGEST_LEVEL}
    GROUP BY user_id, language, period, level
"""  # noqa: S608  # our own names and numbers
STANDINGS = f"""
    SELECT user_id, language, period, level, measured.*
    FROM {{figures}} CROSS JOIN LATERAL (VALUES
        ('minutes', round(seconds / 60.0), sessions, last_day),
        ('sessions', sessions, sessions, last_day),
        ('active_days', days, sessions, last_day){_SCORES}
    ) AS measured (measure, value, sessions, last_day)
    WHERE measured.value IS NOT NULL AND place <= {_MOST_LEVELS}
"""  # noqa: S608  # our own names and numbers

# `unknown` are the spellings that `:levels` lacks.
# OFFSET makes PostgreSQL read each learner's sessions by the index. It has no statistics about metadata,
# expects a few rows in all, and would otherwise read the whole table for every page.
READ = sa.text(f"""
WITH page AS MATERIALIZED (
    SELECT user_id, since FROM cohort_participants WHERE user_id > CAST(:after AS uuid)
    ORDER BY user_id LIMIT {PAGE}
), practised AS MATERIALIZED (
    SELECT page.user_id, session.*
    FROM page CROSS JOIN LATERAL (
        SELECT {PRACTISED}
        FROM session_results WHERE user_id = page.user_id AND {IS_COUNTED}
        OFFSET 0) AS session
), levels AS MATERIALIZED (
    SELECT written, {LEVEL} AS level FROM (SELECT DISTINCT written FROM practised) AS spellings
), figures AS ({FIGURES.format(practised="practised JOIN levels USING (written)")}
), standings AS ({STANDINGS.format(figures="figures")})
SELECT (SELECT count(*) FROM page) AS learners,
    (SELECT user_id FROM page ORDER BY user_id DESC LIMIT 1) AS last,
    ARRAY(SELECT written FROM levels WHERE level IS NULL LIMIT {MOST_SPELLINGS}) AS unknown,
    CAST((SELECT jsonb_agg(page) FROM page) AS text) AS page,
    CAST((SELECT coalesce(jsonb_agg(standings), '[]') FROM standings) AS text) AS standings
""")  # noqa: S608  # our own names and numbers

# The locks on the participants' rows make an opt-out or an erasure wait, which then removes what was stored.
# A published value is kept beside a newer value, until the newer one is published.
STORE = sa.text("""
WITH page AS MATERIALIZED (
    SELECT user_id, since
    FROM cohort_participants
    JOIN jsonb_to_recordset(CAST(:page AS jsonb)) AS given (user_id uuid, since timestamptz)
        USING (user_id, since)
    ORDER BY user_id FOR KEY SHARE OF cohort_participants
), standings AS MATERIALIZED (
    SELECT given.*, page.since, cohort.as_of
    FROM jsonb_to_recordset(CAST(:standings AS jsonb)) AS given (
        user_id uuid, language text, period text, level text, measure text, value float8,
        sessions int, last_day date)
    JOIN page USING (user_id)
    LEFT JOIN cohorts AS cohort USING (language, period, level, measure)
), removed AS (
    DELETE FROM cohort_standings
    WHERE user_id = ANY(ARRAY(SELECT user_id FROM page))
        AND (user_id, language, period, level, measure) NOT IN (
            SELECT user_id, language, period, level, measure FROM standings)
), inserted AS (
    INSERT INTO cohort_standings (
        user_id, language, period, level, measure, value, sessions, last_day, since, noted_at)
    SELECT user_id, language, period, level, measure, value, sessions, last_day, since, :now
    FROM standings
    ON CONFLICT (user_id, language, period, level, measure) DO NOTHING
), compared AS (
    SELECT standings.*,
        stored.value AS old_value, stored.sessions AS old_sessions, stored.last_day AS old_day,
        (stored.value, stored.sessions) = (standings.value, standings.sessions) AS is_same,
        coalesce(stored.noted_at <= standings.as_of, false) AS was_published
    FROM standings JOIN cohort_standings AS stored
        USING (user_id, language, period, level, measure)
)
UPDATE cohort_standings AS stored SET
    value = compared.value, sessions = compared.sessions, last_day = compared.last_day,
    noted_at = CASE WHEN is_same THEN stored.noted_at ELSE :now END,
    published = CASE
        WHEN NOT was_published THEN stored.published WHEN NOT is_same THEN old_value END,
    published_sessions = CASE
        WHEN NOT was_published THEN stored.published_sessions WHEN NOT is_same THEN old_sessions END
FROM compared
WHERE (stored.user_id, stored.language, stored.period, stored.level, stored.measure)
        = (compared.user_id, compared.language, compared.period, compared.level, compared.measure)
    AND (NOT is_same OR compared.last_day <> old_day OR (was_published AND stored.published IS NOT NULL))
""")


def count(today: date, days: Mapping[str, Any]) -> Iterator[int]:
    """Count every participant, page by page; yields the number of learners on each page."""
    reads, after = JobReads(), BEFORE_ALL  # every page has whoever had joined by now
    while True:
        read = _read({**days, "after": after}, reads)
        if not read.learners:
            return
        in_turn(today, partial(_store, read))
        yield int(read.learners)
        after = str(read.last)


def _read(page: dict[str, Any], reads: JobReads) -> Any:
    """The row of READ; a second time where the page has levels that only Python can compare."""
    (read,) = reads.run_long(READ, {**page, "levels": "{}"}, timeout=LONGEST)
    if read.unknown:
        levels = levels_of(read.unknown)
        (read,) = reads.run_long(READ, {**page, "levels": levels}, timeout=LONGEST)
    return read


def _store(read: Any, turn: Turn) -> None:
    page = {"page": read.page, "standings": read.standings, "now": turn.now}
    turn.transaction.run(STORE, page)
