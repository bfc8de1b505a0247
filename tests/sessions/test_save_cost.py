"""What a save reads of what is kept of its learner: its own words, skills and ids, however much there is."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner
from tests.postgres import transaction
from tests.statements import recorded
from vorex_sessions.database import Transaction, as_rows, run_transaction
from vorex_sessions.hooks.registry import registry
from vorex_sessions.sessions.storing import Kind, save_statement

FILL = (
    "INSERT INTO learner_memories (user_id, word, times_tested, last_outcome, tested_at, tested_on, "
    "stability, difficulty, due_on) SELECT CAST(:learner AS uuid), 'word ' || n, 1, 'good', now(), "
    "current_date, 1, 5, current_date FROM generate_series(1, 2000) AS n",
    "INSERT INTO learner_skills (user_id, skill, mastery, evidence, flagged, last_at) "
    "SELECT CAST(:learner AS uuid), 'skill ' || n, 0.5, 1, 0, now() FROM generate_series(1, 2000) AS n",
    "INSERT INTO deleted_sessions SELECT CAST(:learner AS uuid), gen_random_uuid(), now() "
    "FROM generate_series(1, 2000)",
)
TABLES = ("learner_memories", "learner_skills", "deleted_sessions")
COUNT = sa.text(
    "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) FROM pg_stat_xact_user_tables "
    "WHERE relname = :name"
)


def row() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        **{"session_result_id": str(uuid4()), "session_type": "roleplay", "duration_seconds": 300},
        **{"words_spoken": 0, "topics": [], "vocabulary_learned": ["word 1"], "metadata": {}},
        "vocabulary_results": [{"word": f"word {number}", "outcome": "good"} for number in (1, 2)],
        **{"skills": [{"skill": "skill 1", "score": 80}], "areas_to_improve": []},
        **{"completed_at": now.isoformat(), "timezone": "UTC", "practiced_on": str(now.date())},
        **{"hour": now.hour, "language": "en", "fingerprint": rf"\x{'00' * 16}"},
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_save_reads_its_own_words_and_skills_and_not_all_of_the_learners(
    app: Flask, learner: Learner, other: Learner, table: str
) -> None:
    learner.save()
    with app.app_context(), transaction(60) as connection:
        for statement in FILL:
            for who in (learner, other):
                connection.execute(sa.text(statement), {"learner": who.id})
        connection.execute(sa.text(f"ANALYZE {', '.join(TABLES)}"))
    saved = row()

    def work(transaction: Transaction) -> int:
        projections = registry().projections
        parameters = {"user_id": learner.id, "rows": as_rows([saved])}
        for projection in projections:
            parameters |= projection.context_parameters([saved])
        ((before,),) = transaction.run(COUNT, {"name": table})
        kind = Kind(is_batch=False, is_large=False, keeps_times=False, is_distributed=False)
        assert len(transaction.run(save_statement(projections, kind, ()), parameters)) == 1
        ((after,),) = transaction.run(COUNT, {"name": table})
        return int(after - before)

    with app.app_context():
        assert run_transaction(work) <= 2


def test_a_first_save_is_prepared_too(app: Flask, learner: Learner) -> None:
    with recorded(app) as sent:
        learner.save()
    writes = [text for text in sent if "learner_totals" in text or "EXECUTE" in text]
    assert writes
    assert all("EXECUTE" in text for text in writes)
