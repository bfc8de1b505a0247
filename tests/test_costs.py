"""What a request costs, in figures that do not depend on the machine: statements sent and rows read."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner, content
from tests.postgres import transaction
from tests.privacy.test_export import fill
from tests.statements import recorded
from vorex_sessions.progress.queries import (
    RANGE_BY_DAY,
    RANGE_GROUPS,
    RANGE_SESSIONS,
    SESSIONS_QUERY,
    range_days,
)
from vorex_sessions.progress.recent import RECENT_QUERY
from vorex_sessions.progress.windows import Window

READS = [
    "/history?limit=20",
    "/history?limit=20&offset=100",
    "/history?session_type=roleplay&date_from=2025-12-01",
    "/stats?period=day",
    "/stats?period=month",
    "/stats?period=year",
    "/stats?period=all",
    "/stats?period=last_month",
    "/stats?period=this_year",
    "/stats?date_from=2025-12-01&date_to=2025-12-31",
    "/stats?date_from=2020-01-01&date_to=2029-12-31",
    "/rhythm?period=all",
    "/daily-breakdown?date_from=2025-01-01&date_to=2025-12-31",
    "/trends?date_from=2025-01-01&date_to=2025-12-31",
    "/daily-breakdown",
    "/warmup",
    "/trends?period=year",
    "/comparison",
]


@pytest.mark.parametrize("path", READS)
def test_every_answer_takes_one_statement_however_much_there_is(
    app: Flask, learner: Learner, path: str
) -> None:
    fill(learner, 300)
    learner.request("GET", f"/api/sessions{path}")  # warm up
    with recorded(app) as sent:
        learner.request("GET", f"/api/sessions{path}")
    assert len(sent) == 1, sent


def test_a_save_takes_two_round_trips_and_a_batch_that_unlocks_three(
    app: Flask, learner: Learner
) -> None:
    learner.save()
    with recorded(app) as sent:
        learner.save()
    assert len(sent) == 2  # the session; then the derived rows and COMMIT
    items = [content(session_result_id=str(uuid4())) for _ in range(100)]
    with recorded(app) as sent:
        answer = learner.request("POST", "/api/sessions/batch", json={"sessions": items})
    assert answer.status_code == 200
    assert len(sent) == 3


def rows_read(app: Flask, query: Any, parameters: dict[str, Any]) -> int:
    """Return how many rows of session_results a query reads, as PostgreSQL counts them."""
    count = sa.text(
        "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables "
        "WHERE relname = 'session_results'"
    )
    with app.app_context(), transaction(10) as connection:
        before = connection.execute(count).scalar_one()
        connection.execute(query, parameters).all()
        return int(connection.execute(count).scalar_one() - before)


@pytest.mark.parametrize("query", [SESSIONS_QUERY, RECENT_QUERY])
def test_a_period_reads_its_own_rows_and_not_the_learners_whole_past(
    app: Flask, learner: Learner, other: Learner, query: Any
) -> None:
    now = datetime.now(UTC)
    fill(learner, 2000)
    fill(other, 2000)
    with app.app_context(), transaction(60) as connection:
        connection.execute(sa.text("ANALYZE session_results"))
    for _ in range(5):
        learner.save()
    parameters = {"user_id": learner.id, "since": now - timedelta(days=16), "language": None}
    if query is SESSIONS_QUERY:
        day = now.date()
        parameters |= {"session_type": None, "edge_from": day, "edge_to": day}
    assert 5 <= rows_read(app, query, parameters) <= 10


@pytest.mark.parametrize("query", [RANGE_SESSIONS, RANGE_BY_DAY, RANGE_GROUPS])
def test_a_range_reads_neither_what_came_before_nor_what_came_after(
    app: Flask, learner: Learner, query: Any
) -> None:
    fill(learner, 2000)  # all of the end of 2025
    with app.app_context(), transaction(60) as connection:
        connection.execute(sa.text("ANALYZE session_results"))
    for day in ("2025-06-05", "2025-06-15", "2025-06-25"):
        learner.save(completed_at=f"{day}T12:00:00Z")
    window = Window(date(2025, 6, 10), date(2025, 6, 20), None, open_end=False)
    parameters = {"user_id": learner.id, "session_type": None, "language": None}
    parameters |= range_days([window])
    used = {name: parameters[name] for name in query.compile().params.keys() & parameters.keys()}
    assert rows_read(app, query, used) <= 3  # one, and the latest for its zone
