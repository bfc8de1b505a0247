"""Random changes, for tests of results that must be right after any changes."""

from collections.abc import Callable
from random import Random
from typing import Any

import orjson

from tests.factories import Learner


def alter(
    learner: Learner,
    random: Random,
    what: str,
    stored: list[str],
    practice: Callable[[Random], dict[str, Any]],
) -> None:
    """Send a `batch`, or `patch` or `delete` a random session; update the ids in `stored`."""
    if what == "batch":
        items = {"sessions": [practice(random) for _ in range(random.randrange(1, 6))]}
        answer = learner.request("POST", "/api/sessions/batch", json=items)
        for result in orjson.loads(answer.data)["results"]:
            stored.append(result["session"]["session_result_id"])
    elif what == "patch":
        changes = practice(random)
        names = {*random.sample(sorted(changes), 2)}
        if names & {"language", "skills"}:  # these belong together
            names |= {"language", "skills"} & changes.keys()
        change = {name: changes[name] for name in names}
        path = f"/api/sessions/{random.choice(stored)}"
        assert learner.request("PATCH", path, json=change).status_code == 200
    else:
        gone = stored.pop(random.randrange(len(stored)))
        learner.request("DELETE", f"/api/sessions/{gone}")
