"""A page by cursor costs the same at any depth."""

from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner
from vorex_sessions.database import prepared_statements
from vorex_sessions.extensions import db
from vorex_sessions.sessions import history

FILL = """
INSERT INTO session_results (user_id, session_result_id, session_type, duration_seconds, topics,
    metadata, completed_at, timezone, practiced_on, fingerprint, version)
SELECT CAST(:learner AS uuid), gen_random_uuid(), 'conversation', 300, ARRAY['travel', 'hotels'],
    '{"scenario_id": "hotel-check-in", "user_level": "B1"}', instant, 'UTC',
    (instant AT TIME ZONE 'UTC')::date, decode(repeat('00', 16), 'hex'), 0
FROM generate_series(1, :sessions) AS number,
    LATERAL (SELECT timestamptz '2026-03-01 12:00:00Z' - number * interval '50 minutes') AS at(instant)
"""


@pytest.fixture
def busy(app: Flask, learner: Learner) -> Learner:
    """A learner of 5,100 sessions, among others."""
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text(FILL), {"learner": learner.id, "sessions": 5_100})
        for _ in range(200):
            connection.execute(sa.text(FILL), {"learner": str(uuid4()), "sessions": 200})
        connection.execute(sa.text("VACUUM ANALYZE session_results"))
    return learner


def cost(app: Flask, learner: Learner, cursor: str | None) -> tuple[int, int, set[str]]:
    """Return the buffers of a prepared page of 20 and of the total, and the page's node types."""
    place = history._place({}, None, cursor)
    statement = history.statement(frozenset(), cursor is not None)
    with app.app_context(), db.engine.connect() as connection:
        compiled = statement.compile(connection)
        parameters = {**compiled.params, **place, "user_id": learner.id, "limit": 21}
        _, body, arguments = prepared_statements._numbered(str(compiled))
        connection.exec_driver_sql(f"PREPARE page AS {body}")
        explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page {arguments}"
        ((plan,),) = connection.exec_driver_sql(explain, parameters).scalars()
        connection.exec_driver_sql("DEALLOCATE page")
    nodes = list(walk(plan["Plan"]))
    (limit,) = [node for node in nodes if node["Node Type"] == "Limit"]
    (total,) = [node for node in nodes if node["Node Type"] == "Aggregate"]
    return buffers(limit), buffers(total), {node["Node Type"] for node in walk(limit)}


def walk(node: dict[str, Any]) -> Any:
    yield node
    for child in node.get("Plans", []):
        yield from walk(child)


def buffers(node: dict[str, Any]) -> int:
    return int(node["Shared Hit Blocks"] + node["Shared Read Blocks"])


def test_page_250_by_cursor_costs_what_page_1_costs(app: Flask, busy: Learner) -> None:
    first, first_total, scans = cost(app, busy, None)
    page = busy.get("/history")
    for _ in range(248):
        page = busy.get("/history", cursor=page["next_cursor"])
    last, last_total, last_scans = cost(app, busy, page["next_cursor"])
    print(f"page 1: {first} buffers, total {first_total}; page 250: {last}, {last_total}; {scans}")  # noqa: T201  # for -s
    assert len(busy.get("/history", cursor=page["next_cursor"])["sessions"]) == 20
    assert "Seq Scan" not in scans | last_scans
    assert first <= 30
    assert last <= 30
    assert last_total == first_total
