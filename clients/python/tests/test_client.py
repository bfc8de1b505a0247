"""The client in front of the real service."""

import json
import socket

import device as faults
import httpx
import pytest
from device import URL, Device, access_token, practice
from vorex_sessions_client import NoAnswerError, ProblemError, SessionsClient


def test_a_session_is_saved_once_whatever_is_repeated() -> None:
    client = Device().client
    one = client.save(practice(), idempotency_key="lesson 1")
    same = client.save(practice(), idempotency_key="lesson 1")
    assert one["session_result_id"] == same["session_result_id"]
    answer = client.save_batch([practice(), practice(duration_seconds=-1)])
    assert (answer["created"], answer["rejected"]) == (1, 1)
    assert client.stats()["total_sessions"] == 2
    assert client.warmup(timezone="Europe/Berlin")["based_on"]["sessions"] == 2


def test_the_history_is_read_page_by_page_and_filtered_by_what_must_be_encoded() -> None:
    client = Device().client
    topics = ["a+b & ü/?"]
    sessions = [practice(duration_seconds=number, topics=topics) for number in range(25)]
    client.save_batch([*sessions, practice()])
    seen = [session["duration_seconds"] for session in client.history(topic=topics[0], limit=10)]
    assert sorted(seen) == list(range(25))
    assert len(list(client.history(limit=10, offset=5))) == 21
    assert client.history_page(limit=10)["total"] == 26
    assert list(Device().client.history()) == []


def test_a_refusal_is_a_problem_error_with_what_the_service_says() -> None:
    with pytest.raises(ProblemError, match="fluency_score") as caught:
        Device().client.save(practice(fluency_score=101))
    error = caught.value
    assert (error.status, str(error)) == (422, error.problem["detail"])
    assert error.problem["errors"][0]["pointer"] == "#/fluency_score"
    assert error.request_id
    busy = Device(network=lambda request: faults.answer(503, Retry_After="3")).client
    with pytest.raises(ProblemError) as caught:
        busy.stats()
    assert (caught.value.status, caught.value.retry_after) == (503, 3)


@pytest.mark.parametrize("fault", [faults.down, faults.cut, faults.hang, faults.answer(200)])
def test_what_is_no_answer_of_the_service_is_a_no_answer_error(fault: faults.Fault) -> None:
    with pytest.raises(NoAnswerError):
        Device(network=lambda request: fault).client.stats()


def test_a_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with SessionsClient(address, "token", timeout=0.2) as client:
            with pytest.raises(NoAnswerError):
                client.stats()


def test_after_a_401_the_token_is_refreshed_once() -> None:
    asked: list[bool] = []

    def token(refresh: bool) -> str:
        asked.append(refresh)
        return access_token("not a learner" if not refresh else device.learner)

    device = Device(token=token)
    device.client.stats()
    assert asked == [False, True]
    for source in (lambda refresh: "nonsense", lambda refresh: None):
        with pytest.raises(ProblemError) as caught:
            Device(token=source).client.stats()
        assert caught.value.status == 401


def test_every_other_call_is_made_by_request() -> None:
    client = Device().client
    id = client.save(practice())["session_result_id"]
    query = {"goal_minutes": 15, "timezone": None}
    assert client.request("GET", "/api/sessions/streak", query=query)["goal_minutes"] == 15
    path = f"/api/sessions/{id}"
    assert client.request("PATCH", path, body={"grammar_score": 80})["grammar_score"] == 80
    assert client.request("DELETE", path) is None


def test_an_address_may_end_with_a_slash() -> None:
    device = Device()
    with SessionsClient(f"{URL}/", access_token(device.learner)) as client:
        assert client.stats()["total_sessions"] == 0


def test_members_that_a_newer_service_adds_are_ignored() -> None:
    def newer(transport: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
        response = transport.handle_request(request)
        text = response.read().decode()
        more = json.loads(
            text, object_hook=lambda value: {**value, "added_later": {"of": ["course"]}}
        )
        return httpx.Response(response.status_code, json=more, request=request)

    device = Device(network=lambda request: newer)
    ids = device.add(1)
    assert device.queue.flush().waiting == 0
    assert {session["session_result_id"] for session in device.client.history()} == ids
    assert device.client.stats()["total_sessions"] == 1
