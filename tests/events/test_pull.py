"""`GET /api/admin/events`: the same events, none left out, whoever commits late."""

from typing import Any

import psycopg2
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.events.delivering import deliver, execute
from tests.events.receiver import Receiver
from tests.events.test_outbox import stored
from tests.factories import Learner, pointers
from tests.postgres import transaction
from tests.privacy.test_operator import as_operator
from tests.timing import wait_until

PATH = "/api/admin/events"
# Transactions in other databases of the server, which tests beside this one may run, hold events back.
_OTHERS_RUN = """
SELECT count(*) FROM pg_stat_activity WHERE datname <> current_database()
AND CAST(CAST(backend_xid AS text) AS bigint) <= (
    SELECT max(written_by) FROM events
    WHERE written_by < CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint))
"""


def ask(app: Flask, **query: Any) -> TestResponse:
    wait_until(lambda: execute(app, _OTHERS_RUN)[0][0] == 0)
    text = "&".join(f"{name}={value}" for name, value in query.items())
    return as_operator(app, "GET", f"{PATH}?{text}")


def pull(app: Flask, after: str | None = None, **query: Any) -> tuple[list[dict[str, Any]], str]:
    """Everything after a place, page by page; and the place."""
    events: list[dict[str, Any]] = []
    while True:
        page = ask(app, **({"after": after} if after else {}), **query).get_json()
        events += page["events"]
        after = page["next"]
        if not page["has_more"]:
            return events, after


def test_pages_have_every_event_once_and_in_order(pulling: Flask) -> None:
    learners = [Learner(pulling) for _ in range(3)]
    for _ in range(3):
        for learner in learners:
            learner.save()
    events, place = pull(pulling, limit=4)
    assert [one["id"] for one in events] == [str(one.event_id) for one in stored(pulling)]
    assert pull(pulling, place)[0] == []
    saved = learners[0].save()
    ((later,), _) = pull(pulling, place)
    assert later["data"]["session_result_id"] == saved["session_result_id"]


def test_what_is_pulled_is_what_is_pushed(pushing: Flask, receiver: Receiver) -> None:
    Learner(pushing).save()
    deliver(pushing)
    events, _ = pull(pushing)
    assert events == [{"id": one.id, **one.event} for one in receiver.received]


def test_a_type_leaves_out_the_others(pulling: Flask) -> None:
    learner = Learner(pulling)
    for _ in range(3):
        learner.save()
    events, place = pull(pulling, type="session.saved", limit=2)
    assert [one["type"] for one in events] == ["session.saved"] * 3
    assert pointers(ask(pulling, after=place)) == ["after"]  # of another type
    assert pull(pulling, place, type="session.saved")[0] == []


def test_a_rare_type_among_many_events_is_found_page_by_page(pulling: Flask) -> None:
    learner = Learner(pulling)
    learner.save()
    execute(
        pulling,
        "INSERT INTO events (user_id, type) SELECT user_id, 'session.saved' FROM session_results, "
        "generate_series(1, 12000)",
    )
    learner.request(
        "DELETE", f"/api/sessions/{learner.get('/history')['sessions'][0]['session_result_id']}"
    )
    first = ask(pulling, type="session.deleted").get_json()
    assert (first["events"], first["has_more"]) == ([], True)
    assert len(pull(pulling, type="session.deleted")[0]) == 1


def test_only_the_operator_pulls(app: Flask, pulling: Flask) -> None:
    assert Learner(pulling).request("GET", PATH).status_code == 403
    assert pulling.test_client().get(PATH).status_code == 401
    refused = ask(app)
    assert refused.status_code == 404
    assert "EVENTS=true" in refused.get_json(force=True)["detail"]


@pytest.mark.parametrize("place", ["x", "AAAA", "%00", "AAAAAAAAA-gAAAAAAAAAEQ=="])
def test_a_place_that_is_none_is_refused(pulling: Flask, place: str) -> None:
    assert pointers(ask(pulling, after=place)) == ["after"]
    assert pointers(ask(pulling, type="session.lost")) == ["type"]


def test_who_reads_after_more_days_than_events_are_kept_is_told(pulling: Flask) -> None:
    Learner(pulling).save()
    page = ask(pulling).get_json()
    assert page["missed"] is False
    assert ask(pulling, after=page["next"]).get_json()["missed"] is False
    pulling.config["EVENTS_KEPT_DAYS"] = -1
    assert ask(pulling, after=page["next"]).get_json()["missed"] is True


