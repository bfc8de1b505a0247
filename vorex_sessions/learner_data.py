"""What each capability says about the learner's data it keeps, so that none is forgotten.

A capability offers `exports`, `erase`, `reburials`, `derived` and `suggests`; capabilities.py collects them
and hands them to `privacy`, `sessions` and `progress`, which know no table of the others by name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from vorex_sessions.extensions import Within
from vorex_sessions.models import erased_learners

# Deletes a learner's rows within the transaction of an erasure; returns how many sessions that were.
Eraser = Callable[[sa.Connection, str], int]


@dataclass(frozen=True)
class Export:
    """One member of a JSON export: the rows of a table, in order, each as a JSON object."""

    member: str
    rows: sa.Select[Any]  # where user_id is `:user_id`; instants are shown as the API shows them


# Members that a capability adds to the answer to a save, by session_result_id.
Members = dict[str, dict[str, Any]]


# By which rules words and skills are derived from sessions. Raised when a rule changes what comes out,
# this has everything made anew when it is next needed.
VERSION = 1
# Whether what is derived about the learner `:user_id` can be relied on: `counted` is about growth alone.
DERIVED_BY = "(SELECT derived_version FROM learner_totals WHERE user_id = CAST(:user_id AS uuid))"


@dataclass
class Saving:
    """A save under way, within its transaction."""

    ask: Within
    learner_id: str
    new: Sequence[Any]  # the rows just stored
    now: datetime
    derived_by: int | None  # DERIVED_BY as it was before
    all_sessions: Callable[[], Sequence[Any]]

    @cached_property
    def every(self) -> Sequence[Any]:
        """All sessions of the learner, the new ones included, in no order."""
        return self.all_sessions()

    @cached_property
    def fresh(self) -> bool:
        """Whether words and skills are derived from everything before; True where nothing was before."""
        if self.derived_by is None:
            return len(self.every) == len(self.new)
        return self.derived_by == VERSION


def _tells_nothing(learner_id: str, ids: Sequence[str], now: datetime) -> Members:
    return {name: {} for name in ids}


@dataclass(frozen=True)
class Derived:
    """What a capability derives from a learner's sessions, and keeps up with them in their transactions."""

    # (columns about to be stored): whether a session says anything that matters here.
    concerns: Callable[[Mapping[str, Any]], bool]
    # One JSON value to go by, in SQL within the statement that saves, where `new` are the rows just
    # stored and `:user_id` the learner. It sees the tables as they were before.
    beside: str
    # (saving, what `beside` read): follows a save that concerns it, within the save's transaction.
    saved: Callable[[Saving, Any], Members]
    # (ask, learner_id, all sessions): makes everything anew.
    renew: Callable[[Within, str, Sequence[Any]], None]
    # A WITH query that goes before `beside` and writes what needs no thought.
    writes: str = ""
    # (learner_id, ids, now): what `saved` told, for sessions that were saved before.
    repeated: Callable[[str, Sequence[str], datetime], Members] = _tells_nothing
    # Statements after which it is made anew when it is next needed: for what changes figures of sessions
    # of `:user_id`, and for what moves or removes sessions or words, of which nothing may be left.
    # `:changed` is the one session that changes where it is; NULL where it moves, or others change, too.
    forget_figures: str = ""
    forget_all: str = ""
    # Or what is there is always true, and is made anew only with everything.
    goes_stale: bool = True


@dataclass(frozen=True)
class Suggestion:
    """What a capability adds to the warm-up."""

    # One JSON value in SQL, where `recent` are the learner's sessions of the last days, `:user_id` the
    # learner and `:days` all days that are today somewhere on Earth. Not asked without a session.
    beside: str
    # (sessions of the warm-up's 7 days, what `beside` read or None, today): members of the answer.
    suggest: Callable[[Sequence[Any], Any, date], dict[str, Any]]


_OF_LEARNER: sa.BindParameter[str] = sa.bindparam("user_id")


def of_learner(table: Any, *columns: sa.Column[Any]) -> sa.Select[Any]:
    """These columns of the rows of the learner `:user_id`."""
    return sa.select(*columns).where(table.c.user_id == _OF_LEARNER)


def export_of(member: str, table: Any, *order: sa.Column[Any]) -> Export:
    """All columns of a table but the learner's id."""
    columns = [column for column in table.c if column.name != "user_id"]
    return Export(member, of_learner(table, *columns).order_by(*order))


def eraser_of(*tables: Any) -> Eraser:
    """Deletes what is kept in tables of which no row is a session."""

    def erase(connection: sa.Connection, learner_id: str) -> int:
        for table in tables:
            connection.execute(table.delete().where(table.c.user_id == learner_id))
        return 0

    return erase


def reburial_of(table: Any, at: sa.Column[Any]) -> sa.Delete:
    """Removes what learners had of a table, by the time `at`, when they were erased or closed.

    For what a restored backup brought back and does not go with the sessions.
    """
    erased = erased_learners.c
    return sa.delete(table).where(
        table.c.user_id == erased.user_id, sa.or_(erased.closed, at <= erased.erased_at)
    )
