"""Sockets when something is slow, full, cut or away."""

import json
import time
from typing import Any
from uuid import uuid4

import gevent.socket
import pytest
import requests
import sqlalchemy as sa
import websocket
from flask import Flask

from server import sockets as server_sockets
from tests.factories import Learner, token
from tests.live.practising import heartbeat, new_id
from tests.live.sockets import Phone, phone
from tests.postgres import transaction
from tests.serving import gunicorn
from tests.timing import wait_until
from vorex_sessions.database.notifications import LONGEST
from vorex_sessions.extensions import db
from vorex_sessions.live.outgoing import payloads
from vorex_sessions.live.websockets import MOST_WAITING, Closed, WebSocket, accept_of

SESSION = new_id()
FREE = {"RATELIMIT_ENABLED": "false"}


def is_state_of(seq: int) -> Any:
    return lambda message: (
        message["type"] == "state" and [one["seq"] for one in message["sessions"]] == [seq]
    )


def put(address: str, learner_id: str, session_id: str, seq: int, **overrides: Any) -> None:
    answer = requests.put(
        f"{address}/api/sessions/live/{session_id}",
        json=heartbeat(seq, **overrides),
        headers={"Authorization": f"Bearer {token(learner_id)}"},
        timeout=10,
    )
    assert answer.ok, answer.text


def test_a_device_that_reads_nothing_is_given_up_and_holds_nobody_up(
    app: Flask, database_url: str
) -> None:
    learner_id, session_id = str(uuid4()), new_id()
    large = {"metadata": {"text": "x" * 15_000}}
    with gunicorn(database_url, WEB_CONCURRENCY="1", **FREE) as (address, _):
        slow = Phone(address, learner_id, sockopt=((6, 8, 1),))
        slow.hear("ready")
        with phone(address, learner_id) as quick:
            # 15 kB each: the buffers of the kernel take some MB.
            for seq in range(1, 700):
                put(address, learner_id, session_id, seq, **large)
                quick.until(is_state_of(seq))
                if seq % 50 == 0 and 'code="1006"' in closed(address):
                    break
            assert 'vorex_live_sockets_closed_total{code="1006"} 1.0' in closed(address)


def closed(address: str) -> str:
    page = requests.get(f"{address}/metrics", timeout=10).text
    return "\n".join(line for line in page.splitlines() if "sockets_closed" in line)


def test_a_worker_listens_again_when_its_connection_is_cut(app: Flask, database_url: str) -> None:
    learner_id, session_id = str(uuid4()), new_id()
    with gunicorn(database_url, **FREE) as (address, _):
        phones = [Phone(address, learner_id) for _ in range(3)]
        for device in phones:
            device.hear("ready")
        time.sleep(0.5)
        with app.app_context(), db.engine.connect() as connection:
            cut = connection.execute(
                sa.text(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                    "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
                )
            ).scalar_one()
        assert cut > 0
        put(address, learner_id, session_id, 1)  # some may miss this, and are told afterwards
        for device in phones:
            device.until(is_state_of(1))
        time.sleep(1.5)
        put(address, learner_id, session_id, 2)
        for device in phones:
            device.until(is_state_of(2))


def test_behind_a_transaction_pooler_other_workers_look(app: Flask, database_url: str) -> None:
    learner_id, session_id = str(uuid4()), new_id()
    with gunicorn(database_url, DB_TRANSACTION_POOLER="true", **FREE) as (address, _):
        phones = [Phone(address, learner_id) for _ in range(3)]
        for device in phones:
            device.hear("ready")
        time.sleep(2.5)
        for seq in (1, 2):
            put(address, learner_id, session_id, seq)
            for device in phones:
                device.until(is_state_of(seq))


def test_a_learner_whose_database_is_away_hears_so(app: Flask, database_url: str) -> None:
    learner_id = str(uuid4())
    with gunicorn(database_url, WEB_CONCURRENCY="1", **FREE) as (address, _):
        with phone(address, learner_id) as device:
            with app.app_context(), transaction() as connection:
                connection.execute(sa.text("LOCK TABLE live_sessions"))
                device.beat()
                assert device.hear("problem")["problem"]["status"] == 503
            device.beat()
            device.hear("ack")


def test_a_heartbeat_right_before_the_goodbye_counts(app: Flask, database_url: str) -> None:
    learner = Learner(app)
    with gunicorn(database_url, **FREE) as (address, _):
        for attempt in range(1, 6):
            with phone(address, learner.id) as device:
                beat = {"type": "heartbeat", "session_result_id": SESSION, **heartbeat(attempt)}
                frames = [
                    websocket.ABNF.create_frame(json.dumps(beat), websocket.ABNF.OPCODE_TEXT),
                    websocket.ABNF.create_frame(b"\x03\xe8", websocket.ABNF.OPCODE_CLOSE),
                ]
                device.socket.sock.sendall(b"".join(frame.format() for frame in frames))
                assert device.closed() == 1000
            assert learner.get("/live")["sessions"][0]["seq"] == attempt


