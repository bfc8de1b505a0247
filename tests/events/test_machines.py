"""Events of several machines: any may be asked, and one that is away holds up nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.events.conftest import KEYS
from tests.events.delivering import command, deliver, execute
from tests.events.receiver import Handler, Received, Receiver
from tests.events.test_at_risk import at, practise, warned
from tests.events.test_outbox import queued, stored, types
from tests.events.test_pull import ask, pull
from tests.factories import Learner
from tests.postgres import transaction
from vorex_sessions import create_app
from vorex_sessions.events import horizon, pruning, statements
from vorex_sessions.extensions import db

# What Citus offers, for one machine that is there and one at port 0, which is away.
MACHINES = (
    "CREATE TABLE pg_dist_node (groupid integer, nodename text, nodeport integer, noderole text)",
    "INSERT INTO pg_dist_node VALUES (1, 'here', 5432, 'primary'), (2, 'away', 0, 'primary')",
    "CREATE TABLE pg_dist_placement (shardid bigint, groupid integer)",
    "INSERT INTO pg_dist_placement VALUES (1, 1), (2, 2)",
    "CREATE TABLE pg_dist_shard (logicalrelid regclass, shardid bigint)",
    "INSERT INTO pg_dist_shard VALUES ('event_queues', 1), ('event_queues', 2)",
    "CREATE FUNCTION shard_name(regclass, bigint) RETURNS text RETURN 'event_queues'",
    """
    CREATE FUNCTION master_run_on_worker(names text[], ports integer[], commands text[], parallel boolean)
    RETURNS TABLE (node_name text, node_port integer, success boolean, result text) LANGUAGE plpgsql AS $$
    BEGIN
        FOR place IN 1 .. cardinality(names) LOOP
            node_name := names[place]; node_port := ports[place]; success := node_port > 0; result := NULL;
            IF success THEN
                EXECUTE commands[place] INTO result;
            END IF;
            RETURN NEXT;
        END LOOP;
    END $$
    """,
    """
    CREATE FUNCTION run_command_on_all_nodes(command text)
    RETURNS TABLE (nodeid integer, success boolean, result text) LANGUAGE sql AS $$
        SELECT 1, answer.success, answer.result FROM pg_dist_node CROSS JOIN LATERAL
            master_run_on_worker(ARRAY[nodename], ARRAY[nodeport], ARRAY[command], true) AS answer
    $$
    """,
)
GONE = (
    "DROP FUNCTION run_command_on_all_nodes(text)",
    "DROP FUNCTION master_run_on_worker(text[], integer[], text[], boolean)",
    "DROP FUNCTION shard_name(regclass, bigint)",
    "DROP TABLE pg_dist_node, pg_dist_placement, pg_dist_shard",
)


@pytest.fixture
def apart() -> bool:
    return True


@pytest.fixture
def functions_of_citus(app: Flask) -> Iterator[None]:
    for statement in MACHINES:
        execute(app, statement)
    yield
    for statement in GONE:
        execute(app, statement)


def ask_another_machine(app: Flask) -> None:
    """Let the database count ids from the beginning, as another machine does."""
    execute(app, "SELECT setval(pg_get_serial_sequence('events', 'id'), 1)")


def test_events_are_in_order_whichever_machine_was_asked(
    app: Flask, pushing: Flask, receiver: Receiver
) -> None:
    learner = Learner(pushing)
    execute(app, "SELECT setval(pg_get_serial_sequence('events', 'id'), 281474976710657)")
    saved = []
    for _ in range(4):
        saved.append(learner.save()["session_result_id"])
        ask_another_machine(app)
    deliver(pushing)
    got = [one.event["data"] for one in receiver.received if one.event["type"] == "session.saved"]
    assert [one["session_result_id"] for one in got] == saved
    learner.request("DELETE", "/api/sessions?confirm=true")
    deliver(pushing)
    assert receiver.types[-1] == "learner.erased"


def test_events_are_in_order_while_processes_change_over(
    settings: dict, pushing: Flask, receiver: Receiver
) -> None:
    before = create_app({**settings, "WEBHOOK_URL": receiver.url, "WEBHOOK_SECRETS": KEYS})
    learner = Learner(pushing)
    ids = [Learner(one, learner.id).save()["session_result_id"] for one in (before, pushing) * 3]
    deliver(pushing)
    got = [one.event["data"] for one in receiver.received if one.event["type"] == "session.saved"]
    assert [one["session_result_id"] for one in got] == ids
    with before.app_context():
        db.engine.dispose()


def test_an_erasure_comes_after_what_is_sent_whichever_machine_was_asked(
    app: Flask, pushing: Flask, receiver: Receiver
) -> None:
    learner = Learner(pushing)
    learner.save()

    def erase(handler: Handler, received: Received) -> None:
        if received.event["type"] == "session.saved":
            ask_another_machine(app)
            learner.request("DELETE", "/api/sessions?confirm=true")
        handler.reply(204)

    receiver.answer = erase
    deliver(pushing)
    assert receiver.types == ["session.saved", "learner.erased"]
    assert queued(pushing) == 0


def test_a_learner_without_a_version_is_warned(pulling: Flask) -> None:
    learner = Learner(pulling)
    practise(learner, 3, 2, 1)
    execute(pulling, "DELETE FROM learner_versions")
    assert warned(pulling, at(20)) == 1
    assert types(pulling, learner)[-1] == "streak.at_risk"


def hold(app: Flask, learner: Learner) -> sa.Connection:
    """Hold a learner's queue, as a machine that does not answer does."""
    with app.app_context():
        connection = db.engine.connect()
    connection.exec_driver_sql("BEGIN")
    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
    lock = f"SELECT FROM event_queues WHERE user_id = '{learner.id}' FOR UPDATE"
    connection.exec_driver_sql(lock)
    return connection


