"""Pure: which insights are worth saying. At most three, the most urgent first, one of each group.

A rule says nothing where its evidence is thin; its docstring gives the threshold and the reason.
"""

from collections.abc import Callable, Collection
from typing import NamedTuple

from vorex_sessions.insights import learning_rules as learning
from vorex_sessions.insights import practice_rules as practice
from vorex_sessions.insights.answers import Answers
from vorex_sessions.insights.facts import Finding, Insight

MOST = 3


class Rule(NamedTuple):
    """A rule. Of a group only the first finding is told, since the others would repeat it."""

    kind: str
    priority: int
    group: str
    find: Callable[[Answers], Finding | None]


RULES = (
    Rule("streak_risk", 100, "streak", practice.streak_risk),
    Rule("away", 95, "return", practice.away),
    Rule("weekly_goal", 90, "streak", practice.weekly_goal),
    Rule("daily_goal", 80, "streak", practice.daily_goal),
    Rule("come_back", 75, "return", practice.come_back),
    Rule("first_week", 72, "amount", practice.first_week),
    Rule("words_due", 70, "words", learning.words_due),
    Rule("trend_down", 65, "trend", learning.trend_down),
    Rule("trend_up", 64, "trend", learning.trend_up),
    Rule("word_slipping", 60, "words", learning.word_slipping),
    Rule("neglected_language", 55, "language", learning.neglected_language),
    Rule("next_skill", 50, "skill", learning.next_skill),
    Rule("plateau", 45, "trend", learning.plateau),
    Rule("more_practice", 40, "amount", practice.more_practice),
    Rule("steady", 35, "amount", practice.steady),
    Rule("less_practice", 30, "return", practice.less_practice),
    Rule("usual_hours", 20, "rhythm", practice.usual_hours),
)
KINDS = tuple(rule.kind for rule in RULES)


def choose(answers: Answers, hidden: Callable[[Insight], bool]) -> list[Insight]:
    """The insights to show."""
    chosen: list[Insight] = []
    for insight in all_of(answers):
        if len(chosen) == MOST:
            break
        if insight.group not in _groups(chosen) and not hidden(insight):
            chosen.append(insight)
    return chosen


def all_of(answers: Answers) -> list[Insight]:
    """Everything that the rules find, the most urgent first."""
    findings = ((rule, rule.find(answers)) for rule in RULES)
    return [
        Insight(rule.kind, rule.priority, rule.group, finding)
        for rule, finding in findings
        if finding
    ]


def _groups(insights: Collection[Insight]) -> set[str]:
    return {one.group for one in insights}