def test_a_client_that_breaks_the_protocol_or_sends_frames_without_end_is_closed(
    app: Flask, database_url: str
) -> None:
    learner_id = str(uuid4())
    with gunicorn(database_url, **FREE) as (address, _):
        for sent, code in (
            (b"\x83\x80\0\0\0\0", 1002),  # an opcode that is not there
            (b"\x81\x05hello", 1002),  # not masked
            (b"\x81\x81\0\0\0\0\xff", 1007),  # not UTF-8
            (b"\x89\x80\0\0\0\0" * 60, 1013),  # pings
            (b"\x88\x80\0\0\0\0", 1000),  # closed without a code, as by `close()` of a browser
            (b"\x8a\x80\0\0\0\0" * 60, 1013),  # pongs that nobody asked for
            (b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 60, 1013),  # parts of no message
        ):
            with phone(address, learner_id) as device:
                device.socket.sock.sendall(sent)
                assert device.closed() == code
        assert requests.get(f"{address}/healthz", timeout=10).ok


@pytest.mark.parametrize("frame", [b"\x81\x80\0\0\0\0", b"\x8a\x80\0\0\0\0", b"\0\x80\0\0\0\0"])
def test_no_more_frames_are_read_than_a_client_may_send(frame: bytes) -> None:
    ours, theirs = gevent.socket.socketpair()
    with ours, theirs:
        begun = b"\x01\x80\0\0\0\0" if frame[0] == 0 else b""
        theirs.sendall(begun + frame * 5000)
        one = WebSocket(ours)
        if frame[0] == 0x81:
            assert len(one.wait(1)) == MOST_WAITING + 1
        with pytest.raises(Closed) as closed:
            one.wait(1)
        assert closed.value.code == 1013


def test_the_room_for_sockets_leaves_some_for_http() -> None:
    room = server_sockets.Sockets()
    room.most = 70

    class One:
        stopped = 0

        def stop(self) -> None:
            self.stopped += 1

    ones = [One() for _ in range(room.most)]
    for one in ones:
        assert room.has_room
        room.add(one)
    assert not room.has_room
    room.remove(ones[0])
    assert room.has_room
    room.stop()
    assert [one.stopped for one in ones[:2]] == [0, 1]
    late = One()
    room.add(late)
    assert (late.stopped, room.has_room) == (1, False)


def test_seven_of_ten_connections_may_be_sockets(app: Flask, database_url: str) -> None:
    learner_id = str(uuid4())
    settings = {"WEB_CONCURRENCY": "1", "WORKER_CONNECTIONS": "100", **FREE}
    with gunicorn(database_url, **settings) as (address, _):
        phones = [Phone(address, str(uuid4())) for _ in range(70)]
        for device in phones:
            device.hear("ready")
        with pytest.raises(websocket.WebSocketBadStatusException) as refused:
            Phone(address, learner_id)
        assert refused.value.status_code == 503
        assert refused.value.resp_headers["retry-after"] == "10"
        put(address, learner_id, SESSION, 1)
        phones[0].socket.close(timeout=0)
        wait_until(lambda: sockets_of(address) == 69)
        with phone(address, learner_id) as device:
            assert [one["seq"] for one in device.heard[0]["sessions"]] == [1]


def sockets_of(address: str) -> float:
    page = requests.get(f"{address}/metrics", timeout=10).text
    (line,) = [one for one in page.splitlines() if one.startswith("vorex_live_sockets ")]
    return float(line.split()[1])


def test_the_key_is_accepted_as_the_standard_has_it() -> None:
    assert accept_of("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert MOST_WAITING == 64


def test_what_is_told_fits_into_what_postgresql_takes() -> None:
    achievements = [{"achievement": "x" * 300, "number": number} for number in range(4)]
    notes: dict[str, Any] = {str(uuid4()): {"unlocked": achievements} for _ in range(50)}
    many = [{"achievement": "x" * 300, "number": number} for number in range(100)]
    notes[str(uuid4())] = {"unlocked": many, "erased": 1.5}
    notes[str(uuid4())] = {"erased": 2.5}
    notes[str(uuid4())] = {}
    told: dict[str, dict[str, Any]] = {}
    for payload in payloads("me", notes, LONGEST):
        assert len(payload.encode()) <= LONGEST
        sender, entries = json.loads(payload)
        assert sender == "me"
        for learner_id, note in entries:
            known = told.setdefault(learner_id, {})
            if "unlocked" in note:
                note["unlocked"] = [*known.get("unlocked", []), *note["unlocked"]]
            known.update(note)
    assert told == notes
    assert len(list(payloads("me", notes, 10 * LONGEST))) < 10


def test_without_a_server_of_ours_there_are_no_sockets(app: Flask, learner: Learner) -> None:
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": "vorex.live.v1",
    }
    answer = app.test_client().get("/api/sessions/live/socket", headers=headers)
    assert answer.status_code == 503
