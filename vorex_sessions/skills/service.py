"""How well a learner masters each skill, and which to work on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from vorex_sessions.hooks.projections import DERIVED_VERSION
from vorex_sessions.hooks.rebuild import run_current
from vorex_sessions.hooks.warmup_sections import WarmupSection
from vorex_sessions.skill_graph import EDGES, SKILLS
from vorex_sessions.skills.choosing import next_skills, statuses
from vorex_sessions.skills.projection import TRACES, traces

_TRACES = sa.select(DERIVED_VERSION.label("derived_version"), TRACES.label("traces"))
_EDGES = [{"from": before, "to": after} for before, after in EDGES]


def show_skills(learner_id: str) -> dict[str, Any]:
    """The graph of skills with the learner's status, and the skills to work on now."""
    (row,) = run_current(_TRACES, {"user_id": learner_id})
    by_skill = traces(row.traces)
    status_by_skill = statuses(by_skill)
    nodes = [
        {
            "skill": key,
            "name": skill.name,
            "domain": skill.domain,
            "level": skill.level,
            "mastery": round(by_skill[key].mastery, 4) if key in by_skill else None,
            "evidence": by_skill[key].evidence if key in by_skill else 0,
            "status": status_by_skill[key],
        }
        for key, skill in SKILLS.items()
    ]
    return {"nodes": nodes, "edges": _EDGES, "next": next_skills(by_skill, status_by_skill)}


class SkillsSection(WarmupSection):
    """`focus_skills`: skills to work on, for a learner with evidence of any skill."""

    def context(self, recent: sa.CTE) -> sa.ScalarSelect[Any]:
        """All traces of the learner."""
        return TRACES

    def members(self, sessions: Sequence[Any], context: Any, today: date) -> dict[str, Any]:
        """At most 5 skills."""
        by_skill = traces(context)
        return {"focus_skills": next_skills(by_skill, statuses(by_skill)) if by_skill else []}
