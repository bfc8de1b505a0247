"""The equipped peer with saves that keep totals, streak and words, the way a FastAPI developer writes it.

One transaction inserts the session, locks the learner's totals, adds the words, and updates the totals; each
statement is prepared and waits for its answer. The rules (which day counts, freezes) are our pure modules.
Totals and words of a learner whom it meets first, and totals after a session of an earlier day, are
counted from all sessions. Its tables are in fastapi_deriving.sql.

It does not derive achievements, memories of words with outcomes, skills or rollups. So its saves compare
with those of totals_alone.py, which leaves them out, too: that is the comparison of like with like.
Against growth_alone.py, which keeps achievements, and against the service as shipped, it does less.

    DATABASE_URL=… SUPABASE_JWT_SECRET=… uvicorn --factory bench.peers.fastapi_deriving:create_app --workers 2
"""

import os
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from fastapi import FastAPI, Request, Response

from bench.peers import fastapi_equipped
from bench.peers import fastapi_peer as bare
from bench.peers.pure import Totals, streak

_SHORTEST_DAY = int(os.environ.get("STREAK_MIN_SECONDS", "60"))
_NAMES = [field.name for field in fields(Totals)]
_READ = f"SELECT {', '.join(_NAMES)} FROM peer_totals WHERE user_id = $1"
_LOCK = f"{_READ} FOR UPDATE"
_BEGIN = "INSERT INTO peer_totals (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING"
_UPDATE = (
    f"UPDATE peer_totals SET {', '.join(f'{name} = ${at}' for at, name in enumerate(_NAMES, 2))} "
    "WHERE user_id = $1"
)
_ADD_WORDS = """
INSERT INTO peer_words (user_id, word, times_seen, first_seen, last_seen)
SELECT DISTINCT CAST($1 AS uuid), word, 1, CAST($3 AS timestamptz), CAST($3 AS timestamptz)
FROM unnest(CAST($2 AS text[])) AS word
ORDER BY word
ON CONFLICT (user_id, word) DO UPDATE SET
    times_seen = peer_words.times_seen + 1,
    first_seen = least(peer_words.first_seen, excluded.first_seen),
    last_seen = greatest(peer_words.last_seen, excluded.last_seen)
RETURNING xmax = 0 AS is_new
"""
_FILL_WORDS = """
INSERT INTO peer_words (user_id, word, times_seen, first_seen, last_seen)
SELECT $1, word, count(*), min(completed_at), max(completed_at)
FROM session_results CROSS JOIN LATERAL (SELECT DISTINCT unnest(vocabulary_learned)) AS met (word)
WHERE user_id = $1
GROUP BY word
"""
_COUNT_WORDS = "SELECT count(*) FROM peer_words WHERE user_id = $1"
_ALL = """
SELECT session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score, fluency_score,
    grammar_score, completed_at, practiced_on, timezone, language
FROM session_results WHERE user_id = $1 ORDER BY practiced_on, completed_at, session_result_id
"""


async def save(session: bare.Session, learner: bare.Learner, request: Request) -> Response:
    """Save a session result; the answer tells the streak, too."""
    values = bare.stored_values(session)
    async with request.app.state.pool.acquire() as connection, connection.transaction():
        row, is_new = await bare.store(connection, learner, values)
        totals = await _keep_up(connection, learner, row if is_new else None)
    current = streak(totals, zone_name=totals.timezone or "UTC", now=datetime.now(UTC))
    return bare.answer(bare.shown(row) | {"streak": current}, 201 if is_new else 200)


async def _keep_up(
    connection: asyncpg.Connection, learner: UUID, session: bare.Record | None
) -> Totals:
    """Add a new session, if any, to the totals and words; count all sessions where that is not enough."""
    stored = await connection.fetchrow(_LOCK, learner)
    if not stored:
        await connection.execute(_BEGIN, learner)
        stored = await connection.fetchrow(_LOCK, learner)
    totals = Totals(**stored)
    if not totals.sessions:
        await connection.execute(_FILL_WORDS, learner)
        totals = await _counted(connection, learner)
    elif session is None:
        return totals
    else:
        words = await connection.fetch(
            _ADD_WORDS, learner, session.vocabulary_learned, session.completed_at
        )
        if session.practiced_on < totals.last_day:
            totals = await _counted(connection, learner)
        else:
            totals.add(session, sum(word.is_new for word in words), Counter(), _SHORTEST_DAY)
    await connection.execute(_UPDATE, learner, *(getattr(totals, name) for name in _NAMES))
    return totals


async def _counted(connection: asyncpg.Connection, learner: UUID) -> Totals:
    totals, days = Totals(), Counter()
    for session in await connection.fetch(_ALL, learner):
        totals.add(session, 0, days, _SHORTEST_DAY)
    totals.distinct_words = await connection.fetchval(_COUNT_WORDS, learner)
    return totals


def create_app() -> FastAPI:
    """Return the app."""
    return fastapi_equipped.create_app(save)
