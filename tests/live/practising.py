"""A learner who practises: heartbeats, and what is live."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg2
import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.factories import Learner
from vorex_sessions.extensions import db


def heartbeat(seq: int = 1, **overrides: Any) -> dict[str, Any]:
    """Return a heartbeat of practice that began a minute ago."""
    started_at = datetime.now(UTC) - timedelta(minutes=1)
    return {
        "session_type": "conversation",
        "started_at": started_at.isoformat(),
        "seq": seq,
        "active_seconds": 30,
        **overrides,
    }


def new_id() -> str:
    return str(uuid4())


def beat(learner: Learner, session_id: str, seq: int = 1, **overrides: Any) -> TestResponse:
    """Send a heartbeat; returns the answer."""
    path = f"/api/sessions/live/{session_id}"
    return learner.request("PUT", path, json=heartbeat(seq, **overrides))


def begin(learner: Learner, **overrides: Any) -> str:
    """Start a live session; returns its id."""
    session_id = new_id()
    answer = beat(learner, session_id, **overrides)
    assert answer.status_code == 201, answer.text
    return session_id


def cancel(learner: Learner, session_id: str) -> TestResponse:
    return learner.request("DELETE", f"/api/sessions/live/{session_id}")


def live(learner: Learner) -> list[dict[str, Any]]:
    """Return the learner's live sessions."""
    return list(learner.get("/live")["sessions"])


def age(learner: Learner, session_id: str, **ago: float) -> None:
    """Let the last heartbeat, and the start, have been some time ago."""
    with learner.app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE live_sessions SET heartbeat_at = heartbeat_at - :ago, "
                "started_at = started_at - :ago, created_at = created_at - :ago "
                "WHERE user_id = :learner AND session_result_id = :session"
            ),
            {"ago": timedelta(**ago), "learner": learner.id, "session": session_id},
        )


def kept(learner: Learner) -> int:
    """Return how many rows of live sessions the learner has, those that are gone included."""
    with learner.app.app_context(), db.engine.connect() as connection:
        statement = sa.text("SELECT count(*) FROM live_sessions WHERE user_id = :learner")
        return int(connection.execute(statement, {"learner": learner.id}).scalar_one())


def listeners(database_url: str) -> int:
    """How many processes listen for what is told of live sessions."""
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid "
                "WHERE classid = 1987 AND locktype = 'advisory' AND granted "
                "AND datname = current_database()"
            )
            (count,) = cursor.fetchone() or (0,)
            return int(count)
    finally:
        connection.close()
