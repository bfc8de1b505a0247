"""Saving once: one statement decides what is new, one more says why the rest is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions import locks
from vorex_sessions.extensions import Row, Within, ask, together
from vorex_sessions.learner_data import DERIVED_BY, Members, Saving
from vorex_sessions.models import deleted_sessions, erased_learners, session_results
from vorex_sessions.plans import planned_once
from vorex_sessions.problems import Gone, Problem, Unavailable
from vorex_sessions.sessions import charge, results
from vorex_sessions.sessions.deriving import EVERY

# The rows travel as one JSON parameter, so that one statement serves one session and a hundred.
_INSERT = """
INSERT INTO session_results (
    user_id, session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score,
    fluency_score, grammar_score, topics, vocabulary_learned, areas_to_improve, vocabulary_results,
    skills, metadata, completed_at, timezone, practiced_on, fingerprint)
SELECT CAST(:user_id AS uuid), new.*
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
    session_result_id uuid, session_type text, duration_seconds int, words_spoken int,
    pronunciation_score float8, fluency_score float8, grammar_score float8, topics text[],
    vocabulary_learned text[], areas_to_improve text[], vocabulary_results jsonb, skills jsonb,
    metadata jsonb,
    completed_at timestamptz, timezone text, practiced_on date, fingerprint bytea)
WHERE NOT EXISTS (
    SELECT FROM deleted_sessions AS deleted
    WHERE deleted.user_id = CAST(:user_id AS uuid)
        AND deleted.session_result_id = new.session_result_id)
AND NOT EXISTS (
    SELECT FROM erased_learners AS erased
    WHERE erased.user_id = CAST(:user_id AS uuid)
        AND (erased.closed OR new.completed_at <= erased.erased_at))
ON CONFLICT (user_id, session_result_id) DO NOTHING
RETURNING user_id, session_result_id, session_type, duration_seconds, words_spoken,
    pronunciation_score, fluency_score, grammar_score, topics, vocabulary_learned,
    areas_to_improve, vocabulary_results, skills, metadata, completed_at, timezone, practiced_on,
    created_at, updated_at
"""


@lru_cache(maxsize=16)
def _insert_statement(concerned: tuple[int, ...]) -> sa.TextClause:
    """Behind the learner's lock: store what is new, and return it beside what is derived so far.

    `concerned`: which of charge.DERIVED; what they need not read costs nothing.
    """
    those = [charge.DERIVED[place] for place in concerned]
    writes = "".join(f", {derived.writes}" for derived in those if derived.writes)
    beside = "".join(f", ({one.beside}) AS beside_{place}" for place, one in enumerate(those))
    text = f"WITH new AS ({_INSERT}){writes} SELECT new.*, {DERIVED_BY}{beside} FROM new"  # noqa: S608  # texts of our own
    return planned_once(locks.exclusive(text))


def _find_statement() -> sa.Select[Any]:
    """Of each asked id: the stored result, its fingerprint, and the tombstones."""
    user_id: sa.BindParameter[str] = sa.bindparam("user_id")
    ids = sa.bindparam("ids", type_=ARRAY(sa.Uuid(as_uuid=False)))
    asked = sa.func.unnest(ids).table_valued("asked_id").render_derived()
    stored, deleted, erased = session_results, deleted_sessions, erased_learners
    return sa.select(
        *results.COLUMNS,
        stored.c.fingerprint,
        asked.c.asked_id,
        deleted.c.deleted_at,
        erased.c.erased_at,
        erased.c.closed,
    ).select_from(
        asked.outerjoin(
            stored,
            (stored.c.user_id == user_id) & (stored.c.session_result_id == asked.c.asked_id),
        )
        .outerjoin(
            deleted,
            (deleted.c.user_id == user_id) & (deleted.c.session_result_id == asked.c.asked_id),
        )
        .outerjoin(erased, erased.c.user_id == user_id)
    )


_FIND = _find_statement()
_TRIES = 3


@dataclass(frozen=True)
class Entry:
    """One session result on its way in: its columns, and the problem that another content means."""

    row: Mapping[str, Any]
    fingerprint: bytes
    conflict: type[Problem]

    @property
    def id(self) -> str:
        """The session result's id."""
        return str(self.row["session_result_id"])