@pytest.mark.parametrize("query", [{"limit": 1}, {"limit": 1, "type": "session.saved"}])
def test_who_reads_more_slowly_than_events_are_removed_is_told(
    pulling: Flask, query: dict[str, Any]
) -> None:
    learner = Learner(pulling)
    learner.save()
    _, place = pull(pulling, **query)
    for _ in range(3):
        learner.save()
    execute(pulling, "UPDATE events SET occurred_at = now() - interval '5 days'")
    page = ask(pulling, **query, after=place).get_json()
    page = ask(pulling, **query, after=page["next"]).get_json()
    assert (page["has_more"], page["missed"]) == (True, False)
    pulling.config["EVENTS_KEPT_DAYS"] = 4
    execute(pulling, "DELETE FROM events")
    page = ask(pulling, **query, after=page["next"]).get_json()
    assert (page["events"], page["missed"]) == ([], True)
    assert ask(pulling, **query, after=page["next"]).get_json()["missed"] is False


def test_who_begins_with_the_oldest_events_has_missed_nothing(pulling: Flask) -> None:
    learner = Learner(pulling)
    for _ in range(3):
        learner.save()
    execute(pulling, "UPDATE events SET occurred_at = now() - interval '8 days'")  # not removed yet
    page = ask(pulling, limit=1).get_json()
    while page["has_more"]:
        page = ask(pulling, limit=1, after=page["next"]).get_json()
        assert page["missed"] is False
    assert ask(pulling, after=page["next"]).get_json()["missed"] is False


STEPS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["write", "commit", "roll back"])), max_size=25
)
INSERT = "INSERT INTO events (user_id, type) VALUES (gen_random_uuid(), 'session.saved') RETURNING event_id"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_nothing_that_commits_late_is_skipped_or_read_twice(
    pulling: Flask, steps: list[tuple[int, str]]
) -> None:
    """Four writers at once, and a reader after each step."""
    execute(pulling, "DELETE FROM events")
    committed: set[str] = set()
    read: list[str] = []
    place: str | None = None
    url = pulling.config["DATABASE_URL"].replace("+psycopg2", "")
    writers = [psycopg2.connect(url) for _ in range(4)]
    written: list[list[str]] = [[] for _ in writers]
    try:
        for number, step in [*steps, *((one, "commit") for one in range(4))]:
            if step == "write":
                with writers[number].cursor() as cursor:
                    cursor.execute(INSERT)
                    written[number].append(str(cursor.fetchone()[0]))
            elif step == "commit":
                writers[number].commit()
                committed |= set(written[number])
                written[number] = []
            else:
                writers[number].rollback()
                written[number] = []
            new, place = pull(pulling, place, limit=2)
            read += [one["id"] for one in new]
    finally:
        for writer in writers:
            writer.close()
    assert sorted(read) == sorted(committed)


@pytest.mark.parametrize("apart", [True])
def test_on_several_machines_a_replay_leaves_the_times_of_events(pulling: Flask) -> None:
    """Who has read some would not get those after them, if all had another number."""
    learner = Learner(pulling)
    learner.save()
    written = "SELECT array_agg(written_by ORDER BY id) FROM events"
    with pulling.app_context(), transaction() as connection:
        before = connection.exec_driver_sql(written).scalar_one()
    result = pulling.test_cli_runner().invoke(args=["privacy", "replay"])
    assert result.exit_code == 0, result.output
    with pulling.app_context(), transaction() as connection:
        assert connection.exec_driver_sql(written).scalar_one() == before


def test_events_of_another_server_are_read_after_a_replay(pulling: Flask) -> None:
    """A restored database has numbers of transactions that its new server reaches in years."""
    learner = Learner(pulling)
    learner.save()
    execute(pulling, "UPDATE events SET written_by = written_by + 1000000000")
    assert pull(pulling)[0] == []
    result = pulling.test_cli_runner().invoke(args=["privacy", "replay"])
    assert result.exit_code == 0, result.output
    assert [one["id"] for one in pull(pulling)[0]] == [
        str(one.event_id) for one in stored(pulling, learner)
    ]
