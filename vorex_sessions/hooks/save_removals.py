"""What a capability keeps about a session only until the session is saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from vorex_sessions.hooks.projections import AnswerExtras, SaveEvent


@dataclass(frozen=True)
class SaveRemoval:
    """Removes what a save ends, in its transaction.

    Few saves end anything: `is_due` is read with each, and costs a look-up in an index.
    """

    is_due: sa.ColumnElement[bool]  # whether the learner `:user_id` has any such rows
    statement: sa.Executable  # parameters: `:user_id`, and `:saved_ids`, the ids that are new
    # Called after the commit, with the learner's id and what the answer tells.
    after: Callable[[str, AnswerExtras], None] | None = None


def remove(
    event: SaveEvent, removals: Sequence[SaveRemoval], are_due: Sequence[bool]
) -> list[SaveRemoval]:
    """Let the removals that are due travel with the save; returns them."""
    if not any(are_due):
        return []
    parameters = {"user_id": event.learner_id, "saved_ids": list(event.saved_ids)}
    due = [removal for removal, is_due in zip(removals, are_due, strict=True) if is_due]
    for removal in due:
        event.transaction.defer(removal.statement, parameters)
    return due


def follow_up(due: Sequence[SaveRemoval], learner_id: str, extras: AnswerExtras) -> None:
    """Let those whose removal is committed do what follows."""
    for removal in due:
        if removal.after:
            removal.after(learner_id, extras)
