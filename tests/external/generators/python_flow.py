"""What every generated client does; each file adds how it calls the operations."""

import os
from collections.abc import Callable
from typing import Any

ADDRESS = os.environ["ADDRESS"]
TOKEN = os.environ["TOKEN"]
SESSION = {"session_type": "roleplay", "duration_seconds": 300, "topics": ["travel"]}
INVALID = {"session_type": "roleplay", "duration_seconds": -1}


def run(
    save: Callable[[dict[str, Any]], Any],
    save_two: Callable[[list[dict[str, Any]]], Any],
    history: Callable[..., Any],
    stats: Callable[[], Any],
) -> None:
    """Save, page by cursor, ask for statistics, send what is refused, and a batch of both kinds."""
    saved = [save(SESSION) for _ in range(3)]
    assert saved[0].streak.current == 1
    seen, pages = [], {}
    while True:
        page = history(limit=2, **pages)
        assert page.total == 3
        seen += [session.session_result_id for session in page.sessions]
        if not page.next_cursor:
            break
        pages = {"cursor": page.next_cursor}
    assert seen == [session.session_result_id for session in reversed(saved)]
    assert stats().total_sessions == 3
    problem = save(INVALID)
    assert problem.status == 422
    assert problem.errors[0].pointer == "#/duration_seconds"
    stored, rejected = save_two([SESSION, INVALID]).results
    assert stored.session.duration_seconds == 300
    assert rejected.problem.status == 422
    print("done")
