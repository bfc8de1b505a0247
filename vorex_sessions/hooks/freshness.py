"""What the answer to a learner's question rests on, for its ETag (web/conditional.py).

Every answer rests on the learner's state: it changes with every write, and tells which day is today. What
else an answer rests on, its service says by `right_until` or `rests_on_others`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.database import prepared, run
from vorex_sessions.database.queries import Beside, beside
from vorex_sessions.hooks.learner_days import DAY_STARTS_AT
from vorex_sessions.models import NEWEST_FIRST, USER_ID, learner_versions, session_results

_v, _s = learner_versions.c, session_results.c


def _state() -> sa.ScalarSelect[Any]:
    """Version and epoch of the learner `:user_id`, zone of the latest session, hour at which a day starts."""
    zone = sa.select(_s.timezone).where(_s.user_id == USER_ID).order_by(*NEWEST_FIRST)
    zone = zone.limit(sa.literal_column("1")).correlate(None)
    learner = sa.select(sa.literal_column("1")).subquery("learner")
    columns = (_v.version, _v.epoch, zone.scalar_subquery(), DAY_STARTS_AT)
    # As text, which stands beside each row and is parsed once.
    state = sa.select(sa.cast(sa.func.json_build_array(*columns), sa.Text))
    joined = learner.outerjoin(learner_versions, _v.user_id == USER_ID)
    return state.select_from(joined).correlate(None).scalar_subquery()


_STATE = _state()
_STATE_ALONE = prepared(sa.select(_STATE.label("state")))


@dataclass
class Basis:
    """What an answer rests on."""

    _state: Beside
    until: datetime | None = (
        None  # when it changes without a write and on the same day; None: it does not
    )
    on_others: bool = False

    @property
    def state(self) -> list[Any] | None:
        """The learner's state as of the first query, or None where no query had rows."""
        if isinstance(self._state.value, str):
            self._state.value = orjson.loads(self._state.value)
        value: list[Any] | None = self._state.value
        return value

    def read(self, learner_id: str, more: Callable[[str], Any] | None = None) -> None:
        """Read the state now, before what the answer is made of."""
        self._state.value = state_of(learner_id, more)


_basis: ContextVar[Basis | None] = ContextVar("basis", default=None)


def state_of(learner_id: str, more: Callable[[str], Any] | None = None) -> list[Any]:
    """State: version, epoch, zone of the latest session, hour at which a day starts; and more."""
    state = orjson.loads(run(_STATE_ALONE, {"user_id": learner_id})[0].state)
    return [*state, more(learner_id)] if more else state


@contextmanager
def noted() -> Iterator[Basis]:
    """Note what the answer that is made in this block rests on."""
    with beside(_STATE) as state:
        basis = Basis(state)
        token = _basis.set(basis)
        try:
            yield basis
        finally:
            _basis.reset(token)


def right_until(instant: datetime) -> None:
    """Note that the answer changes at an instant of the learner's day, though nobody writes anything."""
    basis = _basis.get()
    if basis is not None and (basis.until is None or instant < basis.until):
        basis.until = instant


def rests_on_others() -> None:
    """Note that the answer changes with what is stored about other learners."""
    if (basis := _basis.get()) is not None:
        basis.on_others = True