def let_go(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ROLLBACK")
    connection.close()


def test_a_queue_that_cannot_be_leased_holds_no_other_up(
    pushing: Flask, receiver: Receiver
) -> None:
    learner, others = Learner(pushing), [Learner(pushing) for _ in range(3)]
    for person in (learner, *others):
        person.save()
    held = hold(pushing, learner)
    deliver(pushing)
    assert {one.user_id for one in receiver.received} == {one.id for one in others}
    let_go(held)
    deliver(pushing)
    assert len(receiver.of(learner.id)) == len(stored(pushing, learner))


def test_an_answer_that_cannot_be_noted_holds_no_other_up(
    pushing: Flask, receiver: Receiver
) -> None:
    learner, other = Learner(pushing), Learner(pushing)
    for person in (learner, other):
        person.save()
    held: list[sa.Connection] = []

    def answer(handler: Handler, received: Received) -> None:
        if received.user_id == learner.id and not held:
            held.append(hold(pushing, learner))
        handler.reply(204)

    receiver.answer = answer
    deliver(pushing)
    assert len(receiver.of(other.id)) == len(stored(pushing, other))
    assert len(receiver.of(learner.id)) == 1
    let_go(held[0])
    execute(pushing, "UPDATE event_queues SET due_at = now()")  # the lease is over
    deliver(pushing)
    mine = [str(one.event_id) for one in stored(pushing, learner)]
    assert [one.id for one in receiver.of(learner.id)] == mine


def away(*names: str) -> sa.TextClause:
    """A query that fails, as one of all machines does where one is away."""
    columns = ", ".join(f"CAST('away' AS integer) AS {name}" for name in names)
    return sa.text(f"SELECT {columns}")


def test_where_a_machine_is_away_the_others_say_what_is_due(
    pushing: Flask, receiver: Receiver, functions_of_citus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    learners = [Learner(pushing) for _ in range(10)]
    for learner in learners:
        learner.save()
    monkeypatch.setattr(statements, "DUE", away("user_id"))
    deliver(pushing)
    for learner in learners:
        mine = [one.id for one in receiver.received if one.user_id == learner.id]
        assert mine == [str(one.event_id) for one in stored(pushing, learner)]
    learners[0].save()
    execute(pushing, "INSERT INTO event_destinations VALUES ('webhook', now())")
    assert deliver(pushing).startswith("Delivered 0 events")


def test_what_is_due_is_delivered_though_old_events_cannot_be_removed(
    pushing: Flask, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    Learner(pushing).save()
    monkeypatch.setattr(pruning, "_PAGE_END", away("written_by"))
    said = command(pushing, "deliver", "--once", status=1)
    assert said.startswith(f"Delivered {len(receiver.received)} events; 0 attempts failed.\nError:")
    assert len(receiver.received) == len(stored(pushing))


def test_pages_end_before_what_a_machine_may_still_write(
    app: Flask, pulling: Flask, functions_of_citus: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(horizon, "_MARGIN", 0)
    execute(app, "DELETE FROM pg_dist_node WHERE nodename = 'away'")
    first, second = Learner(pulling), Learner(pulling)
    with pulling.app_context(), transaction(20) as connection:
        connection.execute(sa.text("SELECT now()"))
        second.save()
        assert pull(pulling)[0] == []
        late = sa.text(
            "INSERT INTO events (user_id, type, written_by) VALUES (CAST(:user_id AS uuid), "
            "'streak.at_risk', CAST(extract(epoch FROM now()) * 1000000 AS bigint))"
        )
        connection.execute(late, {"user_id": first.id})
    events, place = pull(pulling, limit=1)
    assert [one["type"] for one in events] == ["streak.at_risk", *types(pulling, second)]
    second.save()
    assert {one["data"]["user_id"] for one in pull(pulling, place)[0]} == {second.id}


def test_while_a_machine_does_not_answer_nothing_is_pulled(
    pulling: Flask, functions_of_citus: None
) -> None:
    Learner(pulling).save()
    page = ask(pulling).get_json()
    assert (page["events"], page["has_more"]) == ([], False)


def test_who_waited_for_the_lock_comes_later_though_it_began_before(pulling: Flask) -> None:
    learner = Learner(pulling)
    learner.save()
    later = int(datetime.now(UTC).timestamp() + 60) * 1_000_000
    execute(pulling, f"UPDATE events SET written_by = {later}")
    learner.save()
    places: list[Any] = [(one.written_by, one.id) for one in stored(pulling, learner)]
    assert places == sorted(places)
