"""How well each word is remembered, updated with each save. This module alone writes `learner_memories`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from vorex_sessions.database import Transaction
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.learner_rows import LearnerRows
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.models import USER_ID, learner_memories, session_results
from vorex_sessions.recall.memory import Memory, after
from vorex_sessions.turns import in_turns

_ROWS = LearnerRows(learner_memories, "language", "word")
_m = learner_memories.c
is_of_learner = _m.user_id == USER_ID
# A word is one of a language.
Memories = dict[tuple[str, str], Memory]

_PORTION = 1000  # words
_s = session_results.c
_in_time = (_s.completed_at, _s.session_result_id)
_is_tested = sa.and_(_s.user_id == USER_ID, _s.vocabulary_results != sa.literal_column("'[]'"))
# When the sessions with outcomes were, in order of time.
_TIMES = sa.select(_s.completed_at, _s.practiced_on).where(_is_tested).order_by(*_in_time)


def _outcomes() -> sa.Select[Any]:
    """Each word of a language with its outcomes, in order, and the places of their sessions in _TIMES.

    Places begin with 1. PostgreSQL sorts by word, so that a portion of words is all that Python holds.
    """
    place = sa.func.row_number().over(order_by=_in_time).label("place")
    tested = (
        sa.select(place, _s.language, _s.vocabulary_results).where(_is_tested).subquery("tested")
    )
    result = (
        sa.func.jsonb_array_elements(tested.c.vocabulary_results)
        .table_valued("value", with_ordinality="nth")
        .render_derived("result")
    )
    word, outcome = (
        result.c.value.op("->>")(sa.literal_column(f"'{name}'")) for name in ("word", "outcome")
    )
    only = sa.cast(sa.bindparam("only"), ARRAY(sa.Text))
    order = (tested.c.place, result.c.nth)
    return (
        sa.select(
            tested.c.language,
            word.label("word"),
            sa.func.array_agg(aggregate_order_by(tested.c.place, *order)).label("places"),
            sa.func.array_agg(aggregate_order_by(outcome, *order)).label("outcomes"),
        )
        .select_from(tested.join(result, sa.true()))
        .where(sa.or_(only.is_(None), word == sa.any_(only)))
        .group_by(tested.c.language, word)
    )


_OUTCOMES = _outcomes()
_result = sa.func.jsonb_array_elements(_s.vocabulary_results).table_valued("value")
_word = _result.c.value.op("->>")(sa.literal_column("'word'")).label("word")
_WORDS = (
    sa.select(_word)
    .select_from(sa.join(session_results, _result, sa.true()))
    .where(_is_tested)
    .distinct()
)


class RecallProjection(Projection):
    """The memories of a learner."""

    derived_from = frozenset({"vocabulary_results", "completed_at", "timezone", "language"})
    may_follow = True
    invalidate = (learner_memories.delete().where(is_of_learner),)

    def applies_to(self, row: Mapping[str, Any]) -> bool:
        """Only sessions with outcomes of exercises matter."""
        return bool(row["vocabulary_results"])

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """The memories of the words in the saved sessions.

        One look-up for each, since PostgreSQL would join by reading all memories of the learner.
        """
        result = sa.func.jsonb_array_elements(new.c.vocabulary_results).table_valued("value")
        word = result.c.value.op("->>")(sa.literal_column("'word'"))
        named = sa.select(new.c.language, word.label("word")).select_from(
            new.join(result, sa.true())
        )
        tested = named.distinct().subquery("tested")
        is_it = (_m.language == tested.c.language, _m.word == tested.c.word)
        stored = sa.select(learner_memories).where(is_of_learner, *is_it)
        memory = stored.limit(sa.literal_column("1")).lateral("memory")
        memories = sa.func.json_agg(sa.func.to_json(sa.literal_column("memory")))
        joined = tested.join(memory, sa.true())
        return sa.select(memories).select_from(joined).scalar_subquery()

    def on_save(self, event: SaveEvent, context: Sequence[Any] | None) -> AnswerExtras:
        """Review the words of the saved sessions. A word with a later exercise is reviewed from the start."""
        if event.is_current:
            stored = {(row["language"], row["word"]): _memory(row) for row in context or ()}
            late = {
                result["word"]
                for session in event.saved_rows
                for result in session.vocabulary_results
                if (memory := stored.get((session.language, result["word"])))
                and session.completed_at <= memory.tested_at
            }
            memories = remembered(event.saved_rows, stored)
            if late:
                event.take_time()
                for portion in _reviewed(event.transaction, event.learner_id, late):
                    memories |= portion
            _ROWS.defer_put(event.transaction, event.learner_id, _as_rows(memories))
        return {}

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: AllSessions) -> None:
        """Review all words from the start."""
        for statement in self.invalidate:
            transaction.defer(statement, {"user_id": learner_id})
        for memories in _reviewed(transaction, learner_id):
            _ROWS.defer_put(transaction, learner_id, _as_rows(memories))


def remembered(sessions: Iterable[Any], stored: Mapping[tuple[str, str], Memory]) -> Memories:
    """The memories of the words that sessions test, in order of time, after `stored`."""
    memories: Memories = {}
    tested = [session for session in sessions if session.vocabulary_results]
    tested.sort(key=lambda row: (row.completed_at, str(row.session_result_id)))
    for session in in_turns(tested):
        for result in session.vocabulary_results:
            word = (session.language, result["word"])
            before = memories.get(word) or stored.get(word)
            memories[word] = after(
                before, result["outcome"], session.completed_at, session.practiced_on
            )
    return memories


def _reviewed(
    transaction: Transaction, learner_id: str, only: Collection[str] | None = None
) -> Iterator[Memories]:
    """The memories of all words, or of some, reviewed from the start; in portions of words.

    Those of `only` in every language.
    """
    parameters = {"user_id": learner_id, "only": None if only is None else list(only)}
    times = [row[:2] for row in transaction.run(_TIMES, parameters)]
    for portion in _portions(transaction, parameters):
        yield {(row.language, row.word): _from_start(row, times) for row in in_turns(portion)}


def _portions(transaction: Transaction, parameters: dict[str, Any]) -> Iterator[Sequence[Any]]:
    """The rows of _OUTCOMES. Several machines would collect all of them before a cursor has the first."""
    if not setting("DB_DISTRIBUTED"):
        yield from transaction.portions(_OUTCOMES, parameters, size=_PORTION)
        return
    only = parameters["only"]
    words = only if only is not None else [row.word for row in transaction.run(_WORDS, parameters)]
    for start in range(0, len(words), _PORTION):
        some = words[start : start + _PORTION]
        yield transaction.run(_OUTCOMES, {**parameters, "only": some})


def _from_start(row: Any, times: Sequence[tuple[datetime, date]]) -> Memory:
    """The memory of a word after all its outcomes."""
    memory = None
    for place, outcome in zip(row.places, row.outcomes, strict=True):
        memory = after(memory, outcome, *times[place - 1])
    assert memory is not None  # noqa: S101  # a row has at least one outcome
    return memory


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


def _as_rows(memories: Memories) -> list[dict[str, Any]]:
    return [
        {"language": language, "word": word, **vars(memory), "due_on": memory.due_on}
        for (language, word), memory in in_turns(memories.items())
    ]
