"""Pure: traces of skills -> the status of each skill, and the skills to work on now."""

from collections.abc import Mapping
from statistics import median_low
from typing import Any

from vorex_sessions.skill_graph import Graph, Skill
from vorex_sessions.skills.tracing import MASTERED, Trace

MOST = 5  # skills to work on now
_MOST_BEGUN = 4  # begun skills among them at most, where there are new ones
_ALMOST = 0.8  # mastery
STATUSES = ("locked", "ready", "learning", "mastered")
REASONS = {
    "foundation": "Other skills that you are learning build on it.",
    "named": "Named as an area to improve, and not mastered yet.",
    "almost": "Almost mastered; a little more practice will do.",
    "in progress": "Begun, and not mastered yet.",
    "new": "Not practised yet, and you know what it builds on.",
}


def statuses(graph: Graph, traces: Mapping[str, Trace]) -> dict[str, str]:
    """The status of each skill of the graph.

    Everything that a practised skill builds on, directly or not, counts as mastered unless it has its own
    trace: a learner who practises the past perfect is not tested on the verb to be.
    """
    implied = _below(graph, traces)
    return {key: _status(skill, traces, implied) for key, skill in graph.skills.items()}


def _status(skill: Skill, traces: Mapping[str, Trace], implied: set[str]) -> str:
    if skill.key in traces:
        return "mastered" if traces[skill.key].mastery >= MASTERED else "learning"
    are_mastered = (
        traces[need].mastery >= MASTERED if need in traces else need in implied
        for need in skill.needs
    )
    return "ready" if all(are_mastered) else "locked"


def _below(graph: Graph, traces: Mapping[str, Trace]) -> set[str]:
    """Everything that practised skills build on."""
    skills, below = graph.skills, set[str]()
    pending = [need for key in traces if key in skills for need in skills[key].needs]
    while pending:
        key = pending.pop()
        if key not in below:
            below.add(key)
            pending += skills[key].needs
    return below


def next_skills(
    graph: Graph, traces: Mapping[str, Trace], status_by_skill: Mapping[str, str]
) -> list[dict[str, Any]]:
    """At most 5 skills to work on now, in order of priority, each with its reason.

    Begun skills come first: those that other begun skills build on, then by lowest mastery. New skills
    follow, those nearest to the learner's level first.
    """
    skills = graph.skills
    begun = {key for key, status in status_by_skill.items() if status == "learning"}
    needed = {need for key in begun for need in skills[key].needs} & begun
    ranked = sorted(begun, key=lambda key: (key not in needed, traces[key].mastery, key))
    level, implied = _level(graph, traces), _below(graph, traces)
    new = [
        key for key, status in status_by_skill.items() if status == "ready" and key not in implied
    ]
    new.sort(key=lambda key: abs(skills[key].rank - level))  # else in the order of the graph
    taken = ranked[: max(_MOST_BEGUN, MOST - len(new))]
    return [
        _shown(skills[key], "new" if key in new else _reason(traces[key], key in needed))
        for key in [*taken, *new[: MOST - len(taken)]]
    ]


def _level(graph: Graph, traces: Mapping[str, Trace]) -> int:
    """The median rank of the practised skills."""
    ranks = [graph.skills[key].rank for key in traces if key in graph.skills]
    return median_low(ranks) if ranks else 0


def _reason(trace: Trace, is_needed: bool) -> str:
    if is_needed:
        return "foundation"
    if trace.mastery >= _ALMOST:
        return "almost"
    return "named" if trace.flagged else "in progress"


def _shown(skill: Skill, reason: str) -> dict[str, Any]:
    return {
        "skill": skill.key,
        "name": skill.name,
        "reason": reason,
        "explanation": REASONS[reason],
    }
