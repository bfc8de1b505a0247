"""How well each word is remembered, kept current with every save. Alone names `learner_memories` in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.transactions import Transaction
from vorex_sessions.hooks.learner_rows import LearnerRows
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.models import USER_ID, learner_memories
from vorex_sessions.recall.memory import Memory, after

_ROWS = LearnerRows(learner_memories, "word")
_m = learner_memories.c
is_of_learner = _m.user_id == USER_ID


class RecallProjection(Projection):
    """The memories of a learner."""

    invalidate_all = (learner_memories.delete().where(is_of_learner),)

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
        """Review the words of the saved sessions. One with a later exercise is reviewed from the start."""
        if event.is_current:
            known = {word: _memory(columns) for word, columns in (context or {}).items()}
            late = {
                result["word"]
                for session in event.saved_rows
                for result in session.vocabulary_results
                if result["word"] in known
                and session.completed_at <= known[result["word"]].tested_at
            }
            memories = remembered(event.saved_rows, known)
            if late:
                memories |= remembered(event.all_sessions, only=late)
            _ROWS.defer_put(event.transaction, event.learner_id, _as_rows(memories))
        return {}

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: Sequence[Any]) -> None:
        """Review all words from the start."""
        _ROWS.defer_replace(transaction, learner_id, _as_rows(remembered(sessions)))


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


def _as_rows(memories: Mapping[str, Memory]) -> list[dict[str, Any]]:
    return [
        {"word": word, **asdict(memory), "due_on": memory.due_on}
        for word, memory in memories.items()
    ]
