"""What each capability says about the learner's data it keeps, so that none is forgotten.

A capability offers `exports` and `erase`; capabilities.py collects them and hands them to `privacy`,
which knows no table of the others by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

# Deletes a learner's rows within the transaction of an erasure; returns how many.
Eraser = Callable[[sa.Connection, str], int]


@dataclass(frozen=True)
class Export:
    """One member of a JSON export: the rows of a table, in order, each as a JSON object."""

    member: str
    rows: sa.Select[Any]  # where user_id is `:user_id`; instants are shown as the API shows them


_OF_LEARNER: sa.BindParameter[str] = sa.bindparam("user_id")


def of_learner(table: Any, *columns: sa.Column[Any]) -> sa.Select[Any]:
    """These columns of the rows of the learner `:user_id`."""
    return sa.select(*columns).where(table.c.user_id == _OF_LEARNER)
