"""The peer: a good FastAPI service for the same four operations, and nothing else.

It uses asyncpg with prepared statements, uvloop, orjson and pydantic. It verifies every token and sends one
statement an operation. It has no limits, metrics, logs, request ids or lock against a concurrent erasure. Its
arithmetic over rows is ours (the pure modules), so that the comparison is of how requests are served.

    DATABASE_URL=… SUPABASE_JWT_SECRET=… uvicorn bench.peers.fastapi_peer:app --workers 2
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import asyncpg
import jwt
import orjson
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

ROOT = Path(__file__).parents[2]


def _only_pure_modules() -> None:
    """Make our pure modules importable without the package's __init__, which imports Flask."""
    for name in ("vorex_sessions", "vorex_sessions.progress", "vorex_sessions.sessions"):
        package = ModuleType(name)
        package.__path__ = [str(ROOT.joinpath(*name.split(".")))]
        sys.modules[name] = package


_only_pure_modules()
from vorex_sessions.periods import (  # noqa: E402  # see above
    DAYS,
    ONE_DAY,
    day_of,
    earliest_instant,
    offset_name,
    stamp,
)
from vorex_sessions.progress.statistics import from_sessions, statistics  # noqa: E402  # as above
from vorex_sessions.progress.suggestions import WEEK, suggestions, window  # noqa: E402  # as above
from vorex_sessions.sessions.history import write_cursor  # noqa: E402  # as above

SECRET = os.environ["SUPABASE_JWT_SECRET"]
_COLUMNS = (
    "user_id, session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score, "
    "fluency_score, grammar_score, topics, vocabulary_learned, areas_to_improve, metadata, "
    "completed_at, timezone, practiced_on, created_at, updated_at"
)
_NEWEST = "ORDER BY completed_at DESC, session_result_id DESC"
_SAVE = f"""
INSERT INTO session_results (
    user_id, session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score,
    fluency_score, grammar_score, topics, vocabulary_learned, areas_to_improve, metadata,
    completed_at, timezone, practiced_on, fingerprint)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16
WHERE NOT EXISTS (
    SELECT FROM deleted_sessions WHERE user_id = $1 AND session_result_id = $2)
AND NOT EXISTS (
    SELECT FROM erased_learners WHERE user_id = $1 AND (closed OR $13 <= erased_at))
ON CONFLICT (user_id, session_result_id) DO NOTHING
RETURNING {_COLUMNS}
"""
_SHOW = f"SELECT {_COLUMNS}, fingerprint FROM session_results WHERE user_id = $1 AND session_result_id = $2"
_HISTORY = f"""
SELECT page.*, counted.total
FROM (SELECT count(*) AS total FROM session_results WHERE user_id = $1) AS counted
LEFT JOIN (
    SELECT {_COLUMNS} FROM session_results WHERE user_id = $1 {_NEWEST} LIMIT $2 OFFSET $3) AS page
ON true {_NEWEST}
"""
_STATS = f"""
SELECT latest.timezone, topics, areas_to_improve, practiced_on, completed_at, session_type, 1,
    duration_seconds, words_spoken,
    pronunciation_score, CAST(pronunciation_score IS NOT NULL AS int),
    fluency_score, CAST(fluency_score IS NOT NULL AS int),
    grammar_score, CAST(grammar_score IS NOT NULL AS int)
FROM (SELECT timezone FROM session_results WHERE user_id = $1 {_NEWEST} LIMIT 1) AS latest
LEFT JOIN session_results AS session
ON session.user_id = $1 AND session.completed_at >= $2
"""
_RECENT = f"""
SELECT session_result_id, session_type, duration_seconds, pronunciation_score, fluency_score,
    grammar_score, areas_to_improve, completed_at, created_at, practiced_on, timezone, vocabulary_learned
FROM session_results
WHERE user_id = $1 AND completed_at >= least($2, (
    SELECT completed_at - interval '9 days' FROM session_results WHERE user_id = $1 {_NEWEST} LIMIT 1))
{_NEWEST}
"""