@dataclass(frozen=True)
class Outcome:
    """What became of an entry: the stored session, whether it is new, and what is told beside it."""

    session: dict[str, Any]
    created: bool
    beside: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stored:
    """What the table holds under an id."""

    session: dict[str, Any]
    fingerprint: bytes
    created: bool
    beside: dict[str, Any] = field(default_factory=dict)


def save_all(
    learner_id: str, entries: Sequence[Entry], *, now: datetime
) -> list[Outcome | Problem]:
    """Store what is new, all or nothing, and say of each entry, in order, what became of it."""
    first = {entry.id: entry for entry in reversed(entries)}
    known: dict[str, _Stored | Problem] = {}
    for _ in range(_TRIES):
        known |= _insert(learner_id, _unknown(first, known), now)
        if unknown := _unknown(first, known):
            known |= _find(learner_id, unknown)
        if not _unknown(first, known):
            known |= _repeated(learner_id, known, now)
            return [_judged(entry, known[entry.id], entry is first[entry.id]) for entry in entries]
    raise Unavailable  # each time someone stored and removed one of them between our two looks


def _unknown(first: Mapping[str, Entry], known: Mapping[str, object]) -> list[Entry]:
    return [entry for name, entry in first.items() if name not in known]


def _insert(learner_id: str, entries: Sequence[Entry], now: datetime) -> dict[str, _Stored]:
    """What the database returns is new; whatever is derived from sessions follows in the same transaction."""
    by_id = {entry.id: entry for entry in entries}
    parameters = {
        "learner_lock": locks.key(learner_id),
        "user_id": learner_id,
        "rows": orjson.dumps([entry.row for entry in entries]).decode(),
    }
    concerned = tuple(
        place
        for place, derived in enumerate(charge.DERIVED)
        if any(derived.concerns(entry.row) for entry in entries)
    )

    def work(ask: Within) -> tuple[Sequence[Row], Members]:
        rows = ask(_insert_statement(concerned), parameters)
        members: Members = {str(row.session_result_id): {} for row in rows}
        if rows:
            derived_by, *beside = rows[0][len(results.COLUMNS) :]
            every = partial(ask, EVERY, {"user_id": learner_id})
            saving = Saving(ask, learner_id, rows, now, derived_by, every)
            for place, found in zip(concerned, beside, strict=True):
                for name, more in charge.DERIVED[place].saved(saving, found).items():
                    members[name] |= more
        return rows, members

    rows, members = together(work)
    stored = [results.as_json(row) for row in rows]
    return {
        name: _Stored(session, by_id[name].fingerprint, created=True, beside=members[name])
        for session in stored
        for name in [session["session_result_id"]]
    }


def _repeated(
    learner_id: str, known: Mapping[str, _Stored | Problem], now: datetime
) -> dict[str, _Stored]:
    """Those that were stored before, with what is told beside them."""
    before = {
        name: stored
        for name, stored in known.items()
        if isinstance(stored, _Stored) and not stored.created
    }
    for derived in charge.DERIVED if before else ():
        members = derived.repeated(learner_id, list(before), now)
        before = {
            name: replace(stored, beside=stored.beside | members[name])
            for name, stored in before.items()
        }
    return before


def _find(learner_id: str, entries: Sequence[Entry]) -> dict[str, _Stored | Problem]:
    """Why these were not inserted; one of which there is no trace (any more) is left out."""
    by_id = {entry.id: entry for entry in entries}
    rows = ask(_FIND, {"user_id": learner_id, "ids": list(by_id)})
    reasons = {str(row.asked_id): _reason(row, by_id[str(row.asked_id)]) for row in rows}
    return {name: reason for name, reason in reasons.items() if reason}


def _reason(row: Row, entry: Entry) -> _Stored | Problem | None:
    if row.session_result_id is not None:
        return _Stored(results.as_json(row), bytes(row.fingerprint), created=False)
    if row.closed:
        return Gone("This learner's account is closed; nothing more can be saved.")
    if row.deleted_at:
        return Gone("This session was deleted; it cannot be saved again.")
    if row.erased_at and entry.row["completed_at"] <= row.erased_at:
        return Gone("This session was completed before its learner's data was erased.")
    return None


def _judged(entry: Entry, known: _Stored | Problem, is_first: bool) -> Outcome | Problem:
    """Of several entries with one id in a batch, the first may be new, the others repeat it."""
    if isinstance(known, Problem):
        return known
    if known.fingerprint != entry.fingerprint:
        return entry.conflict()
    return Outcome(known.session, known.created and is_first, known.beside)
