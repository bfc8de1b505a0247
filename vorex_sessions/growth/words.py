"""The words that a learner's sessions name, with counts. This module alone writes `learner_words`."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vorex_sessions.hooks.learner_rows import upsert
from vorex_sessions.models import USER_ID, learner_words, session_results
from vorex_sessions.turns import in_turns

_w = learner_words.c
_KEY = ("language", "word")
# The words of the learner `:user_id`, for queries of other capabilities.
WORDS = sa.select(_w.language, _w.word, _w.times_seen, _w.first_seen, _w.last_seen).where(
    _w.user_id == USER_ID
)
NO_WORDS = sa.delete(learner_words).where(_w.user_id == USER_ID)


def words_of(session: Any) -> list[str]:
    """The words that a session names, as learned or in an exercise; repeats stay."""
    return [*session.vocabulary_learned, *(result["word"] for result in session.vocabulary_results)]


# The words of each language.
Words = Mapping[str, Collection[str]]


def all_words(sessions: Iterable[Any]) -> dict[str, set[str]]:
    """The words that any of the sessions names, by language."""
    words: dict[str, set[str]] = {}
    for session in in_turns(sessions):
        words.setdefault(session.language, set()).update(words_of(session))
    return words


def add_new(new: sa.CTE, *, is_large: bool) -> sa.CTE:
    """Add the words of the sessions in `new`; returns them with `is_new`, whether they had no row."""
    return _add_many(new) if is_large else _add_few(new)


def _add_few(new: sa.CTE) -> sa.CTE:
    seen = _seen_in(new).subquery("seen")
    counted = insert(learner_words).from_select(
        ["user_id", *(column.name for column in seen.c)],
        sa.select(USER_ID, *seen.c).order_by(seen.c.language, seen.c.word),
    )
    counted = counted.on_conflict_do_update(
        index_elements=["user_id", *_KEY], set_=_merged(counted.excluded)
    )
    # An updated row has the id of this transaction there.
    is_new = sa.literal_column("xmax = 0", sa.Boolean)
    return counted.returning(_w.language, _w.word, is_new.label("is_new")).cte("counted_words")


def _add_many(new: sa.CTE) -> sa.CTE:
    """For many thousand words: in half the time, but it reads all words of the learner; new words only.

    Behind the learner's lock nobody else adds any, so there is no conflict.
    """
    seen = _seen_in(new).cte("seen")
    is_it = _is_word_of(_w, seen)
    updated = learner_words.update().where(is_it).values(**_merged(seen.c)).cte("updated_words")
    stored = learner_words.alias("stored")
    is_stored = sa.exists().where(_is_word_of(stored.c, seen))
    added = insert(learner_words).from_select(
        ["user_id", *(column.name for column in seen.c)],
        sa.select(USER_ID, *seen.c).where(~is_stored).add_cte(updated),
    )
    return added.returning(_w.language, _w.word, sa.true().label("is_new")).cte("counted_words")


def _is_word_of(words: Any, seen: sa.CTE) -> sa.ColumnElement[bool]:
    is_same = (words[name] == seen.c[name] for name in _KEY)
    return sa.and_(words.user_id == USER_ID, *is_same)


def new_words(counted: sa.CTE) -> sa.ScalarSelect[Any]:
    """The words that `add_new` added, by language, as one JSON object; NULL for none."""
    words = sa.func.array_agg(counted.c.word).label("words")
    of_language = sa.select(counted.c.language, words).where(counted.c.is_new)
    grouped = of_language.group_by(counted.c.language).subquery("new_words")
    by_language = sa.func.json_object_agg(grouped.c.language, grouped.c.words)
    return sa.select(by_language).scalar_subquery()


def _merged(added: Any) -> dict[str, Any]:
    return {
        "times_seen": _w.times_seen + added.times_seen,
        "first_seen": sa.func.least(_w.first_seen, added.first_seen),
        "last_seen": sa.func.greatest(_w.last_seen, added.last_seen),
    }


def named_in(sessions: sa.FromClause) -> sa.ColumnElement[str]:
    """The words that each session names, beside `sessions` in the FROM clause."""
    learned = sa.select(sa.func.unnest(sessions.c.vocabulary_learned).label("word"))
    result = sa.func.jsonb_array_elements(sessions.c.vocabulary_results).table_valued("value")
    tested = sa.select(result.c.value.op("->>")(sa.literal_column("'word'")))
    # UNION: a word counts once per session.
    both = sa.union(learned.correlate(sessions), tested.correlate(sessions))
    word: sa.ColumnElement[str] = both.lateral("named").c.word
    return word


def _seen_in(sessions: sa.FromClause) -> Any:
    """Each word of a language with times_seen, first_seen and last_seen."""
    language, word, at = sessions.c.language, named_in(sessions), sessions.c.completed_at
    return (
        sa.select(
            *(language, word),
            sa.func.count().label("times_seen"),
            sa.func.min(at).label("first_seen"),
            sa.func.max(at).label("last_seen"),
        )
        .select_from(sessions)
        .group_by(language, word)
    )


def _replace() -> tuple[sa.CTE, sa.CTE]:
    """Remove what no session names, and write what differs, as CTEs of one statement."""
    seen = _seen_in(session_results).where(session_results.c.user_id == USER_ID).cte("seen")
    rows = sa.select(USER_ID, *seen.c).order_by(seen.c.language, seen.c.word)
    is_seen = sa.exists().where(*(seen.c[name] == _w[name] for name in _KEY))
    removed = sa.delete(learner_words).where(_w.user_id == USER_ID, ~is_seen)
    return removed.cte("removed"), upsert(learner_words, _KEY, rows).cte("written")


REPLACE = _replace()
