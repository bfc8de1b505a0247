"""Whatever the capabilities keep about a learner; capabilities.py fills this once, at import."""

from collections.abc import Iterable

import sqlalchemy as sa

from vorex_sessions.learner_data import Eraser, Export

EXPORTS: list[Export] = []
ERASERS: list[Eraser] = []
REBURIALS: list[sa.Delete] = []


def take_charge(
    *, exports: Iterable[Export], erasers: Iterable[Eraser], reburials: Iterable[sa.Delete]
) -> None:
    """From now on these are exported, in this order, erased, and erased again after a restored backup."""
    EXPORTS[:] = exports
    ERASERS[:] = erasers
    REBURIALS[:] = reburials
