"""Sockets of live sessions, under gunicorn as it ships."""

import socket
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import requests
import websocket
from flask import Flask

from tests.factories import Learner, content, token
from tests.live.practising import heartbeat, new_id
from tests.live.sockets import OPEN, PROTOCOL, Phone, phone
from tests.serving import gunicorn


@pytest.fixture(scope="module")
def address(app: Flask, database_url: str) -> Iterator[str]:
    with gunicorn(
        database_url,
        CORS_ORIGINS="https://app.example.com",
        RATELIMIT_ENABLED="false",
    ) as (address, _):
        yield address


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().socket.shutdown()


def seqs(message: dict[str, Any]) -> list[int]:
    return [one["seq"] for one in message["sessions"]]


def http(address: str, learner_id: str, method: str, path: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {token(learner_id)}"}
    return requests.request(
        method, f"{address}/api/sessions{path}", headers=headers, timeout=10, **options
    )


def test_a_session_goes_from_the_first_heartbeat_to_the_save(
    address: str, learner: Learner
) -> None:
    with phone(address, learner.id) as device:
        assert device.heard == [{"type": "ready", "sessions": [], "interval": 20}]
        session_id = device.beat(words_spoken=7, ref="a")
        ack = device.hear("ack")
        assert (ack["seq"], ack["ref"], ack["session"]["words_spoken"]) == (1, "a", 7)
        device.beat(session_id, 2, words_spoken=9)
        assert device.hear("ack")["session"]["words_spoken"] == 9
        device.say("finish", session=content(session_result_id=session_id), ref="b")
        saved = device.hear("saved")
        assert saved["session"]["session_result_id"] == session_id
        assert (saved["replayed"], saved["ref"]) == (False, "b")
        assert "streak" in saved["session"]
        device.say("finish", session=content(session_result_id=session_id))
        assert device.hear("saved")["replayed"] is True
        device.say("ping")
        device.hear("pong")
    assert learner.count() == 1


def test_other_devices_hear_within_a_second_whichever_worker_they_have(
    address: str, learner: Learner, other: Learner
) -> None:
    """Two workers take connections as they come, so of 3 sockets and HTTP some are on another."""
    with (
        phone(address, learner.id) as one,
        phone(address, learner.id) as two,
        phone(address, other.id) as stranger,
    ):
        session_id = new_id()
        for seq in range(1, 11):
            began = time.monotonic()
            if seq % 2:
                one.beat(session_id, seq)
                one.hear("ack")
            else:
                answer = http(
                    address, learner.id, "PUT", f"/live/{session_id}", json=heartbeat(seq)
                )
                assert answer.status_code == 200

            def is_newest(message: dict[str, Any], seq: int = seq) -> bool:
                return message["type"] == "state" and seqs(message) == [seq]

            two.until(is_newest)
            assert time.monotonic() - began < 5  # a busy machine; it takes 0.1 s
            time.sleep(0.3)
        seen = [seqs(message) for message in two.heard if message["type"] == "state"]
        assert seen == sorted(seen)
        http(address, learner.id, "POST", "/save", json=content(session_result_id=session_id))
        for device in (one, two):
            device.until(lambda message: message["type"] == "state" and not message["sessions"])
        assert [message["type"] for message in two.heard].count("unlocked") == 1
        assert [message for message in stranger.heard if message.get("sessions")] == []


def test_a_new_socket_hears_all_that_is_live(address: str, learner: Learner) -> None:
    with phone(address, learner.id) as device:
        session_id = device.beat()
        device.hear("ack")
    with phone(address, learner.id) as again:
        assert [one["session_result_id"] for one in again.heard[0]["sessions"]] == [session_id]


def test_a_problem_of_a_message_does_not_end_the_socket(address: str, learner: Learner) -> None:
    with phone(address, learner.id) as device:
        device.beat(seq=-1, ref="x")
        heard = device.hear("problem")
        assert heard["problem"]["status"] == 422
        assert heard["problem"]["errors"][0]["pointer"] == "#/seq"
        assert heard["ref"] == "x"
        for text in ("{", "[]", '{"type": "sing"}', "{}", '{"type": "finish"}'):
            device.socket.send(text)
            assert device.hear("problem")["problem"]["status"] in (400, 422)
        saved = learner.save()
        device.beat(saved["session_result_id"])
        assert device.hear("problem")["problem"]["status"] == 409
        device.beat()
        device.hear("ack")


def test_a_cancelled_session_is_gone(address: str, learner: Learner) -> None:
    with phone(address, learner.id) as one, phone(address, learner.id) as two:
        session_id = one.beat()
        one.hear("ack")
        two.until(lambda message: message["type"] == "state" and message["sessions"])
        one.say("cancel", session_result_id=session_id)
        assert one.hear("ack")["cancelled"] is True
        two.until(lambda message: message["type"] == "state" and not message["sessions"])


def test_the_token_may_come_as_the_first_message(address: str, learner: Learner) -> None:
    device = Phone(address, learner.id, access_token="")
    device.say("auth", token=token(learner.id), ref="1")
    assert device.hear("ready")["ref"] == "1"
    device.socket.close(timeout=0)


@pytest.mark.parametrize("bad", ["x.y.z", "expired", "service"])
def test_a_bad_token_ends_the_socket_for_good(address: str, learner: Learner, bad: str) -> None:
    tokens = {"expired": token(learner.id, exp=1), "service": token(role="service_role")}
    device = Phone(address, learner.id, access_token=tokens.get(bad, bad))
    assert device.closed() == 4401
    assert device.heard[0]["problem"]["status"] == (403 if bad == "service" else 401)


def test_without_a_token_nothing_is_done_and_the_socket_ends(
    address: str, learner: Learner
) -> None:
    device = Phone(address, learner.id, access_token="")
    device.beat()
    assert device.closed() == 4401
    began = time.monotonic()
    silent = Phone(address, learner.id, access_token="")
    assert silent.closed() == 4401
    assert 4 < time.monotonic() - began
    assert learner.get("/live")["sessions"] == []


def test_a_token_that_ends_is_renewed_on_the_socket(address: str, learner: Learner) -> None:
    def short(seconds: float, sub: str = learner.id) -> str:
        return token(sub, exp=int(time.time() + seconds))

    with phone(address, learner.id, access_token=short(62)) as device:
        device.hear("expiring")
        device.say("auth", token=short(64))
        device.hear("ready")
        device.hear("expiring")
        device.say("auth", token=short(2))
        device.hear("ready")
        device.hear("expiring")
        assert device.closed() == 4401
    with phone(address, learner.id) as device:
        device.say("auth", token=token(str(uuid4())))
        assert device.closed() == 4401


def test_an_erasure_closes_the_learners_sockets(
    address: str, learner: Learner, other: Learner
) -> None:
    with (
        phone(address, learner.id) as one,
        phone(address, learner.id) as two,
        phone(address, other.id) as stranger,
    ):
        assert http(address, learner.id, "DELETE", "?confirm=true").status_code == 200
        assert (one.closed(), two.closed()) == (4410, 4410)
        stranger.say("ping")
        stranger.hear("pong")


def test_an_erasure_by_a_command_closes_them_too(
    app: Flask, address: str, learner: Learner
) -> None:
    with phone(address, learner.id) as device:
        result = app.test_cli_runner().invoke(args=["privacy", "erase", learner.id])
        assert result.exit_code == 0
        assert device.closed() == 4410


def test_the_oldest_of_too_many_sockets_makes_room(app: Flask, database_url: str) -> None:
    learner_id = str(uuid4())
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, _):
        phones = [Phone(address, learner_id) for _ in range(4)]
        assert phones[0].closed() == 4429
        for device in phones[1:]:
            device.say("ping")
            device.hear("pong")


