"""Whatever the capabilities keep about a learner; capabilities.py fills this once, at import."""

from collections.abc import Iterable

from vorex_sessions.learner_data import Eraser, Export

EXPORTS: list[Export] = []
ERASERS: list[Eraser] = []


def take_charge(*, exports: Iterable[Export], erasers: Iterable[Eraser]) -> None:
    """From now on these are exported, in this order, and erased."""
    EXPORTS[:] = exports
    ERASERS[:] = erasers
