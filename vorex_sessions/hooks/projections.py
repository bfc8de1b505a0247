"""Projections: what a capability derives from a learner's sessions and keeps current with every save.

A save runs each projection that applies to it, in its own transaction and behind the learner's lock
(sessions/saving.py). Everything that a projection keeps can be rebuilt from the sessions (rebuild.py).
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction
from vorex_sessions.database.timeouts import LONG_QUERY_TIMEOUT, extend_deadline
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.models import USER_ID, learner_totals

# Raise this when a projection is added, or a rule changes what one keeps: every learner's are then rebuilt at
# the next query that needs them.
VERSION = 2

_of_learner = learner_totals.c.user_id == USER_ID
# By which version the learner's projections were derived; 0: stale, NULL: nothing is kept.
DERIVED_VERSION = sa.select(learner_totals.c.derived_version).where(_of_learner).scalar_subquery()
MARK_STALE = learner_totals.update().where(_of_learner).values(derived_version=0)
MARK_CURRENT = learner_totals.update().where(_of_learner).values(derived_version=VERSION)

# Members that a capability adds to the answer to a save, by session_result_id.
AnswerExtras = dict[str, dict[str, Any]]


@dataclass
class SaveEvent:
    """A save or a PATCH, as its projections see it."""

    transaction: Transaction
    learner_id: str
    saved_rows: Sequence[Any]  # as stored just now
    now: datetime
    # Of the learner before a save; None where nothing was kept yet.
    derived_version: int | None = None
    is_first: bool = False  # whether the learner had no sessions before this save

    @property
    def all_sessions(self) -> AllSessions:
        """All sessions of the learner, the saved ones included, in order of time. Costs round trips."""
        return AllSessions(self.transaction, self.learner_id)

    @property
    def saved_ids(self) -> set[str]:
        """The ids of the saved sessions."""
        return {str(row.session_result_id) for row in self.saved_rows}

    @property
    def is_current(self) -> bool:
        """Whether projections that can go stale reflect all earlier sessions."""
        return self.is_first or self.derived_version == VERSION

    def take_time(self) -> None:
        """Let this save take longer than others, as it reads the learner's whole history."""
        extend_deadline(LONG_QUERY_TIMEOUT)

    def leave_stale(self) -> None:
        """Leave what can go stale to the next query, where it is too much for a save."""
        self.transaction.defer(MARK_STALE, {"user_id": self.learner_id})


class Projection(ABC):
    """Base class. A capability lists one instance in its Capability; tests/hooks/stickers/ is an example.

    Stale means that what is kept does not reflect all sessions. A change or removal of sessions marks it so,
    in `learner_totals.derived_version`; saves leave it alone then, and the next query rebuilds it.
    """

    # False: it is never stale, since a change removes what it could make wrong.
    can_go_stale = True
    # Whether a mark of its own says that it is current. With one it is part of every rebuild.
    own_mark: sa.ColumnElement[bool] | None = None
    # True: `on_save` is left out where a save is large (sessions/saving.py); the next query rebuilds.
    may_follow = False
    # The fields of a session that it is derived from; None: any. A PATCH of others leaves it alone.
    derived_from: frozenset[str] | None = None
    # Run where it becomes stale, lest wrong rows are read until it is rebuilt. Parameters: `:user_id`, and
    # `:changed`, the id of the one session that is changed or deleted in place, else NULL.
    invalidate: Sequence[sa.Executable] = ()

    # Run where the learner's preferences change; for a projection that they decide on, too.
    preferences_invalidation: Sequence[sa.Executable] = ()

    def invalidation(self, fields: Collection[str] | None) -> Sequence[sa.Executable]:
        """The statements to run with a change of these fields of a session; None: sessions are removed."""
        if fields is not None and self.derived_from is not None:
            if self.derived_from.isdisjoint(fields):
                return ()
        return (*self.invalidate, MARK_STALE) if self.can_go_stale else self.invalidate

    def applies_to(self, row: Mapping[str, Any]) -> bool:
        """Whether a session with these columns changes anything here."""
        return True

    def insert_cte(self, new: sa.CTE, *, is_large: bool) -> sa.CTE | None:
        """A write that needs no Python, as a CTE of the statement that saves; `new` has the saved rows.

        `is_large`: of many thousand words.
        """
        return None

    def defer_insert(self, event: SaveEvent, *, is_large: bool) -> None:
        """The same by statements after the one that saves, for a database of several machines."""
        return

    @abstractmethod
    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """One JSON value that `on_save` needs: what was kept before this save; `new` has the saved rows.

        `inserted` is what `insert_cte` has returned. What its RETURNING tells need not be looked up. It is
        None where there is no such write, as on several machines.
        A save waits for it, so it reads nothing of the learner that these sessions do not change.
        """

    def context_parameters(self, rows: Collection[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Parameters of `context` beside `:user_id`, from the sessions to save."""
        return {}

    @abstractmethod
    def on_save(self, event: SaveEvent, context: Any) -> AnswerExtras:
        """Keep up with a save; returns what its answer tells the learner, {} for nothing.

        `event.saved_rows` are all of a batch, also those that do not apply.
        """

    def on_replay(self, learner_id: str, ids: Sequence[str], now: datetime) -> AnswerExtras:
        """What the answer tells of sessions that were saved before."""
        return {}

    def on_correct(self, event: SaveEvent, old: Any, fields: Collection[str]) -> AnswerExtras:
        """What the answer to a PATCH of these fields tells; `old` is the saved row as it was.

        `invalidation` has run; what it made stale may stay so.
        """
        return {}

    @abstractmethod
    def rebuild(self, transaction: Transaction, learner_id: str, sessions: AllSessions) -> None:
        """Derive everything again from all sessions of the learner, which come without `metadata`."""

    def rebuild_for_operator(
        self, transaction: Transaction, learner_id: str, sessions: AllSessions
    ) -> None:
        """The same by `flask rebuild`, which may do what a question may not."""
        self.rebuild(transaction, learner_id, sessions)
