"""Warm-up sections: what a capability adds to the answer of the warm-up."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa


class WarmupSection(ABC):
    """Base class. A capability lists one instance in its Capability."""

    columns: tuple[str, ...] = ()  # what `members` reads of each session; these are in `recent`

    @abstractmethod
    def context(self, recent: sa.CTE) -> sa.ScalarSelect[Any]:
        """One JSON value that `members` needs; not read where `recent` is empty.

        `recent` has the learner's sessions of the last days in one language. Parameters: `:user_id`, and
        `:days`, every date that is today somewhere on Earth, since the learner's zone is known only from the
        answer.
        """

    @abstractmethod
    def members(self, sessions: Sequence[Any], context: Any, today: date) -> dict[str, Any]:
        """Members of the answer. `sessions` are those of the warm-up's 7 days, `context` may be None."""


def language_of(recent: sa.CTE) -> sa.ScalarSelect[Any]:
    """The language of the recent sessions, for a context."""
    return sa.select(recent.c.language).limit(sa.literal_column("1")).scalar_subquery()
