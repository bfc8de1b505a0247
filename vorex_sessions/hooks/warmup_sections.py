"""Warm-up sections: what a capability adds to the answer of the warm-up."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa


class WarmupSection(ABC):
    """Base class. A capability lists one instance in its Capability."""

    @abstractmethod
    def context(self, recent: sa.CTE) -> sa.ScalarSelect[Any]:
        """One JSON value that `members` needs; not read for a learner without a session.

        `recent` has the learner's sessions of the last days. Parameters: `:user_id`, and `:days`, every date
        that is today somewhere on Earth, since the learner's zone is known only from the answer.
        """

    @abstractmethod
    def members(self, sessions: Sequence[Any], context: Any, today: date) -> dict[str, Any]:
        """Members of the answer. `sessions` are those of the warm-up's 7 days, `context` may be None."""
