"""The purge of many learners: small batches, short locks, and no learner left out."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner
from tests.privacy.test_export import fill
from tests.statements import recorded
from vorex_sessions.database import locks
from vorex_sessions.extensions import db
from vorex_sessions.privacy import retention
from vorex_sessions.sessions import purge_batches
from vorex_sessions.sessions.purge_batches import PurgeResult

CUTOFF = datetime(2026, 1, 1, tzinfo=UTC)  # `fill` makes sessions of the minutes before


def learners(app: Flask, count: int) -> list[Learner]:
    return [Learner(app, str(UUID(int=number))) for number in range(count)]


def left(app: Flask) -> int:
    with app.app_context(), db.engine.connect() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM session_results")).scalar_one()


@pytest.mark.parametrize("page", [1, 3, 7, 20_000])
def test_nobody_is_forgotten_wherever_a_page_of_the_index_ends(
    app: Flask, in_app: Flask, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    for number, learner in enumerate(learners(app, 8)):
        if number % 2:
            learner.save(completed_at="2026-06-01T10:00:00Z")
            learner.save(completed_at="2026-06-02T10:00:00Z")
        if number % 3:
            fill(learner, 5)
    monkeypatch.setattr(retention, "_PAGE", page)
    monkeypatch.setattr(retention, "_FIRST", retention._page())
    monkeypatch.setattr(retention, "_NEXT", retention._page(retention._is_after))
    assert retention.due(CUTOFF) == PurgeResult(25, 5)
    assert retention.purge(CUTOFF) == PurgeResult(25, 5)
    assert retention.purge(CUTOFF) == PurgeResult(0, 0)
    assert left(app) == 8


def test_a_learner_with_more_than_a_batch_is_purged_in_several(
    app: Flask, in_app: Flask, learner: Learner
) -> None:
    fill(learner, 1203)
    with recorded(app) as seen:
        assert retention.purge(CUTOFF).sessions == 1203
    assert len([text for text in seen if "DELETE" in text]) == 3


def test_a_purge_that_was_stopped_goes_on_where_it_was(
    app: Flask, in_app: Flask, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(learner, 1203)
    run_transaction = purge_batches.run_transaction
    calls = []

    def interrupted(work: Callable, *, learner_id: str) -> object:
        calls.append(work)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return run_transaction(work, learner_id=learner_id)

    monkeypatch.setattr(purge_batches, "run_transaction", interrupted)
    with pytest.raises(KeyboardInterrupt):
        retention.purge(CUTOFF)
    assert left(app) == 703
    assert retention.purge(CUTOFF).sessions == 703


def test_a_learner_who_is_busy_is_left_for_the_next_time_and_said(
    app: Flask, in_app: Flask, learner: Learner, other: Learner
) -> None:
    fill(learner, 3)
    fill(other, 3)
    with db.engine.connect() as holder:
        holder.exec_driver_sql("BEGIN")
        lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
        holder.execute(lock, {"key": locks.key(learner.id)})
        assert retention.purge(CUTOFF) == PurgeResult(3, 1, busy=1)
        holder.exec_driver_sql("ROLLBACK")
    assert retention.purge(CUTOFF) == PurgeResult(3, 1)
