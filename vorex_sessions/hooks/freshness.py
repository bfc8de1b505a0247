"""What the answer to a learner's question rests on, for its ETag (web/conditional.py).

Every answer rests on the learner's state: it changes with every write, and tells which day is today. What
else an answer rests on, its service says by `right_until` or `rests_on_others`.
"""

from collections.abc import Callable
from datetime import date, datetime

import sqlalchemy as sa

from vorex_sessions.database import prepared, run
from vorex_sessions.database.queries import Beside, current_beside
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.models import NEWEST_FIRST, USER_ID, learner_versions, session_results
from vorex_sessions.periods import day_of

_v, _s = learner_versions.c, session_results.c
_SEPARATOR = "|"


def _state() -> sa.ScalarSelect[str]:
    """Zone of the latest session of `:user_id`, hour at which a day starts, version, epoch, as one text."""
    zone = sa.select(_s.timezone).where(_s.user_id == USER_ID).order_by(*NEWEST_FIRST)
    zone = zone.limit(sa.literal_column("1")).correlate(None)
    learner = sa.select(sa.literal_column("1")).subquery("learner")
    between: sa.ColumnElement[str] = sa.literal_column(f"'{_SEPARATOR}'")
    columns = (zone.scalar_subquery(), DAY_STARTS_AT, _v.version, _v.epoch)
    texts = [part for column in columns for part in (column, between)]
    state: sa.Select[tuple[str]] = sa.select(sa.func.concat(*texts[:-1]))  # NULL is nothing
    joined = learner.outerjoin(learner_versions, _v.user_id == USER_ID)
    return state.select_from(joined).correlate(None).scalar_subquery()


_STATE = _state()
_STATE_ALONE = prepared(sa.select(_STATE.label("state")))


class Basis(Beside):
    """What the answer that is made in its block rests on; `value` is the learner's state."""

    def __init__(self) -> None:
        super().__init__(_STATE)
        self.until: datetime | None = None  # when it changes on the same day, though nobody writes
        self.on_others = False


def state_of(learner_id: str, more: Callable[[str], object] | None = None) -> str:
    """The learner's state, and what `more` says of the learner."""
    state = str(run(_STATE_ALONE, {"user_id": learner_id})[0].state)
    return f"{state}{_SEPARATOR}{more(learner_id)}" if more else state


def today(state: str, now: datetime, zone_name: str | None = None) -> date:
    """The learner's today; in another zone than that of the latest session, if one is given."""
    learners_zone, day_starts_at, _ = state.split(_SEPARATOR, 2)
    return day_of(now, zone_name or learners_zone or "UTC", int(day_starts_at or 0))


def right_until(instant: datetime) -> None:
    """Note that the answer changes at an instant of the learner's day, though nobody writes anything."""
    basis = current_beside()
    if isinstance(basis, Basis) and (basis.until is None or instant < basis.until):
        basis.until = instant


def rests_on_others() -> None:
    """Note that the answer changes with what is stored about other learners."""
    if isinstance(basis := current_beside(), Basis):
        basis.on_others = True
