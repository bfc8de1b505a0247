"""What this capability keeps about a learner, and how it keeps up with the sessions.

A row of learner_totals that is missing is made from the sessions when it is next needed: that is how
deletes, corrections and purges are followed, and how learners from before this capability come in.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions import locks
from vorex_sessions.extensions import Ask, ask, setting, together
from vorex_sessions.growth import unlocking
from vorex_sessions.growth.catalogue import BY_KEY
from vorex_sessions.growth.standing import Standing, from_columns, is_late
from vorex_sessions.growth.storing import store
from vorex_sessions.growth.streaks import streak
from vorex_sessions.learner_data import Derived, Export, Members, of_learner
from vorex_sessions.models import (
    learner_achievements,
    learner_totals,
    learner_words,
)

_EVERY = """
SELECT session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score,
    fluency_score, grammar_score, vocabulary_learned, completed_at, practiced_on, timezone
FROM session_results WHERE user_id = CAST(:user_id AS uuid)
"""
_SESSIONS, _LOCKED_SESSIONS = sa.text(_EVERY), locks.exclusive(_EVERY)
_FORGET_TOTALS = "DELETE FROM learner_totals WHERE user_id = CAST(:user_id AS uuid)"
_FORGET_WORDS = "DELETE FROM learner_words WHERE user_id = CAST(:user_id AS uuid)"
_FORGET = f"{_FORGET_TOTALS};\n{_FORGET_WORDS}"
_CLEAR = sa.text(_FORGET)
TOTALS = "SELECT row_to_json(totals) FROM learner_totals AS totals WHERE user_id = CAST(:user_id AS uuid)"
_WRITES = """met AS (
    INSERT INTO learner_words (user_id, word)
    SELECT DISTINCT user_id, unnest(vocabulary_learned) FROM new
    ON CONFLICT (user_id, word) DO NOTHING
    RETURNING word)"""
_BESIDE = f"""
SELECT json_build_object('totals', ({TOTALS}), 'new_words', ARRAY(SELECT word FROM met))
"""  # noqa: S608  # our own text


def _words(sessions: Sequence[Any]) -> set[str]:
    return {word for session in sessions for word in session.vocabulary_learned}


def _saved(
    within: Ask, learner_id: str, new: Sequence[Any], beside: dict[str, Any], now: datetime
) -> Members:
    """Follow a save: totals, words and unlocks; returns what the learner is told of it."""
    shortest = setting("STREAK_MIN_SECONDS")
    ids = {str(session.session_result_id) for session in new}
    if beside["totals"] is None:
        return _first_saved(within, learner_id, new, now)
    before = from_columns(beside["totals"])
    if is_late(before, new):
        after, reached = unlocking.added_up(within(_SESSIONS, {"user_id": learner_id}), shortest)
        reached = unlocking.brought_by(new, reached, before)
    else:
        known = _words(new).difference(beside["new_words"])
        after, reached = unlocking.added_up(new, shortest, before=before, known_words=known)
    done = store(within, learner_id, after, reached)
    return _members(after, [one._asdict() for one in done], ids, now)


def _first_saved(within: Ask, learner_id: str, new: Sequence[Any], now: datetime) -> Members:
    """Follow a save where nothing is derived yet: first what was there before it, then the save."""
    shortest = setting("STREAK_MIN_SECONDS")
    ids = {str(session.session_result_id) for session in new}
    every = within(_SESSIONS, {"user_id": learner_id})
    old = [session for session in every if str(session.session_result_id) not in ids]
    before, unlocks = unlocking.added_up(old, shortest)
    after, reached = unlocking.added_up(every, shortest)
    unlocks += unlocking.brought_by(new, reached, before)
    done = store(within, learner_id, after, unlocks, _words(every))
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
    """The rows of a question whose column `totals` is the learner's row, made first where it is missing.

    It stays missing (None) for a learner without sessions.
    """
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
        if not sessions:  # nothing is kept about who has none
            within(_CLEAR, mine)
            return
        standing, unlocks = unlocking.added_up(sessions, shortest)
        store(within, learner_id, standing, unlocks, _words(sessions))

    together(work)


DERIVED = Derived(
    writes=_WRITES,
    beside=_BESIDE,
    saved=_saved,
    repeated=_repeated,
    forget_figures=_FORGET_TOTALS,
    forget_all=_FORGET,
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
