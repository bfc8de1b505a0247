"""Answers: how well do I master each skill, and which should I work on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from vorex_sessions.hooks.rebuild import DERIVED_VERSION, run_current
from vorex_sessions.hooks.warmup_sections import WarmupSection
from vorex_sessions.skill_graph import EDGES, SKILLS
from vorex_sessions.skills.choosing import next_skills, statuses
from vorex_sessions.skills.projection import TRACES, traces

_TRACES = sa.select(DERIVED_VERSION.label("derived_version"), TRACES.label("traces"))
_EDGES = [{"from": before, "to": after} for before, after in EDGES]


def show_skills(learner_id: str) -> dict[str, Any]:
    """The whole graph with the learner's place in it, and what to work on now."""
    (row,) = run_current(_TRACES, {"user_id": learner_id})
    found = traces(row.traces)
    status_of = statuses(found)
    nodes = [
        {
            "skill": key,
            "name": skill.name,
            "domain": skill.domain,
            "level": skill.level,
            "mastery": round(found[key].mastery, 4) if key in found else None,
            "evidence": found[key].evidence if key in found else 0,
            "status": status_of[key],
        }
        for key, skill in SKILLS.items()
    ]
    return {"nodes": nodes, "edges": _EDGES, "next": next_skills(found, status_of)}


class SkillsSection(WarmupSection):
    """`focus_skills`: what to work on, for a learner of whose skills something is known."""

    def context(self, recent: sa.CTE) -> sa.ScalarSelect[Any]:
        """All traces of the learner."""
        return TRACES

    def members(self, sessions: Sequence[Any], context: Any, today: date) -> dict[str, Any]:
        """At most 5 skills."""
        found = traces(context)
        return {"focus_skills": next_skills(found, statuses(found)) if found else []}
