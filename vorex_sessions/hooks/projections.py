"""Projections: what a capability derives from a learner's sessions and keeps current with every save.

A save runs each projection that applies to it, in its own transaction and behind the learner's lock
(sessions/saving.py). Everything that a projection keeps can be rebuilt from the sessions (rebuild.py).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database.transactions import Transaction

# The version of the rules by which projections are derived. Raise it when a rule changes what they keep:
# every learner's are then rebuilt at the next query that needs them.
VERSION = 1

# Members that a capability adds to the answer to a save, by session_result_id.
AnswerExtras = dict[str, dict[str, Any]]


@dataclass
class SaveEvent:
    """A save, as its projections see it."""

    transaction: Transaction
    learner_id: str
    saved_rows: Sequence[Any]  # as stored just now
    now: datetime
    derived_version: int | None  # of the learner before this save; None where nothing was kept yet
    read_all: Callable[[], Sequence[Any]]

    @cached_property
    def all_sessions(self) -> Sequence[Any]:
        """All sessions of the learner, the saved ones included, in no order. Costs a round trip."""
        return self.read_all()

    @cached_property
    def is_current(self) -> bool:
        """Whether projections that can go stale reflect all earlier sessions."""
        if self.derived_version is None:
            return len(self.all_sessions) == len(self.saved_rows)
        return self.derived_version == VERSION


class Projection(ABC):
    """Base class. A capability lists one instance in its Capability; docs/development.md shows an example.

    Statements have the parameter `:user_id`, and those that invalidate `:changed` as well: the id of the one
    session that is changed in place, NULL where a session moves to another time or several change.
    """

    # Whether a save skips it while it is stale, leaving it to the next query that needs it (rebuild.py).
    can_go_stale = True
    # Run with a change that touches totals alone (a score, a duration), and with any other change or removal.
    invalidate_totals: Sequence[sa.Executable] = ()
    invalidate_all: Sequence[sa.Executable] = ()

    def applies_to(self, row: Mapping[str, Any]) -> bool:
        """Whether a session with these columns changes anything here."""
        return True

    def insert_cte(self, new: sa.CTE) -> sa.CTE | None:
        """A write that needs no Python, as a CTE of the statement that saves; `new` has the saved rows."""
        return None

    @abstractmethod
    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """One JSON value that `on_save` needs: what was kept before this save, and rows of `insert_cte`."""

    @abstractmethod
    def on_save(self, event: SaveEvent, context: Any) -> AnswerExtras:
        """Keep up with a save; returns what its answer tells the learner, {} for nothing."""

    def on_replay(self, learner_id: str, ids: Sequence[str], now: datetime) -> AnswerExtras:
        """What the answer tells of sessions that were saved before."""
        return {}

    @abstractmethod
    def rebuild(self, transaction: Transaction, learner_id: str, sessions: Sequence[Any]) -> None:
        """Derive everything again from all sessions of the learner, which come without `metadata`."""