def test_a_flood_and_a_long_message_end_the_socket(address: str, learner: Learner) -> None:
    with phone(address, learner.id) as device:
        for _ in range(20):
            device.say("ping")
        assert device.closed() == 1013
    with phone(address, learner.id) as device:
        device.say("ping", ref="x" * 17_000)
        assert device.closed() == 1009
    with phone(address, learner.id) as device:
        device.socket.send_binary(b"x")
        assert device.closed() == 1003


def handshake(address: str, learner: Learner, **headers: str) -> requests.Response:
    given = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": f"{PROTOCOL}, bearer.{token(learner.id)}",
        **headers,
    }
    return requests.get(f"{address}/api/sessions/live/socket", headers=given, timeout=10)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-WebSocket-Version": "8"}, 400),
        ({"Sec-WebSocket-Key": "short"}, 400),
        ({"Sec-WebSocket-Protocol": "chat"}, 400),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Upgrade": "", "Connection": "close"}, 400),
    ],
)
def test_a_bad_handshake_is_a_problem(
    address: str, learner: Learner, headers: dict[str, str], status: int
) -> None:
    answer = handshake(address, learner, **headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_pages_of_the_operator_and_of_the_service_may_open_sockets(
    address: str, learner: Learner
) -> None:
    for origin in ("https://app.example.com", address):
        with phone(address, learner.id, suppress_origin=False, origin=origin):
            pass


def test_who_leaves_without_a_word_is_forgotten(address: str, learner: Learner) -> None:
    def open_sockets() -> float:
        page = requests.get(f"{address}/metrics", timeout=10).text
        (line,) = [one for one in page.splitlines() if one.startswith("vorex_live_sockets ")]
        return float(line.split()[1])

    before = open_sockets()
    device = Phone(address, learner.id)
    device.hear("ready")
    assert open_sockets() == before + 1
    device.socket.sock.shutdown(socket.SHUT_RDWR)
    device.socket.sock.close()
    for _ in range(50):
        if open_sockets() == before:
            break
        time.sleep(0.1)
    assert open_sockets() == before


def test_a_ping_is_answered_and_a_close_returned(address: str, learner: Learner) -> None:
    with phone(address, learner.id) as device:
        device.socket.ping("x")
        opcode, data = device.socket.recv_data(control_frame=True)
        assert (opcode, data) == (websocket.ABNF.OPCODE_PONG, b"x")
        device.socket.send_close(1000)
        assert device.closed() == 1000
