"""What this capability keeps about a learner's skills, and how it keeps up with the sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from vorex_sessions.extensions import Within
from vorex_sessions.learner_data import Derived, Members, Saving, eraser_of, export_of
from vorex_sessions.models import learner_skills
from vorex_sessions.plans import planned_once
from vorex_sessions.skills.tracing import Trace, evidence_of, trace

_FORGET = "DELETE FROM learner_skills WHERE user_id = CAST(:user_id AS uuid)"
TRACES = """
SELECT json_object_agg(skill, to_json(traced)) FROM learner_skills AS traced
WHERE user_id = CAST(:user_id AS uuid)
"""
_NAMES = [str(column.name) for column in learner_skills.c if column.name != "user_id"]
_VALUES = _NAMES[1:]
_GIVEN = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(CAST(:traces AS jsonb)) AS given (
        skill text, mastery float8, evidence int, flagged int, last_at timestamptz))
"""
_STORE = f"""
INSERT INTO learner_skills AS known (user_id, {", ".join(_NAMES)})
SELECT CAST(:user_id AS uuid), {", ".join(_NAMES)} FROM given ORDER BY skill
ON CONFLICT (user_id, skill) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _VALUES)}
WHERE ({", ".join(f"known.{name}" for name in _VALUES)})
    IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _VALUES)})
"""  # noqa: S608  # names of ours
_GONE = f""", gone AS (
    {_FORGET} AND NOT EXISTS (SELECT FROM given WHERE given.skill = learner_skills.skill))
"""
_ADD, _REPLACE = planned_once(sa.text(_GIVEN + _STORE)), sa.text(_GIVEN + _GONE + _STORE)


def _concerns(row: Mapping[str, Any]) -> bool:
    return bool(row["skills"] or row["areas_to_improve"])


def _saved(saving: Saving, beside: dict[str, dict[str, Any]] | None) -> Members:
    """Follow a save. Skills that a later session has told of already are traced from the beginning."""
    if saving.fresh:
        known = traces(beside)
        late = {
            skill
            for session in saving.new
            for skill in evidence_of(session)
            if skill in known and session.completed_at <= known[skill].last_at
        }
        found = trace(saving.new, known)
        if late:
            found |= trace(saving.every, only=late)
        if found:
            _store(saving.ask, _ADD, saving.learner_id, found)
    return {}


def _renew(within: Within, learner_id: str, sessions: Sequence[Any]) -> None:
    _store(within, _REPLACE, learner_id, trace(sessions))


def traces(columns_by_skill: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Trace]:
    """Of what TRACES reads."""
    return {
        skill: Trace(
            columns["mastery"],
            columns["evidence"],
            columns["flagged"],
            datetime.fromisoformat(columns["last_at"]),
        )
        for skill, columns in (columns_by_skill or {}).items()
    }


def _store(
    within: Within, statement: sa.TextClause, learner_id: str, found: Mapping[str, Trace]
) -> None:
    rows = [{"skill": skill, **vars(one)} for skill, one in found.items()]
    within.later(statement, {"user_id": learner_id, "traces": orjson.dumps(rows).decode()})


DERIVED = Derived(concerns=_concerns, beside=TRACES, saved=_saved, renew=_renew, forget_all=_FORGET)
EXPORTS = (export_of("skills", learner_skills, learner_skills.c.skill),)
erase = eraser_of(learner_skills)
