"""Making anew what capabilities derive from a learner's sessions, where it cannot be relied on.

Deletes, corrections and purges only say so (`Derived.forget_all`), as do new rules (learner_data.VERSION)
and learners from before; whoever needs it next has it made.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from vorex_sessions import locks
from vorex_sessions.extensions import Within, ask, together
from vorex_sessions.learner_data import DERIVED_BY, VERSION
from vorex_sessions.sessions import charge

_EVERY = """
SELECT session_result_id, session_type, duration_seconds, words_spoken, pronunciation_score,
    fluency_score, grammar_score, vocabulary_learned, areas_to_improve, vocabulary_results, skills,
    completed_at, practiced_on, timezone
FROM session_results WHERE user_id = CAST(:user_id AS uuid)
"""
EVERY = sa.text(_EVERY)
_LOCKED = locks.exclusive(_EVERY)
_DERIVED_BY = sa.text(f"SELECT {DERIVED_BY} AS version")
_DONE = sa.text(f"""
UPDATE learner_totals SET derived_version = {VERSION} WHERE user_id = CAST(:user_id AS uuid)
""")  # noqa: S608  # a number of ours
_PATIENCE = 10  # seconds: some ten thousand sessions with hundreds of outcomes each


def rebuild(learner_id: str, *, everything: bool = False) -> None:
    """Make anew what cannot be relied on, or everything. Raises DBAPIError."""
    mine = {"user_id": learner_id}

    def work(within: Within) -> None:
        sessions = within(_LOCKED, mine | {"learner_lock": locks.key(learner_id)})
        current = within(_DERIVED_BY, mine)[0].version == VERSION
        for derived in charge.DERIVED:
            stale = derived.goes_stale and (not current or derived.forget_figures)
            if everything or stale:
                derived.renew(within, learner_id, sessions)
        within.later(_DONE, mine)

    together(work, _PATIENCE)


def asked(
    statement: sa.Executable,
    parameters: dict[str, Any],
    is_fresh: Callable[[Any], bool] = lambda row: row.derived_by == VERSION,
) -> Sequence[Any]:
    """The rows of a question about what is derived, which is made anew first where that is needed.

    `is_fresh` says of the first row whether it was not; it stays so for a learner without sessions.
    """
    rows = ask(statement, parameters)
    if rows and not is_fresh(rows[0]):
        rebuild(parameters["user_id"])
        rows = ask(statement, parameters)
    return rows
