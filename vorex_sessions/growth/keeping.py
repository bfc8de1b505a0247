"""What this capability keeps about a learner, and how it keeps up with the sessions.

A row of learner_totals that is missing is made from the sessions when it is next needed: that is how
deletes, corrections and purges are followed, and how learners from before this capability come in.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions import locks
from vorex_sessions.extensions import Ask, ask, setting, together
from vorex_sessions.growth import unlocking
from vorex_sessions.growth.catalogue import BY_KEY
from vorex_sessions.growth.standing import Standing, from_columns, is_late
from vorex_sessions.growth.streaks import streak
from vorex_sessions.growth.unlocking import Unlock
from vorex_sessions.learner_data import Derived, Export, Members, of_learner
from vorex_sessions.models import (
    learner_achievements,
    learner_totals,
    learner_words,
    session_results,
)

_s = session_results.c
_SESSIONS = sa.select(
    _s.session_result_id,
    _s.session_type,
    _s.duration_seconds,
    _s.words_spoken,
    _s.pronunciation_score,
    _s.fluency_score,
    _s.grammar_score,
    _s.vocabulary_learned,
    _s.completed_at,
    _s.practiced_on,
    _s.timezone,
).where(_s.user_id == sa.bindparam("user_id"))
_LOCKED_SESSIONS = locks.exclusive(
    "SELECT session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score, "
    "fluency_score, grammar_score, vocabulary_learned, completed_at, practiced_on, timezone "
    "FROM session_results WHERE user_id = CAST(:user_id AS uuid)"
)
TOTALS = (
    "SELECT to_jsonb(totals) FROM learner_totals AS totals WHERE user_id = CAST(:user_id AS uuid)"
)
_BESIDE = f"""
SELECT jsonb_build_object(
    'totals', ({TOTALS}),
    'known_words', (
        SELECT coalesce(jsonb_agg(word), '[]') FROM learner_words
        WHERE user_id = CAST(:user_id AS uuid)
            AND word IN (SELECT unnest(vocabulary_learned) FROM new)))
"""  # noqa: S608  # our own text


@dataclass(frozen=True)
class _Change:
    """What to write: the new totals, words and unlocks; `whole`: the words are all there are."""

    standing: Standing
    words: Collection[str]
    unlocks: Sequence[Unlock]
    whole: bool


@lru_cache(maxsize=8)
def _store_statement(words: bool, unlocks: bool, whole: bool) -> sa.TextClause:
    """One statement, of the parts that have something to do; returns what was unlocked just now."""
    names = [column.name for column in learner_totals.c]
    values = ", ".join(f"{name} = excluded.{name}" for name in names if name != "user_id")
    parts = [
        f"""totals AS (
        INSERT INTO learner_totals ({", ".join(names)})
        SELECT {", ".join(names)}
        FROM jsonb_populate_record(NULL::learner_totals, CAST(:totals AS jsonb))
        ON CONFLICT (user_id) DO UPDATE SET {values})"""  # noqa: S608  # our own names
    ]
    if whole:
        parts.append("""gone AS (
        DELETE FROM learner_words
        WHERE user_id = CAST(:user_id AS uuid) AND word <> ALL(CAST(:words AS text[])))""")
    if words:
        parts.append("""met AS (
        INSERT INTO learner_words (user_id, word)
        SELECT CAST(:user_id AS uuid), unnest(CAST(:words AS text[]))
        ON CONFLICT (user_id, word) DO NOTHING)""")
    if not unlocks:
        return sa.text(f"WITH {', '.join(parts)} SELECT 1 WHERE false")
    parts.append("""unlocked AS (
        INSERT INTO learner_achievements (user_id, achievement, unlocked_at, session_result_id)
        SELECT CAST(:user_id AS uuid), reached.*
        FROM jsonb_to_recordset(CAST(:unlocks AS jsonb)) AS reached (
            achievement text, unlocked_at timestamptz, session_result_id uuid)
        ON CONFLICT (user_id, achievement) DO NOTHING
        RETURNING achievement, unlocked_at, session_result_id)""")
    return sa.text(
        f"WITH {', '.join(parts)} "  # noqa: S608  # our own text
        "SELECT achievement, unlocked_at, session_result_id FROM unlocked"
    )


def _store(within: Ask, learner_id: str, change: _Change) -> list[Unlock]:
    totals = {"user_id": learner_id, **change.standing.columns()}
    rows = within(
        _store_statement(bool(change.words), bool(change.unlocks), change.whole),
        {
            "user_id": learner_id,
            "totals": orjson.dumps(totals).decode(),
            "words": sorted(change.words),
            "unlocks": orjson.dumps([unlock._asdict() for unlock in change.unlocks]).decode(),
        },
    )
    return [Unlock(row[0], row[1], str(row[2])) for row in rows]


def _words(sessions: Sequence[Any]) -> set[str]:
    return {word for session in sessions for word in session.vocabulary_learned}


def _saved(
    within: Ask, learner_id: str, new: Sequence[Any], beside: dict[str, Any], now: datetime
) -> Members:
    """Follow a save: totals, words and unlocks; returns what the learner is told of it."""
    shortest = setting("STREAK_MIN_SECONDS")
    ids = {str(session.session_result_id) for session in new}
    before = from_columns(beside["totals"]) if beside["totals"] else None
    unlocks: list[Unlock] = []
    every = None
    if before is None or is_late(before, new):
        every = within(_SESSIONS, {"user_id": learner_id})
    whole = before is None
    if before is None and every is not None:
        old = [session for session in every if str(session.session_result_id) not in ids]
        before, unlocks = unlocking.added_up(old, shortest)
        beside = {"known_words": _words(old)}
    assert before is not None  # noqa: S101  # made above where it was missing
    if every is not None and is_late(before, new):
        after, reached = unlocking.added_up(every, shortest)
        reached = unlocking.brought_by(new, reached, before)
    else:
        after, reached = unlocking.added_up(
            new, shortest, before=before, known_words=beside["known_words"]
        )
    words = _words(every if whole and every is not None else new)
    done = _store(within, learner_id, _Change(after, words, [*unlocks, *reached], whole))
    return _members(after, [one._asdict() for one in done], ids, now)


def _members(
    standing: Standing, unlocks: Sequence[Any], ids: Collection[str], now: datetime
) -> Members:
    order = list(BY_KEY)
    known = sorted(
        (one for one in unlocks if one["achievement"] in BY_KEY),
        key=lambda one: (one["unlocked_at"], order.index(one["achievement"])),
    )
    summary = streak(standing, zone_name=standing.timezone or "UTC", now=now)
    return {
        name: {
            "achievements_unlocked": [
                unlocking.shown(BY_KEY[one["achievement"]], standing, one)
                for one in known
                if one["session_result_id"] == name
            ],
            "streak": summary,
        }
        for name in ids
    }


_REPEATED = sa.text(f"""
SELECT found.totals, unlocked.achievement, unlocked.unlocked_at, unlocked.session_result_id
FROM (SELECT ({TOTALS}) AS totals) AS found
LEFT JOIN learner_achievements AS unlocked
    ON unlocked.user_id = CAST(:user_id AS uuid)
    AND unlocked.session_result_id = ANY(CAST(:ids AS uuid[]))
