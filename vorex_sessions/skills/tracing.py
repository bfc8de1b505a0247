"""Pure: sessions, one after the other -> how well each skill is mastered (Bayesian knowledge tracing).

Corbett & Anderson, "Knowledge tracing: modeling the acquisition of procedural knowledge", User Modeling
and User-Adapted Interaction 4 (1995): a skill is mastered or not. Each opportunity may teach it. An answer
is evidence of either, but for slips and guesses. Their answers are right or wrong; here a score in between is
soft evidence: both conclusions, weighted (Jeffrey's rule). The parameters are chosen, not fitted, within
their bounds (guess at most 0.3, slip at most 0.1). The threshold of 0.95 is theirs, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vorex_sessions.skill_graph import NO_GRAPH, graph_of
from vorex_sessions.skills.matching import skill_of
from vorex_sessions.turns import in_turns

KNOWN_BEFORE = 0.2  # P(L0): mastered before the first opportunity
LEARNED = 0.15  # P(T): becomes mastered at an opportunity
GUESS = 0.2  # P(G): right without mastery
SLIP = 0.1  # P(S): wrong in spite of mastery
MASTERED = 0.95
WRONG_UP_TO, RIGHT_FROM = 50, 85  # points of a score that are wrong, or right, altogether


# A skill is one of a language.
Key = tuple[str, str]


@dataclass(frozen=True)
class Trace:
    """A learner's mastery of a skill; `flagged`: how often it was named as an area to improve."""

    mastery: float
    evidence: int
    flagged: int
    last_at: datetime


def credit(score: float) -> float:
    """The part of a score that counts as a right answer, 0 to 1."""
    return min(max((score - WRONG_UP_TO) / (RIGHT_FROM - WRONG_UP_TO), 0.0), 1.0)


def traced(mastery: float, right: float) -> float:
    """The probability of mastery after an opportunity; `right` is the part that was right, 0 to 1."""
    if_right = mastery * (1 - SLIP) / (mastery * (1 - SLIP) + (1 - mastery) * GUESS)
    if_wrong = mastery * SLIP / (mastery * SLIP + (1 - mastery) * (1 - GUESS))
    posterior = right * if_right + (1 - right) * if_wrong
    return posterior + (1 - posterior) * LEARNED


def evidence_of(session: Any) -> dict[str, tuple[float, bool]]:
    """For each skill with evidence in a session: the part that was right, and whether it is to be improved.

    Its score counts if there is one; else to be named as an area to improve is a wrong answer. In a language
    without a graph nothing is evidence.
    """
    graph = graph_of(session.language)
    if graph is NO_GRAPH:
        return {}
    areas = in_turns(session.areas_to_improve)
    named = {skill for area in areas if (skill := skill_of(area, graph))}
    evidence = dict.fromkeys(sorted(named), (0.0, True))
    for item in session.skills:
        evidence[item["skill"]] = (credit(item["score"]), item["skill"] in named)
    return evidence


def trace(
    sessions: Iterable[Any],
    stored: Mapping[Key, Trace] | None = None,
    only: set[Key] | None = None,
) -> dict[Key, Trace]:
    """The traces of the skills in sessions, which come `in_time`, after `stored`; `only`: just these."""
    traces: dict[Key, Trace] = {}
    for session in sessions:
        for skill, (right, flagged) in evidence_of(session).items():
            key = (session.language, skill)
            if only is None or key in only:
                before = traces.get(key) or (stored or {}).get(key)
                traces[key] = _after(before, right, flagged, session.completed_at)
    return traces


def in_time(session: Any) -> tuple[datetime, str]:
    """The place of a session in time, for sorting."""
    return session.completed_at, str(session.session_result_id)


def _after(before: Trace | None, right: float, flagged: bool, at: datetime) -> Trace:
    if before is None:
        return Trace(traced(KNOWN_BEFORE, right), 1, int(flagged), at)
    mastery = traced(before.mastery, right)
    return Trace(mastery, before.evidence + 1, before.flagged + flagged, at)
