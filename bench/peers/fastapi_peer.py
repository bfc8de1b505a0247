"""The peer: a good FastAPI service for the same four operations, and nothing else.

It uses asyncpg with prepared statements, uvloop, orjson and pydantic. It verifies every token and sends one
statement an operation. It has no limits, metrics, logs, request ids or lock against a concurrent erasure. Its
arithmetic over rows is ours (the pure modules), so that the comparison is of how requests are served. The
other peers (fastapi_equipped.py, fastapi_deriving.py) are made of its parts.

    DATABASE_URL=… SUPABASE_JWT_SECRET=… uvicorn bench.peers.fastapi_peer:app --workers 2
"""

import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import asyncpg
import jwt
import orjson
from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from bench.peers import statements
from bench.peers.pure import (
    DAYS,
    ONE_DAY,
    SUMMARY,
    WEEK,
    Asked,
    cursors,
    day_of,
    earliest_instant,
    from_sessions,
    offset_name,
    stamp,
    statistics,
    suggestions,
    window,
)

SECRET = os.environ["SUPABASE_JWT_SECRET"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = struct.Struct(">q16s")  # microseconds, id


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
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the pool; close it at the end."""
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=1, max_size=10, init=_prepare, record_class=Record
    ) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


async def _learner(request: Request) -> UUID:
    _, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        claims = jwt.decode(token, SECRET, ["HS256"], audience="authenticated", leeway=10)
        request.state.learner = UUID(claims["sub"])  # for what counts and logs requests
        return request.state.learner
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


def answer(body: Any, status: int = 200) -> Response:
    """Return the answer of a body."""
    return Response(orjson.dumps(body), status, media_type="application/json")


def _stamped(session: dict[str, Any]) -> dict[str, Any]:
    for name in ("completed_at", "created_at", "updated_at"):
        if name in session:
            session[name] = stamp(session[name])
    return session


def shown(row: Record) -> dict[str, Any]:
    """Return a session as it is answered."""
    result = _stamped(dict(row.items()))
    result.pop("total", None)
    result.pop("fingerprint", None)
    return result


def stored_values(session: Session) -> list[Any]:
    """Return what is stored of a session: its id first, its fingerprint last."""
    completed_at = session.completed_at or datetime.now(UTC)
    zone_name = session.timezone or offset_name(completed_at)
    content = session.model_dump(exclude={"session_result_id"})
    fingerprint = blake2b(
        orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16
    ).digest()
    content |= {"completed_at": completed_at, "timezone": zone_name}
    day = day_of(completed_at, zone_name)
    return [session.session_result_id, *content.values(), day, fingerprint]


async def store(
    connection: asyncpg.Connection, learner: UUID, values: list[Any]
) -> tuple[Record, bool]:
    """Store a session, unless it is stored already; return its row, and whether it is new."""
    row = await connection.fetchrow(statements.SAVE, learner, *values)
    if row:
        return row, True
    stored = await connection.fetchrow(statements.SHOW, learner, values[0])
    if not stored:
        raise HTTPException(410)
    if stored["fingerprint"] != values[-1]:
        raise HTTPException(409)
    return stored, False


@app.post("/api/sessions/save")
async def save(session: Session, learner: Learner, request: Request) -> Response:
    """Save a session result."""
    values = stored_values(session)
    async with request.app.state.pool.acquire() as connection:
        row, is_new = await store(connection, learner, values)
    return answer(shown(row), 201 if is_new else 200)


def _cursor(last: Record) -> str:
    moment = (last.completed_at - _EPOCH) // timedelta(microseconds=1)
    return cursors.write(_PLACE.pack(moment, UUID(last.session_result_id).bytes), {})


@app.get("/api/sessions/history")
async def history(
    request: Request,
    learner: Learner,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show a page of sessions, newest first."""
    rows = await request.app.state.pool.fetch(statements.HISTORY, learner, limit + 1, offset)
    sessions = [row for row in rows if row["session_result_id"]]
    page, has_more = sessions[:limit], len(sessions) > limit
    cursor = None
    if has_more:
        cursor = _cursor(page[-1])
    body = {
        "sessions": [shown(row) for row in page],
        "total": rows[0]["total"],
        "limit": limit,
        "offset": offset,
        "has_more": has_more,
        "next_cursor": cursor,
    }
    return answer(body)


@app.get("/api/sessions/stats")
async def stats(
    request: Request, learner: Learner, period: Literal["day", "week", "month"] = "week"
) -> Response:
    """Show the statistics of a period."""
    now = datetime.now(UTC)
    since = earliest_instant(now.date() + ONE_DAY - timedelta(days=2 * DAYS[period]) - ONE_DAY)
    rows = await request.app.state.pool.fetch(statements.STATS, learner, since)
    return answer(statistics(from_sessions(rows), Asked(period), now=now))


@app.get("/api/sessions/warmup")
async def warmup(request: Request, learner: Learner) -> Response:
    """Suggest what to warm up with."""
    now = datetime.now(UTC)
    since = earliest_instant(now.date() - WEEK)
    rows = await request.app.state.pool.fetch(statements.RECENT, learner, since)
    today = day_of(now, rows[0].timezone if rows else "UTC")
    sessions, start, end = window(rows, today)
    summary = _stamped({name: rows[0][name] for name in SUMMARY}) if rows else None
    return answer(suggestions(sessions, summary, start, end))
