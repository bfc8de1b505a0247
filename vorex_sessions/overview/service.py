"""The overview: several answers, all of one moment of the database."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from vorex_sessions.hooks.answers import Asked
from vorex_sessions.hooks.rebuild import in_current_snapshot
from vorex_sessions.hooks.registry import registry
from vorex_sessions.hooks.standby_reads import by_standby, may_lag
from vorex_sessions.problems.kinds import Invalid


def overview(
    learner_id: str, parts: Mapping[str, Mapping[str, Any]], *, now: datetime
) -> dict[str, Any]:
    """The answers by their names; `parts` has the parameters of each. Raises Invalid.

    A part that fails fails the whole.
    """
    answers = registry().answers

    def read() -> dict[str, Any]:
        made = {}
        for name, query in parts.items():
            try:
                made[name] = answers[name].make(Asked(learner_id, now, query))
            except Invalid as problem:
                raise _of_part(name, problem) from None
        return made

    by_primary = partial(in_current_snapshot, learner_id, read)
    if any(map(may_lag, parts.values())):
        return by_standby(learner_id, read, otherwise=by_primary)
    return by_primary()


def _of_part(name: str, problem: Invalid) -> Invalid:
    """The problem of a part; its details and parameters begin with the name of a parameter."""
    errors = [{key: f"{name}.{text}" for key, text in error.items()} for error in problem.errors]
    return Invalid(f"{name}.{problem.detail}", errors=errors)
