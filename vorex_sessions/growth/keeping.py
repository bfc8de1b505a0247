"""What this capability keeps about a learner, and how it keeps up with the sessions.

A row of learner_totals that is missing, or not `counted`, is made from the sessions when it is next needed:
that is how deletes, corrections and purges are followed, and how learners from before come in.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.extensions import Within, setting
from vorex_sessions.growth import unlocking
from vorex_sessions.growth.catalogue import BY_KEY
from vorex_sessions.growth.standing import Standing, from_columns, is_late
from vorex_sessions.growth.storing import store
from vorex_sessions.growth.streaks import streak
from vorex_sessions.growth.words import MET, all_words
from vorex_sessions.learner_data import (
    VERSION,
    Derived,
    Members,
    Saving,
    eraser_of,
    export_of,
    reburial_of,
)
from vorex_sessions.models import learner_achievements, learner_totals, learner_words
from vorex_sessions.sessions.deriving import asked

_MINE = "WHERE user_id = CAST(:user_id AS uuid)"
_FORGET_FIGURES = f"UPDATE learner_totals SET counted = false {_MINE}"  # noqa: S608  # our own text
_FORGET = f"DELETE FROM learner_totals {_MINE};\nDELETE FROM learner_words {_MINE}"  # noqa: S608  # as above
_CLEAR = sa.text(_FORGET)
TOTALS = f"SELECT row_to_json(totals) FROM learner_totals AS totals {_MINE} AND counted"  # noqa: S608  # as above
_BESIDE = f"""
SELECT json_build_object('totals', ({TOTALS}), 'new_words', ARRAY(SELECT word FROM met WHERE is_new))
"""  # noqa: S608  # our own text


def _saved(saving: Saving, beside: dict[str, Any]) -> Members:
    """Follow a save: totals and unlocks; returns what the learner is told of it."""
    shortest, new = setting("STREAK_MIN_SECONDS"), saving.new
    if beside["totals"] is None:
        return _recounted(saving)
    before = from_columns(beside["totals"])
    if is_late(before, new):
        after, reached = unlocking.added_up(saving.every, shortest)
        reached = unlocking.brought_by(new, reached, before)
    else:
        known = all_words(new).difference(beside["new_words"])
        after, reached = unlocking.added_up(new, shortest, before=before, known_words=known)
    done = store(saving.ask, saving.learner_id, after, reached)
    return _members(after, [one._asdict() for one in done], _ids(new), saving.now)


def _recounted(saving: Saving) -> Members:
    """Follow a save where totals cannot be relied on: first what was there before it, then the save."""
    shortest, ids = setting("STREAK_MIN_SECONDS"), _ids(saving.new)
    old = [one for one in saving.every if str(one.session_result_id) not in ids]
    before, unlocks = unlocking.added_up(old, shortest)
    after, reached = unlocking.added_up(saving.every, shortest)
    unlocks += unlocking.brought_by(saving.new, reached, before)
    done = store(
        saving.ask,
        saving.learner_id,
        after,
        unlocks,
        whole=saving.derived_by is None,
        derived_version=VERSION if saving.fresh else 0,
    )
    return _members(after, [one._asdict() for one in done], ids, saving.now)


def _ids(sessions: Sequence[Any]) -> set[str]:
    return {str(session.session_result_id) for session in sessions}


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
    """The rows of a question whose column `totals` is the learner's row; None where there is no session."""
    return asked(statement, parameters, lambda row: row.totals is not None)


def _renew(within: Within, learner_id: str, sessions: Sequence[Any]) -> None:
    """Make totals and words anew from all sessions. What was unlocked stays, and more may be."""
    if sessions:
        standing, unlocks = unlocking.added_up(sessions, setting("STREAK_MIN_SECONDS"))
        store(within, learner_id, standing, unlocks, whole=True)
    else:  # nothing is kept about who has none
        within(_CLEAR, {"user_id": learner_id})


DERIVED = Derived(
    concerns=lambda row: True,
    writes=MET,
    beside=_BESIDE,
    saved=_saved,
    renew=_renew,
    repeated=_repeated,
    forget_figures=_FORGET_FIGURES,
    forget_all=_FORGET,
)

EXPORTS = (
    export_of("achievements", learner_achievements, learner_achievements.c.unlocked_at),
    export_of("totals", learner_totals),
    export_of("words", learner_words, learner_words.c.word),
)
erase = eraser_of(learner_achievements, learner_totals, learner_words)
REBURIALS = (reburial_of(learner_achievements, learner_achievements.c.unlocked_at),)
