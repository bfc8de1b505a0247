"""What each capability says about the learner's data it keeps, so that none is forgotten.

A capability offers `exports`, `erase` and `derived`; capabilities.py collects them and hands them to
`privacy` and `sessions`, which know no table of the others by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.extensions import Ask

# Deletes a learner's rows within the transaction of an erasure; returns how many sessions that were.
Eraser = Callable[[sa.Connection, str], int]


@dataclass(frozen=True)
class Export:
    """One member of a JSON export: the rows of a table, in order, each as a JSON object."""

    member: str
    rows: sa.Select[Any]  # where user_id is `:user_id`; instants are shown as the API shows them


# Members that a capability adds to the answer to a save, by session_result_id.
Members = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Derived:
    """What a capability derives from a learner's sessions, and keeps up with them in their transactions."""

    # SQL within the statement that saves, where `new` are the rows just stored and `:user_id` the
    # learner: a WITH query that writes what needs no thought, and one JSON value to go by, which sees
    # the tables as they were before.
    writes: str
    beside: str
    # (ask, learner_id, new rows, what `beside` read, now): follows a save, within its transaction.
    saved: Callable[[Ask, str, Sequence[Any], Any, datetime], Members]
    # (learner_id, ids, now): the same members for sessions that were saved before.
    repeated: Callable[[str, Sequence[str], datetime], Members]
    # Statements that drop what is derived, so that it is made anew when it is next needed: for what
    # changes figures of sessions of `:user_id`, and for what removes sessions or words, of which nothing
    # may be left.
    forget_figures: str
    forget_all: str


_OF_LEARNER: sa.BindParameter[str] = sa.bindparam("user_id")


def of_learner(table: Any, *columns: sa.Column[Any]) -> sa.Select[Any]:
    """These columns of the rows of the learner `:user_id`."""
    return sa.select(*columns).where(table.c.user_id == _OF_LEARNER)
