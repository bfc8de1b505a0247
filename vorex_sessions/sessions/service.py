"""Commands on session results. The learner's id comes first and is part of every statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import sqlalchemy as sa

from vorex_sessions.extensions import ask
from vorex_sessions.sessions import content, results

# The rows travel as one JSON parameter, so that one statement serves one session and a hundred.
_SAVE = sa.text("""
INSERT INTO session_results (
    user_id, session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score,
    fluency_score, grammar_score, topics, vocabulary_learned, areas_to_improve, metadata,
    completed_at, timezone, practiced_on, fingerprint)
SELECT CAST(:user_id AS uuid), new.*
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
    session_result_id uuid, session_type text, duration_seconds int, words_spoken int,
    pronunciation_score float8, fluency_score float8, grammar_score float8, topics text[],
    vocabulary_learned text[], areas_to_improve text[], metadata jsonb,
    completed_at timestamptz, timezone text, practiced_on date, fingerprint bytea)
ON CONFLICT (user_id, session_result_id) DO NOTHING
RETURNING user_id, session_result_id, session_type, duration_seconds, words_spoken,
    pronunciation_score, fluency_score, grammar_score, topics, vocabulary_learned,
    areas_to_improve, metadata, completed_at, timezone, practiced_on, created_at, updated_at
""")


def save(learner_id: str, said: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Keep one session result for good and return it as stored. Raises Invalid."""
    row = _row(str(uuid4()), dict(said), now)
    (stored,) = ask(_SAVE, {"user_id": learner_id, "rows": orjson.dumps([row]).decode()})
    return results.as_json(stored)


def _row(session_result_id: str, said: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        **content.completed(said, now),
        "session_result_id": session_result_id,
        "fingerprint": rf"\x{content.fingerprint(said).hex()}",
    }
