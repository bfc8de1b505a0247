"""The learner's words, and how well each is remembered."""

from collections import Counter
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions import cursors
from vorex_sessions.database import run, run_large
from vorex_sessions.growth.store import ZONE_NAME
from vorex_sessions.growth.words import WORDS
from vorex_sessions.hooks.freshness import today_of
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.hooks.projections import DERIVED_VERSION
from vorex_sessions.hooks.rebuild import run_current
from vorex_sessions.models import learner_memories
from vorex_sessions.periods import ONE_DAY, stamp
from vorex_sessions.recall.memory import KNOWN_FROM, recall
from vorex_sessions.recall.projection import is_of_learner
from vorex_sessions.text import without_accents

_m = learner_memories.c
_LEARNER = sa.select(
    DERIVED_VERSION.label("derived_version"),
    ZONE_NAME.label("zone_name"),
    DAY_STARTS_AT.label("day_starts_at"),
)


def _words(*, by_status: bool) -> sa.Select[Any]:
    """A page of words with the number of matches; at least one row."""
    named = WORDS.selected_columns.word
    # In the collation "C" only ASCII has case; `:others` are the words beyond ASCII that contain `:q`.
    of_language = _is_of_language(WORDS.selected_columns)
    contains = sa.func.strpos(sa.func.lower(named.collate("C")), sa.bindparam("q"))
    others = sa.any_(sa.bindparam("others", type_=ARRAY(sa.Text)))
    seen = WORDS.where(of_language, sa.or_(contains > sa.literal_column("0"), named == others))
    if by_status:
        remembered = _with_memory(seen.subquery("seen")).subquery("remembered")
        is_wanted = remembered.c.status == sa.cast(sa.bindparam("status"), sa.Text)
        matching = sa.select(remembered).where(is_wanted).cte("matching")
    else:  # the memories of one page are enough
        inline = "NOT MATERIALIZED"
        matching = seen.cte("matching").prefix_with(inline, dialect="postgresql")
    place = (matching.c.word.collate("C"), matching.c.language.collate("C"))
    page = (
        sa.select(matching)
        .where(sa.tuple_(*place) > sa.tuple_(*_AFTER))
        .order_by(*place)
        .limit(sa.bindparam("limit"))
        .subquery("words")
    )
    if not by_status:
        page = _with_memory(page).subquery("page")
    counted = sa.select(sa.func.count().label("total")).select_from(matching).subquery("counted")
    return (
        sa.select(counted.c.total, page)
        .select_from(counted.outerjoin(page, sa.true()))
        .order_by(page.c.word.collate("C"), page.c.language.collate("C"))
    )


# The word to continue after, and its language.
_AFTER = tuple(sa.cast(sa.bindparam(name), sa.Text) for name in ("after", "after_language"))
_wanted = sa.cast(sa.bindparam("language"), sa.Text)


def _is_of_language(words: Any) -> sa.ColumnElement[bool]:
    return sa.or_(_wanted.is_(None), words.language == _wanted)


def _with_memory(words: sa.Subquery) -> sa.Select[Any]:
    """The words with their memories and statuses."""
    status = sa.case(
        (_m.due_on <= sa.bindparam("today"), sa.literal_column("'due'")),
        (_m.stability >= sa.literal_column(str(KNOWN_FROM)), sa.literal_column("'known'")),
        else_=sa.literal_column("'learning'"),
    )
    memory = (_m.times_tested, _m.last_outcome, _m.stability, _m.tested_on, _m.due_on)
    is_its = (_m.language == words.c.language, _m.word == words.c.word)
    joined = words.outerjoin(learner_memories, sa.and_(is_of_learner, *is_its))
    return sa.select(*words.c, *memory, status.label("status")).select_from(joined)


_WORDS = {by_status: _words(by_status=by_status) for by_status in (False, True)}


_AT_ONCE = 2000  # words: Python compares them in some 6 ms, then other requests have their turn


def _words_beyond_ascii() -> sa.Select[Any]:
    """Some of the learner's words beyond ASCII, after a word of a language; in the order of their index."""
    seen = WORDS.subquery("seen").c
    after = sa.tuple_(*reversed(_AFTER))
    return (
        sa.select(seen.language, seen.word)
        .where(
            _is_of_language(seen),
            sa.tuple_(seen.language, seen.word) > after,
            sa.func.octet_length(seen.word) > sa.func.char_length(seen.word),
        )
        .order_by(seen.language, seen.word)
        .limit(sa.literal_column(str(_AT_ONCE)))
    )


