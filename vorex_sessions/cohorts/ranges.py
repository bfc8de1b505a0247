"""Several machines: participants are counted where they are, a range of `user_id` at a time.

A range is counted and stored by one statement, which joins and groups by `user_id`, so that every machine
does it for its own learners. Nobody knows the values before they are stored, so who takes part is locked
first, and an opt-out or an erasure waits. So that it does not wait long, a range has as many learners as the
machines together count in a moment.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from vorex_sessions.cohorts import pages
from vorex_sessions.cohorts.ordering import LONGEST, Turn, in_turn
from vorex_sessions.database import run_long

_LAST = 2**128 - 1  # the last id
_WIDTH = 2**124  # of the first range
# Seconds: a range that takes less, or more, is followed by larger or smaller ones.
_QUICK, _SLOW = 0.25, 0.5

_RANGE = "{0}.user_id > CAST(:after AS uuid) AND {0}.user_id <= CAST(:upto AS uuid)"
# Who had joined when the snapshot began. Who joins later is not locked, and could leave unnoticed.
_TAKES_PART = f"{_RANGE.format('participant')} AND participant.since <= :begun"
_HOW_MANY = sa.text(f"""
SELECT count(*) AS learners FROM cohort_participants AS participant WHERE {_TAKES_PART}
""")  # noqa: S608  # our own text
# What each participant has practised. Behind a LATERAL that groups, PostgreSQL reads it by the index: it has
# no statistics about metadata, and would otherwise read the whole table for every range.
_PRACTISED = f"""(
        SELECT user_id, {pages.PRACTISED}
        FROM session_results WHERE user_id = participant.user_id AND {pages.IS_COUNTED}) AS practised"""  # noqa: S608  # as above
# The spellings that only Python can compare.
_SPELLINGS = sa.text(f"""
SELECT written FROM cohort_participants AS participant CROSS JOIN LATERAL (
    SELECT written FROM {_PRACTISED} WHERE NOT ({pages.IS_ASCII}) GROUP BY user_id, written) AS spellings
WHERE {_TAKES_PART} GROUP BY written LIMIT {pages.MOST_SPELLINGS}
""")  # noqa: S608  # our own text
# Changes nothing, but an opt-out or an erasure waits, and then removes what was stored. It also keeps the
# learners on their machines. A database of several machines cannot lock rows of many learners otherwise.
_LOCK = sa.text(f"""
UPDATE cohort_participants AS participant SET since = participant.since WHERE {_TAKES_PART}
""")  # noqa: S608  # our own text
# `unnest` has a session's level computed once; PostgreSQL would compute it wherever it is used.
_LEVELLED = f"{_PRACTISED} CROSS JOIN LATERAL unnest(ARRAY[{pages.LEVEL}]) AS one (level)"
_FIGURES = pages.FIGURES.format(practised=_LEVELLED)
# What is measured and what is stored come beside each other: what is measured no more gets 0 sessions here.
# A published value is kept beside a newer value, until the newer one is published.
_STORE = sa.text(f"""
INSERT INTO cohort_standings (user_id, language, period, level, measure, value, sessions, last_day,
    since, noted_at, published, published_sessions)
WITH figures AS (
    SELECT counted.* FROM cohort_participants AS participant CROSS JOIN LATERAL ({_FIGURES}) AS counted
    WHERE {_TAKES_PART}
), standings AS ({pages.STANDINGS.format(figures="figures")}
), beside AS (
    SELECT user_id, language, period, level, measure, CAST(value AS float8) AS value, sessions, last_day,
        NULL AS old_value, NULL AS old_sessions, NULL AS old_day, NULL AS noted_at,
        NULL AS published, NULL AS published_sessions
    FROM standings
    UNION ALL
    SELECT user_id, language, period, level, measure, NULL, NULL, NULL,
        value, sessions, last_day, noted_at, published, published_sessions
    FROM cohort_standings AS stored WHERE {_RANGE.format("stored")}
), compared AS (
    SELECT user_id, language, period, level, measure, max(value) AS value, max(sessions) AS sessions,
        max(last_day) AS last_day, max(old_value) AS old_value, max(old_sessions) AS old_sessions,
        max(old_day) AS old_day, max(noted_at) AS noted_at, max(published) AS published,
        max(published_sessions) AS published_sessions
    FROM beside GROUP BY user_id, language, period, level, measure
), judged AS (
    SELECT participant.user_id, participant.since, compared.language, compared.period, compared.level,
        compared.measure, value, sessions, last_day, old_value, old_sessions, old_day, noted_at,
        published, published_sessions,
        (old_value, old_sessions) = (value, sessions) AS is_same,
        coalesce(noted_at <= cohort.as_of, false) AS was_published
    FROM cohort_participants AS participant
    JOIN compared ON compared.user_id = participant.user_id
    LEFT JOIN cohorts AS cohort ON (cohort.language, cohort.period, cohort.level, cohort.measure)
        = (compared.language, compared.period, compared.level, compared.measure)
    WHERE {_TAKES_PART}
)
SELECT user_id, language, period, level, measure, coalesce(value, old_value), coalesce(sessions, 0),
    coalesce(last_day, old_day), since,
    CASE WHEN is_same THEN noted_at ELSE :now END,
    CASE WHEN NOT was_published THEN published WHEN NOT is_same THEN old_value END,
    CASE WHEN NOT was_published THEN published_sessions WHEN NOT is_same THEN old_sessions END
FROM judged
WHERE is_same IS NOT TRUE OR last_day <> old_day OR (was_published AND published IS NOT NULL)
ON CONFLICT (user_id, language, period, level, measure) DO UPDATE SET
    value = excluded.value, sessions = excluded.sessions, last_day = excluded.last_day,
    noted_at = excluded.noted_at, published = excluded.published,
    published_sessions = excluded.published_sessions
""")  # noqa: S608  # our own text
_REMOVE = sa.text(f"""
DELETE FROM cohort_standings AS standing WHERE {_RANGE.format("standing")} AND sessions = 0
""")  # noqa: S608  # our own text


def count(today: date, days: Mapping[str, Any]) -> Iterator[int]:
    """Count every participant who had joined by `begun`; yields the number of learners of each range."""
    after, width, most = 0, _WIDTH, pages.PAGE
    while after < _LAST:
        upto = min(after + width, _LAST)
        given = {**days, "after": str(UUID(int=after)), "upto": str(UUID(int=upto))}
        ((learners,),) = run_long(_HOW_MANY, given, timeout=LONGEST)
        if learners > most:
            width = max(width // 4, 1)
            continue
        if learners:
            spellings = [row.written for row in run_long(_SPELLINGS, given, timeout=LONGEST)]
            if len(spellings) == pages.MOST_SPELLINGS and learners > pages.PAGE:
                most = pages.PAGE
                continue
            given["levels"] = pages.levels_of(spellings)
            seconds = in_turn(today, partial(_store, given))
            yield int(learners)
            most = _next_size(most, learners, seconds)
        if learners * 4 <= most:
            width *= 4
        after = upto


def _store(given: Mapping[str, Any], turn: Turn) -> float:
    """Store what a range has; returns the seconds that it took."""
    began = time.monotonic()
    for statement in (_LOCK, _STORE, _REMOVE):
        turn.transaction.run(statement, {**given, "now": turn.now})
    return time.monotonic() - began


def _next_size(most: int, learners: int, seconds: float) -> int:
    """How many learners the next range may have: more, if one was quick that had as many as it might."""
    if seconds < _QUICK and learners * 4 > most:
        return most * 2
    return max(most // 2, pages.PAGE) if seconds > _SLOW else most
