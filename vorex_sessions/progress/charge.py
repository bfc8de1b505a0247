"""What newer capabilities add to the warm-up; capabilities.py fills this once, at import."""

from collections.abc import Iterable

from vorex_sessions.learner_data import Suggestion

SUGGESTIONS: list[Suggestion] = []


def take_charge(suggestions: Iterable[Suggestion]) -> None:
    """From now on these are asked for every warm-up."""
    SUGGESTIONS[:] = suggestions
