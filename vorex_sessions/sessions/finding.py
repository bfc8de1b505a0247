"""Why entries of a save are not inserted: what is stored or was deleted under their ids."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions.database import run
from vorex_sessions.models import USER_ID, deleted_sessions, erased_learners, session_results
from vorex_sessions.problems.kinds import Gone, Problem
from vorex_sessions.sessions import results
from vorex_sessions.sessions.entries import Entry, Outcome


def _find_statement() -> sa.Select[Any]:
    """For each of `:ids`: the stored result, its fingerprint, and the tombstones."""
    stored, deleted, erased = session_results, deleted_sessions, erased_learners
    ids = sa.cast(sa.bindparam("ids"), ARRAY(sa.Uuid(as_uuid=False)))
    wanted = sa.func.unnest(ids).table_valued("wanted_id").render_derived()
    columns = (*results.COLUMNS, stored.c.fingerprint, wanted.c.wanted_id, deleted.c.deleted_at)

    def is_wanted(table: sa.Table) -> sa.ColumnElement[bool]:
        return (table.c.user_id == USER_ID) & (table.c.session_result_id == wanted.c.wanted_id)

    return sa.select(*columns, erased.c.erased_at, erased.c.closed).select_from(
        wanted.outerjoin(stored, is_wanted(stored))
        .outerjoin(deleted, is_wanted(deleted))
        .outerjoin(erased, erased.c.user_id == USER_ID)
    )


_FIND = _find_statement()


def find(learner_id: str, entries: Sequence[Entry]) -> dict[str, Outcome | Problem]:
    """Why these entries were not inserted; without those that have neither row nor tombstone (any more)."""
    by_id = {entry.id: entry for entry in entries}
    rows = run(_FIND, {"user_id": learner_id, "ids": list(by_id)})
    reasons = {str(row.wanted_id): _reason(row, by_id[str(row.wanted_id)]) for row in rows}
    return {name: reason for name, reason in reasons.items() if reason}


def _reason(row: Any, entry: Entry) -> Outcome | Problem | None:
    if row.session_result_id is not None:
        return Outcome(results.as_json(row), bytes(row.fingerprint), created=False)
    if row.closed:
        return Gone("This learner's account is closed; nothing more can be saved.")
    if row.deleted_at:
        return Gone("This session was deleted; it cannot be saved again.")
    if row.erased_at and entry.row["completed_at"] <= row.erased_at:
        return Gone("This session was completed before its learner's data was erased.")
    return entry.refusal
