"""Pure: sessions, one after the other -> how well each skill is mastered (Bayesian knowledge tracing).

Corbett & Anderson, "Knowledge tracing: modeling the acquisition of procedural knowledge", User Modeling
and User-Adapted Interaction 4 (1995): a skill is mastered or not, each opportunity may teach it, an answer
tells which it is, but for slips and guesses. Theirs are right or wrong answers; a score between is soft
evidence: the two conclusions, weighted (Jeffrey's rule). The parameters are chosen, not fitted, within
their bounds (guess at most 0.3, slip at most 0.1), and so is the threshold of 0.95 theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vorex_sessions.skills.matching import skill_of

KNOWN_BEFORE = 0.2  # P(L0): mastered before the first opportunity
LEARNED = 0.15  # P(T): becomes mastered at an opportunity
GUESS = 0.2  # P(G): right without mastery
SLIP = 0.1  # P(S): wrong in spite of mastery
MASTERED = 0.95
WRONG_UP_TO, RIGHT_FROM = 50, 85  # points of a score that are wrong, or right, altogether


@dataclass(frozen=True)
class Trace:
    """What is known of a learner and a skill; `flagged`: how often it was named as an area to improve."""

    mastery: float
    evidence: int
    flagged: int
    last_at: datetime


def credit(score: float) -> float:
    """How far a score is a right answer, 0 to 1."""
    return min(max((score - WRONG_UP_TO) / (RIGHT_FROM - WRONG_UP_TO), 0.0), 1.0)


def traced(mastery: float, right: float) -> float:
    """The probability of mastery after an opportunity that was right to this part."""
    if_right = mastery * (1 - SLIP) / (mastery * (1 - SLIP) + (1 - mastery) * GUESS)
    if_wrong = mastery * SLIP / (mastery * SLIP + (1 - mastery) * (1 - GUESS))
    told = right * if_right + (1 - right) * if_wrong
    return told + (1 - told) * LEARNED


def evidence_of(session: Any) -> dict[str, tuple[float, bool]]:
    """Of each skill that a session tells of: how far it was right, and whether it is to be improved.

    A score counts where there is one; being named as an area to improve is a wrong answer.
    """
    named = {skill for area in session.areas_to_improve if (skill := skill_of(area))}
    told = dict.fromkeys(sorted(named), (0.0, True))
    for one in session.skills:
        told[one["skill"]] = (credit(one["score"]), one["skill"] in named)
    return told


def trace(
    sessions: Iterable[Any],
    known: Mapping[str, Trace] | None = None,
    only: set[str] | None = None,
) -> dict[str, Trace]:
    """What sessions, in the order of time, make of what is known; of the skills that they tell of alone."""
    traces: dict[str, Trace] = {}
    for session in sorted(sessions, key=lambda one: (one.completed_at, str(one.session_result_id))):
        for skill, (right, flagged) in evidence_of(session).items():
            if only is None or skill in only:
                before = traces.get(skill) or (known or {}).get(skill)
                traces[skill] = _after(before, right, flagged, session.completed_at)
    return traces


def _after(before: Trace | None, right: float, flagged: bool, at: datetime) -> Trace:
    if before is None:
        return Trace(traced(KNOWN_BEFORE, right), 1, int(flagged), at)
    mastery = traced(before.mastery, right)
    return Trace(mastery, before.evidence + 1, before.flagged + flagged, at)
