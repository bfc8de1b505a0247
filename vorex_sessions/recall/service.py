"""Answers: which words do I know, which are due."""

import base64
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.broken_rules import invalid
from vorex_sessions.extensions import ask
from vorex_sessions.learner_data import DERIVED_BY
from vorex_sessions.periods import day_of, stamp
from vorex_sessions.recall.memory import KNOWN_FROM, recall
from vorex_sessions.sessions.deriving import asked

_ABOUT = sa.text(f"""
SELECT {DERIVED_BY} AS derived_by, (
    SELECT timezone FROM learner_totals WHERE user_id = CAST(:user_id AS uuid)) AS zone_name
""")  # noqa: S608  # our own text
_WORDS = sa.text(f"""
WITH mine AS (
    SELECT seen.word, seen.times_seen, seen.first_seen, seen.last_seen, memory.times_tested,
        memory.last_outcome, memory.stability, memory.tested_on, memory.due_on,
        CASE WHEN memory.due_on <= :today THEN 'due'
            WHEN memory.stability >= {KNOWN_FROM} THEN 'known'
            ELSE 'learning' END AS status
    FROM learner_words AS seen
    LEFT JOIN learner_memories AS memory
        ON memory.user_id = CAST(:user_id AS uuid) AND memory.word = seen.word
    WHERE seen.user_id = CAST(:user_id AS uuid)
        AND strpos(lower(seen.word), lower(CAST(:q AS text))) > 0),
matching AS (
    SELECT * FROM mine WHERE CAST(:status AS text) IS NULL OR status = :status)
SELECT counted.total, page.* FROM (SELECT count(*) AS total FROM matching) AS counted
LEFT JOIN (
    SELECT * FROM matching WHERE word COLLATE "C" > CAST(:after AS text)
    ORDER BY word COLLATE "C" LIMIT :limit) AS page ON true
ORDER BY page.word COLLATE "C"
""")  # noqa: S608  # a number of ours


def list_words(
    learner_id: str,
    *,
    limit: int,
    status: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    zone_name: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """A page of the learner's words by name, with what is known of each. Raises Invalid."""
    after = _read(cursor, status, q) if cursor is not None else ""
    (about,) = asked(_ABOUT, {"user_id": learner_id})
    today = day_of(now, zone_name or about.zone_name or "UTC")
    rows = ask(
        _WORDS,
        {
            "user_id": learner_id,
            "today": today,
            "status": status,
            "q": q or "",
            "after": after,
            "limit": limit + 1,
        },
    )
    words = [row for row in rows if row.word is not None]
    shown, has_more = words[:limit], len(words) > limit
    return {
        "words": [_shown(row, today) for row in shown],
        "total": rows[0].total,
        "limit": limit,
        "has_more": has_more,
        "next_cursor": _cursor(shown[-1].word, status, q) if has_more else None,
    }


def _shown(row: Any, today: Any) -> dict[str, Any]:
    tested = row.stability is not None
    return {
        "word": row.word,
        "status": row.status,
        "recall": round(recall(row.stability, row.tested_on, today), 4) if tested else None,
        "due_on": row.due_on,
        "last_outcome": row.last_outcome,
        "times_tested": row.times_tested or 0,
        "times_seen": row.times_seen,
        "first_seen": stamp(row.first_seen),
        "last_seen": stamp(row.last_seen),
    }


def _cursor(word: str, status: str | None, q: str | None) -> str:
    return base64.urlsafe_b64encode(_digest(status, q) + word.encode()).decode()


def _read(cursor: str, status: str | None, q: str | None) -> str:
    """The word to continue after. Raises Invalid for what `_cursor` did not make for these filters."""
    try:
        packed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        word = packed[_DIGEST:].decode()
    except ValueError:
        raise _refused("is not a cursor of this service") from None
    if not word or "\x00" in word:
        raise _refused("is not a cursor of this service")
    if packed[:_DIGEST] != _digest(status, q):
        raise _refused("belongs to other filters than these")
    return word


_DIGEST = 6  # bytes


def _digest(status: str | None, q: str | None) -> bytes:
    return blake2b(orjson.dumps([status, q]), digest_size=_DIGEST).digest()


def _refused(rule: str) -> Exception:
    return invalid({"cursor": [rule]}, in_query=True)
