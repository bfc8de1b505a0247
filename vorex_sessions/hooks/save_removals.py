"""What a capability keeps about a session only until the session is saved."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from vorex_sessions.hooks.projections import SaveEvent


@dataclass(frozen=True)
class SaveRemoval:
    """Removes what a save ends, in its transaction.

    Few saves end anything: `is_due` is read with each, and costs a look-up in an index.
    """

    is_due: sa.ColumnElement[bool]  # whether the learner `:user_id` has any such rows
    statement: sa.Executable  # parameters: `:user_id`, and `:saved_ids`, the ids that are new


def remove(event: SaveEvent, removals: Sequence[SaveRemoval], are_due: Sequence[bool]) -> None:
    """Let the removals that are due travel with the save."""
    parameters = {"user_id": event.learner_id, "saved_ids": list(event.saved_ids)}
    for removal, is_due in zip(removals, are_due, strict=True):
        if is_due:
            event.transaction.defer(removal.statement, parameters)
