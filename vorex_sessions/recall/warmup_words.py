"""The words of the warm-up: those about to be forgotten first, then those met least often."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions.growth.words import WORDS
from vorex_sessions.hooks.warmup_sections import WarmupSection, language_of
from vorex_sessions.models import learner_memories
from vorex_sessions.periods import stamp
from vorex_sessions.recall.memory import recall
from vorex_sessions.recall.projection import is_of_learner
from vorex_sessions.turns import in_turns

MOST_WORDS = 10
_MOST_MET = 5000  # words of recent sessions that are looked at; to read all would hold up others
_m = learner_memories.c


class WordsSection(WarmupSection):
    """`vocabulary_review` by predicted recall, and `vocabulary_details`."""

    columns = ("vocabulary_learned",)

    def context(self, recent: sa.CTE) -> sa.ScalarSelect[Any]:
        """The words due on each of `:days`, and those that recent sessions name."""
        context = sa.func.json_build_object(
            *(sa.literal_column("'due'"), _due_words(recent)),
            *(sa.literal_column("'met'"), _met_words(recent)),
        )
        return sa.select(context).scalar_subquery()

    def members(self, sessions: Sequence[Any], context: Any, today: date) -> dict[str, Any]:
        """Due words first, by lowest recall; then the words met least often, up to the limit."""
        words = context or {}
        due = [_due(row, today) for row in words.get("due") or () if row["today"] == str(today)]
        due.sort(key=lambda item: (item["recall"], item["word"]))
        named = {word for session in in_turns(sessions) for word in session.vocabulary_learned}
        met = [
            (times_seen, datetime.fromisoformat(last_seen), word)
            for word, (times_seen, last_seen) in (words.get("met") or {}).items()
            if word in named
        ]
        details = [*due, *(_met(*facts) for facts in sorted(met)[: MOST_WORDS - len(due)])]
        return {
            "vocabulary_review": [item["word"] for item in details],
            "vocabulary_details": details,
        }


def _due_words(recent: sa.CTE) -> sa.ScalarSelect[Any]:
    """For each of `:days` the words with the lowest recall, as JSON objects."""
    language = language_of(recent)
    days = sa.cast(sa.bindparam("days"), ARRAY(sa.Date))
    day = (
        sa.func.unnest(days).table_valued(sa.column("today", sa.Date), name="day").render_derived()
    )
    lowest = (
        sa.select(_m.word, _m.stability, _m.tested_on, _m.last_outcome)
        .where(is_of_learner, _m.language == language, _m.due_on <= day.c.today)
        .order_by(((day.c.today - _m.tested_on) / _m.stability).desc(), _m.word.collate("C"))
        .limit(sa.literal_column(str(MOST_WORDS)))
        .lateral("lowest")
    )
    # One look-up for each of these few, whatever the planner expects of all the learner's words.
    words = WORDS.selected_columns
    is_it = (words.language == language, words.word == lowest.c.word)
    seen = WORDS.where(*is_it).limit(sa.literal_column("1")).lateral("seen")
    due = (
        sa.select(day.c.today, *lowest.c, seen.c.times_seen, seen.c.last_seen)
        .select_from(day.join(lowest, sa.true()).join(seen, sa.true()))
        .subquery("due")
    )
    rows = sa.func.json_agg(sa.func.to_json(sa.literal_column("due")))
    return sa.select(rows).select_from(due).scalar_subquery()


def _met_words(recent: sa.CTE) -> sa.ScalarSelect[Any]:
    """The words of the recent sessions without a known recall: times_seen and last_seen, of all sessions.

    The words are one array, so that one scan of the index finds them all.
    """
    named = sa.select(sa.func.unnest(recent.c.vocabulary_learned)).distinct().scalar_subquery()
    met = sa.select(sa.func.array(named).label("words")).cte("met")
    met = met.prefix_with("MATERIALIZED", dialect="postgresql")
    words = sa.any_(sa.cast(sa.select(met.c.words).scalar_subquery(), ARRAY(sa.Text)))
    language = language_of(recent)
    tested = sa.select(_m.word).where(is_of_learner, _m.language == language, _m.word == words)
    seen = WORDS.subquery("seen").c
    in_order = (seen.times_seen, seen.last_seen, seen.word.collate("C"))
    least = (
        sa.select(seen.word, seen.times_seen, seen.last_seen)
        .where(seen.language == language, seen.word == words, seen.word.not_in(tested))
        .order_by(*in_order)
        .limit(sa.literal_column(str(_MOST_MET)))
        .subquery("least")
    )
    facts = sa.func.json_build_array(least.c.times_seen, least.c.last_seen)
    return sa.select(sa.func.json_object_agg(least.c.word, facts)).scalar_subquery()


def _due(row: dict[str, Any], today: date) -> dict[str, Any]:
    tested_on = date.fromisoformat(row["tested_on"])
    return {
        "word": row["word"],
        "reason": "forgotten" if row["last_outcome"] == "again" else "due",
        "recall": round(recall(row["stability"], tested_on, today), 4),
        "last_seen": stamp(datetime.fromisoformat(row["last_seen"])),
        "times_seen": row["times_seen"],
    }


def _met(times_seen: int, last_seen: datetime, word: str) -> dict[str, Any]:
    return {
        "word": word,
        "reason": "new" if times_seen == 1 else "rarely met",
        "recall": None,
        "last_seen": stamp(last_seen),
        "times_seen": times_seen,
    }
