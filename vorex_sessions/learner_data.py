"""What each capability says about the learner's data it keeps, so that none is forgotten.

A capability offers `exports` and `erase`; capabilities.py collects them and hands them to `privacy`,
which knows no table of the others by name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from vorex_sessions.extensions import Row

# Deletes a learner's rows within the transaction of an erasure; returns how many.
Eraser = Callable[[sa.Connection, str], int]


@dataclass(frozen=True)
class Export:
    """One member of a JSON export: the rows of a table, in order, each as a JSON object."""

    member: str
    statement: str  # a SELECT of `columns` where user_id is `:user_id`
    columns: tuple[sa.Column[Any], ...]
    as_json: Callable[[Row], dict[str, Any]]
