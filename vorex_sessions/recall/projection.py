"""How well each word is remembered, updated with each save. This module alone writes `learner_memories`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction
from vorex_sessions.hooks.learner_rows import LearnerRows
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.models import USER_ID, learner_memories
from vorex_sessions.recall.memory import Memory, after

_ROWS = LearnerRows(learner_memories, "word")
_m = learner_memories.c
is_of_learner = _m.user_id == USER_ID


class RecallProjection(Projection):
    """The memories of a learner."""

    derived_from = frozenset({"vocabulary_results", "completed_at", "timezone"})
    invalidate = (learner_memories.delete().where(is_of_learner),)

    def applies_to(self, row: Mapping[str, Any]) -> bool:
        """Only sessions with outcomes of exercises matter."""
        return bool(row["vocabulary_results"])

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """The memories of the words in the saved sessions, by word."""
        result = sa.func.jsonb_array_elements(new.c.vocabulary_results).table_valued("value")
        tested = sa.select(result.c.value.op("->>")(sa.literal_column("'word'"))).select_from(new)
        memory = sa.func.to_json(sa.literal_column("learner_memories"))
        return (
            sa.select(sa.func.json_object_agg(_m.word, memory))
            .where(is_of_learner, _m.word.in_(tested))
            .scalar_subquery()
        )

    def on_save(self, event: SaveEvent, context: Mapping[str, Any] | None) -> AnswerExtras:
        """Review the words of the saved sessions. A word with a later exercise is reviewed from the start."""
        if event.is_current:
            stored = {word: _memory(columns) for word, columns in (context or {}).items()}
            late = {
                result["word"]
                for session in event.saved_rows
                for result in session.vocabulary_results
                if result["word"] in stored
                and session.completed_at <= stored[result["word"]].tested_at
            }
            memories = remembered(event.saved_rows, stored)
            if late:
                memories |= remembered(event.all_sessions, only=late)
            _ROWS.defer_put(event.transaction, event.learner_id, _as_rows(memories))
        return {}

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: Sequence[Any]) -> None:
        """Review all words from the start."""
        _ROWS.defer_replace(transaction, learner_id, _as_rows(remembered(sessions)))


def remembered(
    sessions: Iterable[Any],
    stored: Mapping[str, Memory] | None = None,
    only: set[str] | None = None,
) -> dict[str, Memory]:
    """The memories of the words that sessions test, in order of time, after `stored`; `only`: just these."""
    memories: dict[str, Memory] = {}
    tested = [session for session in sessions if session.vocabulary_results]
    tested.sort(key=lambda row: (row.completed_at, str(row.session_result_id)))
    for session in tested:
        for result in session.vocabulary_results:
            word = result["word"]
            if only is None or word in only:
                before = memories.get(word) or (stored or {}).get(word)
                memories[word] = after(
                    before, result["outcome"], session.completed_at, session.practiced_on
                )
    return memories


def _memory(columns: Mapping[str, Any]) -> Memory:
    """The memory in a row of learner_memories, as PostgreSQL writes it in JSON."""
    return Memory(
        columns["times_tested"],
        columns["last_outcome"],
        datetime.fromisoformat(columns["tested_at"]),
        date.fromisoformat(columns["tested_on"]),
        columns["stability"],
        columns["difficulty"],
    )


def _as_rows(memories: Mapping[str, Memory]) -> list[dict[str, Any]]:
    return [
        {"word": word, **asdict(memory), "due_on": memory.due_on}
        for word, memory in memories.items()
    ]
