"""The words that a learner's sessions name, with counts. This module alone writes `learner_words`."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from vorex_sessions.database import prepared
from vorex_sessions.hooks.learner_rows import upsert
from vorex_sessions.hooks.projections import SaveEvent
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


def found_words(new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
    """What `known_before` reads: [language, words, times seen or null] of each language, as JSON.

    They are the words that `insert_cte` returned in `inserted`; without it, those that are there already.
    """
    found: sa.FromClause = _known(new) if inserted is None else inserted
    is_counted = "times_seen" in found.c
    times = sa.func.array_agg(found.c.times_seen) if is_counted else sa.null()
    words = sa.func.array_agg(found.c.word)
    by_language = (
        sa.select(found.c.language, words.label("words"), times.label("times"))
        .group_by(found.c.language)
        .subquery("found")
    )
    return sa.select(sa.func.json_agg(sa.func.json_build_array(*by_language.c))).scalar_subquery()


def _known(new: sa.CTE) -> sa.Subquery:
    """The words of the sessions in `new` that have a row.

    One look-up for each, since PostgreSQL would join by reading all words of the learner.
    """
    named = sa.select(new.c.language, named_in(new)).select_from(new).distinct().subquery("named")
    row = sa.select(_w.times_seen).where(_is_word_of(_w, named)).scalar_subquery()
    return sa.select(named.c.language, named.c.word).where(row.is_not(None)).subquery("known")


def known_before(found: Sequence[Any] | None, sessions: Sequence[Any]) -> Words:
    """Those of `found_words` that were there before the sessions.

    Where they are counted, this save included: those seen more often than its sessions name them.
    """
    known: dict[str, Collection[str]] = {}
    for language, words, times in found or ():
        known[language] = words
        if times is not None:  # a few thousand at most
            named = _named_by(sessions, language) if len(sessions) > 1 else {}
            seen = zip(words, times, strict=True)
            # A session alone names each word once.
            known[language] = [word for word, count in seen if count > named.get(word, 1)]
    return known


def _named_by(sessions: Iterable[Any], language: str) -> Counter[str]:
    """How many of the sessions name each word of a language."""
    of_language = (session for session in sessions if session.language == language)
    return Counter(word for session in of_language for word in set(words_of(session)))


def _is_word_of(words: Any, seen: sa.FromClause) -> sa.ColumnElement[bool]:
    is_same = (words[name] == seen.c[name] for name in _KEY)
    return sa.and_(words.user_id == USER_ID, *is_same)


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


def _seen_in(sessions: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Each word of a language with times_seen, first_seen and last_seen, in sessions of one learner.

    Grouped by the learner, too: where there are several machines, each row is then known to stay on its own.
    """
    of, word, at = sessions.c, named_in(sessions), sessions.c.completed_at
    return (
        sa.select(
            *(of.user_id, of.language, word),
            sa.func.count().label("times_seen"),
            sa.func.min(at).label("first_seen"),
            sa.func.max(at).label("last_seen"),
        )
        .select_from(sessions)
        .where(*conditions)
        .group_by(of.user_id, of.language, word)
    )


_stored = session_results.c
_IS_MINE = _stored.user_id == USER_ID
_IDS = sa.cast(sa.bindparam("saved_ids"), ARRAY(sa.Uuid(as_uuid=False)))
_SAVED = _seen_in(session_results, _IS_MINE, _stored.session_result_id == sa.any_(_IDS))


def _add_few(seen: sa.Select[Any]) -> Insert:
    """Add words, or count them up."""
    added = insert(learner_words).from_select(list(seen.selected_columns.keys()), seen)
    return added.on_conflict_do_update(
        index_elements=["user_id", *_KEY], set_=_merged(added.excluded)
    )


def _add_many(seen: Any) -> tuple[sa.Update, Insert]:
    """The same for many thousand words: in half the time, but it reads all words of the learner.

    Behind the learner's lock nobody else adds any, so there is no conflict.
    """
    updated = learner_words.update().where(_is_word_of(_w, seen)).values(**_merged(seen.c))
    stored = learner_words.alias("stored")
    is_stored = sa.exists().where(_is_word_of(stored.c, seen))
    rows = sa.select(*seen.c).where(~is_stored)
    return updated, insert(learner_words).from_select(list(seen.c.keys()), rows)


def insert_cte(new: sa.CTE, *, is_large: bool) -> sa.CTE:
    """Add the words of the sessions in `new`.

    Returns all of them with their counts, or where they are many only those that were there before.
    """
    if not is_large:
        added = _add_few(_seen_in(new)).returning(_w.language, _w.word, _w.times_seen)
        return added.cte("counted_words")
    updated, inserted = _add_many(_seen_in(new).cte("seen"))
    known = updated.returning(_w.language, _w.word)
    return known.add_cte(inserted.cte("added_words")).cte("known_words")


_INSERT = {False: (prepared(_add_few(_SAVED)),), True: _add_many(_SAVED.subquery("seen"))}


def defer_insert(event: SaveEvent, *, is_large: bool) -> None:
    """Add the words of the saved sessions."""
    # A literal of an array: ARRAY[…] of texts is none of ids for a prepared statement.
    saved_ids = "{" + ",".join(event.saved_ids) + "}"
    parameters = {"user_id": event.learner_id, "saved_ids": saved_ids}
    for statement in _INSERT[is_large]:
        event.transaction.defer(statement, parameters)


def _replace() -> tuple[sa.Executable, ...]:
    """Write what differs, then remove what no session names: nothing, as a rule.

    `:distinct_words` are the words that sessions name; where there are no more, none is looked for.
    """
    seen = _seen_in(session_results, _IS_MINE)
    written = upsert(learner_words, _KEY, seen)
    stored = learner_words.alias("stored")
    count = sa.select(sa.func.count()).where(stored.c.user_id == USER_ID).scalar_subquery()
    named = seen.subquery("seen")
    is_seen = sa.exists().where(*(named.c[name] == _w[name] for name in _KEY))
    are_more = count > sa.bindparam("distinct_words", type_=sa.Integer)
    return written, sa.delete(learner_words).where(_w.user_id == USER_ID, are_more, ~is_seen)


REPLACE = _replace()