""")  # noqa: S608  # our own text


def _repeated(learner_id: str, ids: Sequence[str], now: datetime) -> Members:
    """What a save has brought, and the streak as it is now."""
    rows = asked_with_totals(_REPEATED, {"user_id": learner_id, "ids": list(ids)})
    unlocks = [row._asdict() for row in rows if row.achievement]
    return _members(from_columns(rows[0].totals), unlocks, ids, now)


def asked_with_totals(statement: sa.Executable, parameters: dict[str, Any]) -> Sequence[Any]:
    """The rows of a question whose column `totals` is the learner's row, made first where it is missing."""
    rows = ask(statement, parameters)
    if rows[0].totals is None:
        rebuild(parameters["user_id"])
        rows = ask(statement, parameters)
    return rows


def rebuild(learner_id: str) -> None:
    """Make everything anew from the sessions. What was unlocked stays, and more may be."""
    shortest = setting("STREAK_MIN_SECONDS")
    mine = {"user_id": learner_id, "learner_lock": locks.key(learner_id)}

    def work(within: Ask) -> None:
        sessions = within(_LOCKED_SESSIONS, mine)
        standing, unlocks = unlocking.added_up(sessions, shortest)
        _store(within, learner_id, _Change(standing, _words(sessions), unlocks, whole=True))

    together(work)


DERIVED = Derived(
    beside=_BESIDE,
    saved=_saved,
    repeated=_repeated,
    forget="DELETE FROM learner_totals WHERE user_id = CAST(:user_id AS uuid)",
)

_TABLES = (learner_achievements, learner_totals, learner_words)


def _export(member: str, table: Any, *order: sa.Column[Any]) -> Export:
    columns = [column for column in table.c if column.name != "user_id"]
    return Export(member, of_learner(table, *columns).order_by(*order))


EXPORTS = (
    _export("achievements", learner_achievements, learner_achievements.c.unlocked_at),
    _export("totals", learner_totals),
    _export("words", learner_words, learner_words.c.word),
)


def erase(connection: sa.Connection, learner_id: str) -> int:
    """Delete everything derived, and what was unlocked; none of it is a session."""
    for table in _TABLES:
        connection.execute(table.delete().where(table.c.user_id == learner_id))
    return 0
