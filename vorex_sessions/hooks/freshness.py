"""What the answer to a learner's question rests on, for its ETag (web/conditional.py).

Every answer rests on the learner's state, which changes with every write. One that changes with time says
until when it is right, by `today_of` or `right_until`; one that others' data changes, by `rests_on_others`.
"""

from collections.abc import Callable
from datetime import date, datetime

import sqlalchemy as sa

from vorex_sessions.database import prepared, run
from vorex_sessions.database.queries import Beside, current_beside
from vorex_sessions.models import USER_ID, learner_versions
from vorex_sessions.periods import day_of, end_of_today

_v = learner_versions.c
_NOTHING_STORED = "0.0"


def _state() -> sa.ScalarSelect[str]:
    """Version and epoch of the learner `:user_id`, as one text."""
    state = sa.func.concat(_v.version, sa.literal_column("'.'"), _v.epoch)
    stored = sa.select(state).where(_v.user_id == USER_ID).correlate(None).scalar_subquery()
    text: sa.Select[tuple[str]] = sa.select(
        sa.func.coalesce(stored, sa.literal_column(f"'{_NOTHING_STORED}'"))
    )
    return text.scalar_subquery()


STATE = _state()  # of the learner `:user_id`
_STATE_ALONE = prepared(sa.select(STATE.label("state")))


class Basis(Beside):
    """What the answer that is made in its block rests on; `value` is the learner's state."""

    def __init__(self) -> None:
        super().__init__(STATE)
        self.until: datetime | None = None  # when it changes though nobody writes
        self.on_others = False


def state_of(learner_id: str, more: Callable[[str], object] | None = None) -> str:
    """The learner's state, and what `more` says of the learner."""
    state = str(run(_STATE_ALONE, {"user_id": learner_id})[0].state)
    return f"{state} {more(learner_id)}" if more else state


def today_of(now: datetime, zone_name: str, day_starts_at: int | None) -> date:
    """The learner's today; the answer is right until it ends."""
    if isinstance(current_beside(), Basis):
        right_until(end_of_today(now, zone_name, day_starts_at))
    return day_of(now, zone_name, day_starts_at)


def right_until(instant: datetime) -> None:
    """Note that the answer changes at an instant, though nobody writes anything."""
    basis = current_beside()
    if isinstance(basis, Basis) and (basis.until is None or instant < basis.until):
        basis.until = instant


def rests_on_others() -> None:
    """Note that the answer changes with what is stored about other learners."""
    if isinstance(basis := current_beside(), Basis):
        basis.on_others = True
