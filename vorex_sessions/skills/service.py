"""How well a learner masters each skill, and which to work on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.projections import DERIVED_VERSION
from vorex_sessions.hooks.rebuild import run_current
from vorex_sessions.hooks.warmup_sections import WarmupSection, language_of
from vorex_sessions.progress.recent import LATEST
from vorex_sessions.skill_graph import graph_of
from vorex_sessions.skills.choosing import next_skills, statuses
from vorex_sessions.skills.projection import by_skill, traces_of

_language = sa.func.coalesce(
    sa.cast(sa.bindparam("language"), sa.Text), sa.select(LATEST.c.language).scalar_subquery()
)
_TRACES = sa.select(
    DERIVED_VERSION.label("derived_version"),
    _language.label("language"),
    traces_of(_language).label("traces"),
)


def show_skills(learner_id: str, *, language: str | None = None) -> dict[str, Any]:
    """The graph of skills of a language with the learner's status, and the skills to work on now.

    By default of the language of the latest session. In a language without a graph there are none.
    """
    (row,) = run_current(_TRACES, {"user_id": learner_id, "language": language})
    language = row.language or setting("DEFAULT_LANGUAGE")
    graph, traces = graph_of(language), by_skill(row.traces)
    status_by_skill = statuses(graph, traces)
    nodes = [
        {
            "skill": key,
            "name": skill.name,
            "domain": skill.domain,
            "level": skill.level,
            "mastery": round(traces[key].mastery, 4) if key in traces else None,
            "evidence": traces[key].evidence if key in traces else 0,
            "status": status_by_skill[key],
        }
        for key, skill in graph.skills.items()
    ]
    return {
        "language": language,
        "nodes": nodes,
        "edges": [{"from": before, "to": after} for before, after in graph.edges],
        "next": next_skills(graph, traces, status_by_skill),
    }


class SkillsSection(WarmupSection):
    """`focus_skills`: skills to work on, for a learner with evidence of any skill."""

    columns = ("language",)

    def context(self, recent: sa.CTE) -> sa.ScalarSelect[Any]:
        """The learner's traces in the language."""
        return traces_of(language_of(recent))

    def members(self, sessions: Sequence[Any], context: Any, today: date) -> dict[str, Any]:
        """At most 5 skills."""
        traces = by_skill(context)
        if not traces:
            return {"focus_skills": []}
        graph = graph_of(sessions[0].language)
        return {"focus_skills": next_skills(graph, traces, statuses(graph, traces))}