class Record(asyncpg.Record):
    """A row whose columns are attributes."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


async def _prepare(connection: asyncpg.Connection) -> None:
    # orjson does not know asyncpg's own UUIDs.
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=str, decoder=str)
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: orjson.dumps(value).decode(),
        decoder=orjson.loads,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=1, max_size=10, init=_prepare, record_class=Record
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


async def _learner(request: Request) -> UUID:
    _, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        claims = jwt.decode(token, SECRET, ["HS256"], audience="authenticated", leeway=10)
        return UUID(claims["sub"])
    except (jwt.PyJWTError, KeyError, ValueError):
        raise HTTPException(401) from None


Learner = Annotated[UUID, Depends(_learner)]
Topic = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Score = Annotated[float | None, Field(ge=0, le=100)]


class Session(BaseModel):
    """The content of a session, as a client sends it."""

    model_config = ConfigDict(extra="forbid")

    session_result_id: UUID = Field(default_factory=uuid4)
    session_type: Literal["conversation", "pronunciation", "roleplay"]
    duration_seconds: int = Field(ge=0, le=86_400)
    words_spoken: int = Field(default=0, ge=0, le=100_000)
    pronunciation_score: Score = None
    fluency_score: Score = None
    grammar_score: Score = None
    topics: list[Topic] = Field(default=[], max_length=50)
    vocabulary_learned: list[Word] = Field(default=[], max_length=500)
    areas_to_improve: list[Topic] = Field(default=[], max_length=50)
    metadata: dict[str, Any] = {}
    completed_at: AwareDatetime | None = None
    timezone: str | None = None


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _shown(row: Record) -> dict[str, Any]:
    result = dict(row.items())
    for name in ("completed_at", "created_at", "updated_at"):
        result[name] = stamp(result[name])
    result.pop("total", None)
    result.pop("fingerprint", None)
    return result


@app.post("/api/sessions/save")
async def save(session: Session, learner: Learner, request: Request) -> Response:
    """Save a session result."""
    completed_at = session.completed_at or datetime.now(UTC)
    zone_name = session.timezone or offset_name(completed_at)
    content = session.model_dump(exclude={"session_result_id"})
    fingerprint = blake2b(
        orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16
    ).digest()
    content |= {"completed_at": completed_at, "timezone": zone_name}
    values = [*content.values(), day_of(completed_at, zone_name), fingerprint]
    async with request.app.state.pool.acquire() as connection:
        row = await connection.fetchrow(_SAVE, learner, session.session_result_id, *values)
        if row:
            return _json(_shown(row), 201)
        stored = await connection.fetchrow(_SHOW, learner, session.session_result_id)
    if not stored:
        raise HTTPException(410)
    if stored["fingerprint"] != fingerprint:
        raise HTTPException(409)
    return _json(_shown(stored))


@app.get("/api/sessions/history")
async def history(
    request: Request,
    learner: Learner,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show a page of sessions, newest first."""
    rows = await request.app.state.pool.fetch(_HISTORY, learner, limit + 1, offset)
    sessions = [row for row in rows if row["session_result_id"]]
    shown, has_more = sessions[:limit], len(sessions) > limit
    cursor = None
    if has_more:
        cursor = write_cursor(shown[-1], {})
    body = {
        "sessions": [_shown(row) for row in shown],
        "total": rows[0]["total"],
        "limit": limit,
        "offset": offset,
        "has_more": has_more,
        "next_cursor": cursor,
    }
    return _json(body)


@app.get("/api/sessions/stats")
async def stats(
    request: Request, learner: Learner, period: Literal["day", "week", "month"] = "week"
) -> Response:
    """Show the statistics of a period."""
    now = datetime.now(UTC)
    since = earliest_instant(now.date() + ONE_DAY - timedelta(days=2 * DAYS[period]) - ONE_DAY)
    rows = await request.app.state.pool.fetch(_STATS, learner, since)
    return _json(statistics(from_sessions(rows), period=period, now=now))


@app.get("/api/sessions/warmup")
async def warmup(request: Request, learner: Learner) -> Response:
    """Suggest what to warm up with."""
    now = datetime.now(UTC)
    since = earliest_instant(now.date() - WEEK)
    rows = await request.app.state.pool.fetch(_RECENT, learner, since)
    today = day_of(now, rows[0].timezone if rows else "UTC")
    sessions, start, end = window(rows, today)
    return _json(suggestions(rows, sessions, start, end))
