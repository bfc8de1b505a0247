"""Answers: how well do I master each skill, and which should I work on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from vorex_sessions.learner_data import DERIVED_BY, Suggestion
from vorex_sessions.sessions.deriving import asked
from vorex_sessions.skill_graph import EDGES, SKILLS
from vorex_sessions.skills.choosing import next_skills, statuses
from vorex_sessions.skills.keeping import TRACES, traces

_MINE = sa.text(f"SELECT {DERIVED_BY} AS derived_by, ({TRACES}) AS traces")
_EDGES = [{"from": before, "to": after} for before, after in EDGES]


def show_skills(learner_id: str) -> dict[str, Any]:
    """The whole graph with the learner's place in it, and what to work on now."""
    (mine,) = asked(_MINE, {"user_id": learner_id})
    found = traces(mine.traces)
    standing = statuses(found)
    nodes = [
        {
            "skill": key,
            "name": skill.name,
            "domain": skill.domain,
            "level": skill.level,
            "mastery": round(found[key].mastery, 4) if key in found else None,
            "evidence": found[key].evidence if key in found else 0,
            "status": standing[key],
        }
        for key, skill in SKILLS.items()
    ]
    return {"nodes": nodes, "edges": _EDGES, "next": next_skills(found, standing)}


def _suggest(sessions: Sequence[Any], beside: dict[str, Any] | None, today: date) -> dict[str, Any]:
    """What to work on, for a learner of whose skills something is known."""
    found = traces(beside)
    return {"focus_skills": next_skills(found, statuses(found)) if found else []}


SUGGESTION = Suggestion(beside=TRACES, suggest=_suggest)
