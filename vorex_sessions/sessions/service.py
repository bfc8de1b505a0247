"""Commands on session results. The learner's id comes first and is part of every statement."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4, uuid5

import sqlalchemy as sa

from vorex_sessions import locks, metrics
from vorex_sessions.broken_rules import invalid
from vorex_sessions.extensions import ask, transaction
from vorex_sessions.models import session_results
from vorex_sessions.periods import day_of
from vorex_sessions.problems import Conflict, KeyReused, NotFound, Problem
from vorex_sessions.sessions import charge, content, results
from vorex_sessions.sessions.saving import Entry, Outcome, save_all

_mine = sa.and_(
    session_results.c.user_id == sa.bindparam("learner_id"),
    session_results.c.session_result_id == sa.bindparam("id"),
)
_SHOW = sa.select(*results.COLUMNS).where(_mine)
# The tombstone first: it copies what is there, so that only what was stored can leave one.
_DELETE = """
INSERT INTO deleted_sessions (user_id, session_result_id, deleted_at)
SELECT user_id, session_result_id, :now FROM session_results
WHERE user_id = CAST(:user_id AS uuid) AND session_result_id = CAST(:session_result_id AS uuid)
ON CONFLICT (user_id, session_result_id) DO NOTHING;
DELETE FROM session_results
WHERE user_id = CAST(:user_id AS uuid) AND session_result_id = CAST(:session_result_id AS uuid);
SELECT 1 FROM deleted_sessions
WHERE user_id = CAST(:user_id AS uuid) AND session_result_id = CAST(:session_result_id AS uuid)
"""


# What words and skills are derived from; all else only matters to figures.
_DERIVED_FROM = {
    *("vocabulary_learned", "vocabulary_results", "areas_to_improve", "skills"),
    *("completed_at", "timezone"),
}


@lru_cache(maxsize=1)
def _delete_statement() -> sa.TextClause:
    return locks.exclusive(charge.forgetting() + _DELETE)


class SessionNotFound(NotFound):
    """The learner has no such session; it may be another learner's."""

    detail = "You have no session with this id."


def save(
    learner_id: str, said: Mapping[str, Any], *, key: str | None = None, now: datetime
) -> Outcome:
    """Keep one session result for good. Raises Invalid, Conflict, KeyReused or Gone.

    Its id is the client's own (`session_result_id`), or derived from learner and key, or a new one.
    """
    if key is not None and "session_result_id" in said:
        raise invalid({"session_result_id": ["must be left out where Idempotency-Key is sent"]})
    entry = _entry(said, key and uuid5(UUID(learner_id), key), now)
    (outcome,) = _counted(save_all(learner_id, [entry], now=now))
    if isinstance(outcome, Problem):
        raise outcome
    named = key is not None or "session_result_id" in said
    # An id of our own making that is stored already was stored by us, on a connection that broke.
    return outcome if named else replace(outcome, created=True)


def save_batch(
    learner_id: str,
    items: Sequence[Mapping[str, Any] | Problem],
    *,
    key: str | None = None,
    now: datetime,
) -> list[Outcome | Problem]:
    """Keep the valid ones of several session results in one transaction; an answer for each, in order.

    An item that is a problem already stays one. With a key, items without an id get one each, from
    key and index.
    """
    base = key and uuid5(UUID(learner_id), key)
    entries: dict[int, Entry] = {}
    answers: list[Outcome | Problem | None] = []
    for index, item in enumerate(items):
        try:
            if isinstance(item, Problem):
                raise item
            derived = base and uuid5(base, str(index))
            entries[index] = _entry(item, derived, now, f"#/sessions/{index}")
            answers.append(None)
        except Problem as problem:
            answers.append(problem)
    outcomes = iter(save_all(learner_id, list(entries.values()), now=now) if entries else [])
    return _counted([answer or next(outcomes) for answer in answers])


def _counted(outcomes: list[Outcome | Problem]) -> list[Outcome | Problem]:
    for outcome in outcomes:
        stored = isinstance(outcome, Outcome) and ("created" if outcome.created else "replayed")
        metrics.SAVES.labels(stored or "rejected").inc()
    return outcomes


def _entry(
    said: Mapping[str, Any], derived_id: UUID | str | None, now: datetime, start: str = "#"
) -> Entry:
    """What to store. A session's own id comes before a derived one. Raises Invalid."""
    said = dict(said)
    own_id = said.pop("session_result_id", None)
    fingerprint = content.fingerprint(said)
    row = {
        **content.completed(said, now, start),
        "session_result_id": str(own_id or derived_id or uuid4()),
        "fingerprint": rf"\x{fingerprint.hex()}",
    }
    return Entry(row, fingerprint, KeyReused if derived_id and not own_id else Conflict)


def show(learner_id: str, session_result_id: str) -> dict[str, Any]:
    """One session result. Raises SessionNotFound."""
    rows = ask(_SHOW, {"learner_id": learner_id, "id": session_result_id})
    if not rows:
        raise SessionNotFound
    return results.as_json(rows[0])


def correct(
    learner_id: str, session_result_id: str, changes: Mapping[str, Any], *, now: datetime
) -> dict[str, Any]:
    """Change some fields of a session result; the others stay. Raises Invalid or SessionNotFound.

    `practiced_on` follows `completed_at` and `timezone`; the row is locked for that, so that two
    corrections at once both survive.
    """
    if "completed_at" in changes:
        content.check_instant(changes["completed_at"], now)
    mine = {"learner_id": learner_id, "id": session_result_id}
    with transaction() as connection:
        figures_only = not changes.keys() & _DERIVED_FROM
        behind = locks.exclusive(charge.forgetting(figures_only=figures_only))
        parameters = {
            "learner_lock": locks.key(learner_id),
            "user_id": learner_id,
            "changed": None if "completed_at" in changes else session_result_id,
        }
        connection.execute(behind, parameters)
        stored = connection.execute(_SHOW.with_for_update(), mine).one_or_none()
        if stored is None:
            raise SessionNotFound
        completed_at = changes.get("completed_at", stored.completed_at)
        zone_name = changes.get("timezone", stored.timezone)
        values = {**changes, "practiced_on": day_of(completed_at, zone_name)}
        update = session_results.update().where(_mine).values(**values, updated_at=sa.func.now())
        return results.as_json(connection.execute(update.returning(*results.COLUMNS), mine).one())


def delete(learner_id: str, session_result_id: str, *, now: datetime) -> None:
    """Delete a session result for good; again is no error. Raises SessionNotFound."""
    parameters = {
        "learner_lock": locks.key(learner_id),
        "user_id": learner_id,
        "session_result_id": session_result_id,
        "changed": session_result_id,
        "now": now,
    }
    if not ask(_delete_statement(), parameters):
        raise SessionNotFound
