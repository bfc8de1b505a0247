"""Statistics over everything, without reading everything: older sessions are added up once and kept.

Whoever asks for a learner of many sessions has them kept. A save, a correction or a deletion of a session
that is in a rollup removes it, in its own transaction and behind the learner's lock.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from vorex_sessions import locks
from vorex_sessions.extensions import Within, ask, together
from vorex_sessions.learner_data import Derived, Members, Saving, eraser_of, export_of, reburial_of
from vorex_sessions.models import learner_rollups, session_results
from vorex_sessions.periods import ONE_DAY, midnight_utc
from vorex_sessions.plans import planned_once
from vorex_sessions.progress.questions import EVER, ZONE, day_groups, text_row

SETTLED = timedelta(days=14)  # what phones without a network send later still comes before
MANY = 500  # sessions that are worth a rollup
_LARGEST = 20_000  # rows; whoever names that many topics is read as before
log = logging.getLogger(__name__)

_user_id: sa.BindParameter[str] = sa.bindparam("user_id")
_before: sa.BindParameter[datetime] = sa.bindparam("before", type_=learner_rollups.c.before.type)
_completed_at = session_results.c.completed_at
_mine = learner_rollups.c.user_id == _user_id
_rolled_up = sa.select(learner_rollups.c.before).where(_mine).scalar_subquery()
_since = sa.bindparam("since", type_=_completed_at.type)
# A rollup, if there is one, and the sessions that are not in it.
EVERYTHING = planned_once(
    sa.union_all(
        *day_groups(_completed_at >= sa.func.coalesce(_rolled_up, _since)),
        ZONE,
        sa.select(*text_row("rollup", sa.cast(learner_rollups.c.tallies, sa.Text))).where(_mine),
    )
)


def _store(most: int = _LARGEST) -> Any:
    groups = sa.union_all(*day_groups(_completed_at < _before)).subquery()
    listed = sa.func.json_agg(sa.func.json_build_array(*groups.c))
    stored = insert(learner_rollups).from_select(
        ["user_id", "before", "tallies"],
        sa.select(sa.cast(_user_id, learner_rollups.c.user_id.type), _before, listed).having(
            sa.func.count().between(1, most)  # none: they have been erased meanwhile
        ),
    )
    values = {"before": stored.excluded.before, "tallies": stored.excluded.tallies}
    return stored.on_conflict_do_update(index_elements=["user_id"], set_=values)


_STORE = _store()
_ALL = "DELETE FROM learner_rollups WHERE user_id = CAST(:user_id AS uuid)"
_FORGET = f"""{_ALL} AND (CAST(:changed AS uuid) IS NULL OR before > (
    SELECT completed_at FROM session_results
    WHERE user_id = CAST(:user_id AS uuid) AND session_result_id = CAST(:changed AS uuid)))"""  # noqa: S608  # our own text
_FORGOTTEN = sa.text(_ALL)


def everything(learner_id: str, now: datetime) -> Sequence[Any]:
    """The rows of DAY_GROUPS for all sessions of the learner, those of a rollup as one row."""
    rows = ask(EVERYTHING, {"user_id": learner_id, **EVER})
    settled = _settled(now).date() - ONE_DAY
    old = (row for row in rows if row.kind == "figures" and row.practiced_on < settled)
    if sum(row.sessions for row in old) >= MANY:
        try:
            roll_up(learner_id, now)
        except (DBAPIError, PoolTimeout) as error:  # everybody is busy, or nobody may write
            log.warning("older sessions were not rolled up: %s", type(error).__name__)
    return rows


def roll_up(learner_id: str, now: datetime) -> None:
    """Add up the learner's older sessions anew, and keep what comes out. Raises DBAPIError.

    Not where somebody else is about to change them: the next one who asks will do.
    """
    parameters = {"user_id": learner_id, "before": _settled(now), **EVER}

    def work(within: Within) -> None:
        if within(locks.TRIED, {"learner_lock": locks.key(learner_id)})[0].taken:
            within.later(_STORE, parameters)

    together(work)


def _settled(now: datetime) -> datetime:
    return midnight_utc((now.astimezone(UTC) - SETTLED).date())


def _saved(saving: Saving, before: str | None) -> Members:
    """A session from before the end of the rollup means that it is no longer true."""
    if before and any(one.completed_at < datetime.fromisoformat(before) for one in saving.new):
        _forget(saving.ask, saving.learner_id, ())
    return {}


def _forget(within: Within, learner_id: str, sessions: Sequence[Any]) -> None:
    within.later(_FORGOTTEN, {"user_id": learner_id})


DERIVED = Derived(
    concerns=lambda row: True,
    beside="SELECT to_json(before) FROM learner_rollups WHERE user_id = CAST(:user_id AS uuid)",
    saved=_saved,
    renew=_forget,
    goes_stale=False,
    forget_figures=_FORGET,
    forget_all=_FORGET,
)
REBURIALS = (reburial_of(learner_rollups, learner_rollups.c.before),)
EXPORTS = (export_of("rollups", learner_rollups),)
erase = eraser_of(learner_rollups)
