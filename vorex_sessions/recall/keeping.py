"""What this capability keeps about a learner's words, and how it keeps up with the sessions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.extensions import Within
from vorex_sessions.learner_data import Derived, Members, Saving, eraser_of, export_of
from vorex_sessions.models import learner_memories
from vorex_sessions.plans import planned_once
from vorex_sessions.recall.memory import Memory, after

_FORGET = "DELETE FROM learner_memories WHERE user_id = CAST(:user_id AS uuid)"
_BESIDE = """
SELECT json_object_agg(word, to_json(memory)) FROM learner_memories AS memory
WHERE user_id = CAST(:user_id AS uuid) AND word IN (
    SELECT result->>'word' FROM new, jsonb_array_elements(vocabulary_results) AS result)
"""
_NAMES = [str(column.name) for column in learner_memories.c if column.name != "user_id"]
_VALUES = _NAMES[1:]
_STORE = f"""
INSERT INTO learner_memories AS known (user_id, {", ".join(_NAMES)})
SELECT CAST(:user_id AS uuid), {", ".join(_NAMES)} FROM given ORDER BY word
ON CONFLICT (user_id, word) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _VALUES)}
WHERE ({", ".join(f"known.{name}" for name in _VALUES)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _VALUES)})
"""  # noqa: S608  # names of ours
_GIVEN = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(:memories AS jsonb)) AS given (
        word text, times_tested int, last_outcome text, tested_at timestamptz, tested_on date,
        stability float8, difficulty float8, due_on date))
"""
_GONE = f""", gone AS (
    {_FORGET} AND NOT EXISTS (SELECT FROM given WHERE given.word = learner_memories.word))
"""
_ADD, _REPLACE = planned_once(sa.text(_GIVEN + _STORE)), sa.text(_GIVEN + _GONE + _STORE)


def _concerns(row: Mapping[str, Any]) -> bool:
    return bool(row["vocabulary_results"])


def _saved(saving: Saving, beside: dict[str, dict[str, Any]] | None) -> Members:
    """Follow a save. Words with a later exercise already are gone through from the beginning."""
    if saving.fresh:
        known = {word: _memory(columns) for word, columns in (beside or {}).items()}
        late = {
            result["word"]
            for session in saving.new
            for result in session.vocabulary_results
            if result["word"] in known and session.completed_at <= known[result["word"]].tested_at
        }
        memories = remembered(saving.new, known)
        if late:
            memories |= remembered(saving.every, only=late)
        _store(saving.ask, _ADD, saving.learner_id, memories)
    return {}


def _renew(within: Within, learner_id: str, sessions: Sequence[Any]) -> None:
    _store(within, _REPLACE, learner_id, remembered(sessions))


def remembered(
    sessions: Iterable[Any],
    known: Mapping[str, Memory] | None = None,
    only: set[str] | None = None,
) -> dict[str, Memory]:
    """What sessions, in the order of time, make of what is known; of the words that they test alone."""
    memories: dict[str, Memory] = {}
    tested = [session for session in sessions if session.vocabulary_results]
    tested.sort(key=lambda one: (one.completed_at, str(one.session_result_id)))
    for session in tested:
        for result in session.vocabulary_results:
            word = result["word"]
            if only is None or word in only:
                before = memories.get(word) or (known or {}).get(word)
                memories[word] = after(
                    before, result["outcome"], session.completed_at, session.practiced_on
                )
    return memories


def _memory(columns: Mapping[str, Any]) -> Memory:
    """Of a row of learner_memories as PostgreSQL writes it in JSON."""
    return Memory(
        columns["times_tested"],
        columns["last_outcome"],
        datetime.fromisoformat(columns["tested_at"]),
        date.fromisoformat(columns["tested_on"]),
        columns["stability"],
        columns["difficulty"],
    )


def _store(
    within: Within, statement: sa.TextClause, learner_id: str, memories: Mapping[str, Memory]
) -> None:
    rows = [
        {"word": word, **asdict(memory), "due_on": memory.due_on}
        for word, memory in memories.items()
    ]
    within.later(statement, {"user_id": learner_id, "memories": orjson.dumps(rows).decode()})


DERIVED = Derived(
    concerns=_concerns, beside=_BESIDE, saved=_saved, renew=_renew, forget_all=_FORGET
)
EXPORTS = (export_of("memories", learner_memories, learner_memories.c.word),)
erase = eraser_of(learner_memories)