_WORDS_BEYOND_ASCII = _words_beyond_ascii()


def _others(learner_id: str, q: str, language: str | None) -> list[str]:
    """The words beyond ASCII that contain `q`, in any case: PostgreSQL 15 has no case folding."""
    found: list[str] = []
    parameters = {"user_id": learner_id, "language": language, "after": "", "after_language": ""}
    while rows := run(_WORDS_BEYOND_ASCII, parameters):
        found += [row.word for row in rows if q in without_accents(row.word)]
        if len(rows) < _AT_ONCE:
            break
        parameters |= {"after": rows[-1].word, "after_language": rows[-1].language}
    return found


FORECAST_DAYS = 14


def _counts() -> sa.Select[Any]:
    """How many words have each status, those that are due within two weeks by day."""
    seen = WORDS.where(_is_of_language(WORDS.selected_columns)).subquery("seen")
    words = _with_memory(seen).subquery("remembered").c
    is_soon = words.due_on.between(sa.bindparam("tomorrow"), sa.bindparam("until"))
    soon = sa.case((is_soon, words.due_on)).label("soon")
    counted = sa.select(words.status, soon, sa.func.count().label("words"))
    return counted.group_by(words.status, soon)


_COUNTS = _counts()


def count_words(
    learner_id: str, *, language: str | None = None, zone_name: str | None = None, now: datetime
) -> dict[str, Any]:
    """How many of the learner's words have each status, and how many become due on each of the next days."""
    today = _today(learner_id, zone_name, now)
    days = [today + age * ONE_DAY for age in range(1, FORECAST_DAYS + 1)]
    parameters = {"user_id": learner_id, "today": today, "language": language}
    rows = run_large(_COUNTS, parameters | {"tomorrow": days[0], "until": days[-1]})
    counts: Counter[Any] = Counter()
    for row in rows:
        counts.update({row.status: row.words, row.soon: row.words})
    return {
        **{status: counts[status] for status in ("due", "learning", "known")},
        "forecast": [{"date": day, "words": counts[day]} for day in days],
    }


def _today(learner_id: str, zone_name: str | None, now: datetime) -> date:
    (learner,) = run_current(_LEARNER, {"user_id": learner_id})
    return today_of(now, zone_name or learner.zone_name or "UTC", learner.day_starts_at)


def list_words(
    learner_id: str,
    *,
    limit: int,
    status: str | None = None,
    language: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    zone_name: str | None = None,
    now: datetime,
) -> dict[str, Any]:
    """A page of the learner's words by name, with how well each is remembered. Raises Invalid."""
    filters = {"status": status, "q": q} | ({"language": language} if language else {})
    after, after_language = _after(cursor, filters)
    today = _today(learner_id, zone_name, now)
    phrase = without_accents(q or "") or q or ""  # an accent alone is in no word
    parameters = {
        "user_id": learner_id,
        "today": today,
        "status": status,
        "q": phrase,
        "language": language,
        "others": _others(learner_id, phrase, language) if phrase else [],
        "after": after,
        "after_language": after_language,
        "limit": limit + 1,
    }
    rows = run_large(_WORDS[status is not None], parameters)
    words = [row for row in rows if row.word is not None]
    shown, has_more = words[:limit], len(words) > limit
    return {
        "words": [_shown(row, today) for row in shown],
        "total": rows[0].total,
        "limit": limit,
        "has_more": has_more,
        "next_cursor": cursors.write(_place(shown[-1]), filters) if has_more else None,
    }


def _shown(row: Any, today: Any) -> dict[str, Any]:
    tested = row.stability is not None
    return {
        "language": row.language,
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


_AFTER_ALL = "~"  # comes after every tag; cursors of the release before have no language


def _place(row: Any) -> bytes:
    return f"{row.word}\0{row.language}".encode()


def _after(cursor: str | None, filters: dict[str, str | None]) -> tuple[str, str]:
    """The word to continue after, and its language. Raises Invalid."""
    try:
        place = cursors.read(cursor, filters).decode() if cursor is not None else "\0"
    except UnicodeDecodeError:
        raise cursors.invalid() from None
    word, *language = place.split("\0")
    if len(language) > 1:
        raise cursors.invalid()
    return word, language[0] if language else _AFTER_ALL
