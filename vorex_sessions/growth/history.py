"""All sessions of a learner as totals need them: without texts, since PostgreSQL counts the words."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions.database import Transaction
from vorex_sessions.growth.words import Words, named_in
from vorex_sessions.models import USER_ID, session_results

_NAMES = (
    "session_result_id session_type duration_seconds words_spoken pronunciation_score fluency_score "
    "grammar_score completed_at timezone practiced_on language"
).split()
_without = sa.cast(sa.bindparam("without"), ARRAY(sa.Uuid(as_uuid=False)))
_is_counted = sa.and_(
    session_results.c.user_id == USER_ID, session_results.c.session_result_id != sa.all_(_without)
)


def _history() -> sa.Select[Any]:
    """The sessions in the order of their days, each with `new_words`: how many no earlier one names."""
    stored = session_results.c
    in_order = (stored.practiced_on, stored.completed_at, stored.session_result_id)
    counted = (
        sa.select(
            *(stored[name] for name in _NAMES),
            *(stored.vocabulary_learned, stored.vocabulary_results),
            sa.func.row_number().over(order_by=in_order).label("place"),
        )
        .where(_is_counted)
        .cte("counted")
    )
    word = named_in(counted)
    first = sa.select(word, sa.func.min(counted.c.place).label("place")).select_from(counted)
    first_named = first.group_by(counted.c.language, word).subquery("first_named")
    new = (
        sa.select(first_named.c.place, sa.func.count().label("words"))
        .group_by(first_named.c.place)
        .subquery("new")
    )
    words = sa.func.coalesce(new.c.words, sa.literal_column("0")).label("new_words")
    return (
        sa.select(*(counted.c[name] for name in _NAMES), words)
        .select_from(counted.outerjoin(new, new.c.place == counted.c.place))
        .order_by(counted.c.place)
    )


_HISTORY = _history()


def read(
    transaction: Transaction, learner_id: str, *, without: Collection[str] = ()
) -> Sequence[Any]:
    """The sessions with `new_words`; `without` those that have these ids."""
    return transaction.run(_HISTORY, {"user_id": learner_id, "without": list(without)})


_days = session_results.c.practiced_on
_SECONDS = (
    sa.select(_days, sa.func.sum(session_results.c.duration_seconds).label("seconds"))
    .where(_is_counted)
    .group_by(_days)
)


def seconds_by_day(
    transaction: Transaction, learner_id: str, *, without: Collection[str]
) -> Counter[date]:
    """The seconds practised on each day, without the sessions that have these ids."""
    rows = transaction.run(_SECONDS, {"user_id": learner_id, "without": list(without)})
    return Counter({row.practiced_on: row.seconds for row in rows})


def _known() -> sa.Select[Any]:
    names = ("vocabulary_learned", "vocabulary_results", "language")
    counted = sa.select(*(session_results.c[name] for name in names)).where(_is_counted)
    sessions = counted.cte("counted")
    word = named_in(sessions)
    wanted = sa.any_(sa.cast(sa.bindparam("words"), ARRAY(sa.Text)))
    known = sa.select(sessions.c.language, word).select_from(sessions)
    return known.where(word == wanted).distinct()


_KNOWN = _known()


def known_words(
    transaction: Transaction, learner_id: str, words: Words, *, without: Collection[str]
) -> dict[str, set[str]]:
    """Those of the words that other sessions name than the ones that have these ids, by language.

    A word of one language may be among those of another.
    """
    wanted = set().union(*words.values())
    parameters = {"user_id": learner_id, "words": list(wanted), "without": list(without)}
    known: dict[str, set[str]] = {}
    for row in transaction.run(_KNOWN, parameters):
        known.setdefault(row.language, set()).add(row.word)
    return known
