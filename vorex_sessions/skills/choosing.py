"""Pure: what is known of the skills -> where each stands, and which to work on now."""

from collections.abc import Mapping
from statistics import median_low
from typing import Any

from vorex_sessions.skill_graph import SKILLS, Skill
from vorex_sessions.skills.tracing import MASTERED, Trace

MOST = 5  # skills to work on now,
_MOST_BEGUN = 4  # of which so many begun ones at the most, where there are new ones
_ALMOST = 0.8  # mastery
STATUSES = ("locked", "ready", "learning", "mastered")
REASONS = {
    "foundation": "Other skills that you are learning build on it.",
    "named": "Named as an area to improve, and not mastered yet.",
    "almost": "Almost mastered; a little more practice will do.",
    "in progress": "Begun, and not mastered yet.",
    "new": "Not practised yet, and you know what it builds on.",
}


def statuses(traces: Mapping[str, Trace]) -> dict[str, str]:
    """Where each skill of the graph stands.

    What a practised skill builds on, near or far, counts as known where nothing tells otherwise: who
    speaks of the past perfect was not asked for the verb to be.
    """
    passed = _below(traces)
    return {key: _status(skill, traces, passed) for key, skill in SKILLS.items()}


def _status(skill: Skill, traces: Mapping[str, Trace], passed: set[str]) -> str:
    if skill.key in traces:
        return "mastered" if traces[skill.key].mastery >= MASTERED else "learning"
    known = (
        traces[need].mastery >= MASTERED if need in traces else need in passed
        for need in skill.needs
    )
    return "ready" if all(known) else "locked"


def _below(traces: Mapping[str, Trace]) -> set[str]:
    """Everything that practised skills build on."""
    below: set[str] = set()
    pending = [need for key in traces if key in SKILLS for need in SKILLS[key].needs]
    while pending:
        key = pending.pop()
        if key not in below:
            below.add(key)
            pending += SKILLS[key].needs
    return below


def next_skills(traces: Mapping[str, Trace], standing: Mapping[str, str]) -> list[dict[str, Any]]:
    """At most 5 skills to work on now, the first first, each with its reason.

    Begun ones come first: those that other begun ones build on, then by lowest mastery. New ones follow,
    the nearest to the learner's level first.
    """
    begun = {key for key, status in standing.items() if status == "learning"}
    needed = {need for key in begun for need in SKILLS[key].needs} & begun
    old = sorted(begun, key=lambda key: (key not in needed, traces[key].mastery, key))
    level, passed = _level(traces), _below(traces)
    new = [key for key, status in standing.items() if status == "ready" and key not in passed]
    new.sort(key=lambda key: abs(SKILLS[key].rank - level))  # else in the order of the graph
    taken = old[: max(_MOST_BEGUN, MOST - len(new))]
    return [
        _shown(key, "new" if key in new else _reason(traces[key], key in needed))
        for key in [*taken, *new[: MOST - len(taken)]]
    ]


def _level(traces: Mapping[str, Trace]) -> int:
    """The rank that most of what was practised has, in the middle."""
    ranks = [SKILLS[key].rank for key in traces if key in SKILLS]
    return median_low(ranks) if ranks else 0


def _reason(trace: Trace, is_needed: bool) -> str:
    if is_needed:
        return "foundation"
    if trace.mastery >= _ALMOST:
        return "almost"
    return "named" if trace.flagged else "in progress"


def _shown(key: str, reason: str) -> dict[str, Any]:
    return {
        "skill": key,
        "name": SKILLS[key].name,
        "reason": reason,
        "explanation": REASONS[reason],
    }
