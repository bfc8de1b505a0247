"""Several learners on one device: nobody's sessions are saved as another's."""

import base64
from uuid import uuid4

import device as faults
import httpx
import pytest
from device import Device, Fault, access_token, history
from vorex_sessions_client import Stopped


def unavailable(request: httpx.Request) -> Fault:
    return faults.answer(503)


def test_after_another_learner_has_signed_in_nothing_is_sent_until_the_first_is_back() -> None:
    device, other = Device(), str(uuid4())
    ids = device.add(3)
    asked: list[bool] = []

    def anothers(refresh: bool) -> str:
        asked.append(refresh)
        return access_token(other)

    device.token = anothers
    for _ in range(20):
        report = device.queue.flush()
        assert report.stopped
        assert (report.waiting, report.stopped.status) == (3, 401)
        assert report.stopped.problem["detail"].startswith("Another learner")
    assert (device.requests, True in asked) == (0, False)
    assert [type(event) for event in device.events] == [Stopped]
    device.token = lambda refresh: access_token(device.learner)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids
    assert history(other) == []


def test_who_signs_in_between_two_batches_or_during_a_refresh_gets_nothing_of_the_others() -> None:
    device, other = Device(), str(uuid4())
    device.client.stats()
    device.add(150)

    def network(request: httpx.Request) -> None:
        if request.method == "POST":
            device.token = lambda refresh: access_token(other)

    device.network = network
    assert device.queue.flush().waiting == 50
    expired = "an expired token's, which is refused by all"
    device.network = lambda request: None
    device.token = lambda refresh: (
        access_token(other) if refresh else access_token(device.learner, expired)
    )
    report = device.queue.flush(force=True)
    assert report.waiting == 50
    assert report.stopped
    assert report.stopped.problem["detail"].startswith("Another learner")
    assert history(other) == []


@pytest.mark.parametrize("is_other", [False, True], ids=["no token", "another refused one"])
def test_a_refused_token_is_not_tried_again_with_each_call(is_other: bool) -> None:
    device = Device()

    def token(refresh: bool) -> str | None:
        secret = "a secret that is wrong, but long enough for HS256" + refresh * "!"
        return access_token(device.learner, secret) if is_other or not refresh else None

    device.token = token
    ids = device.add(2)
    device.queue.flush()
    requests = device.requests
    for _ in range(10):
        report = device.queue.flush()
        assert report.stopped
        assert report.stopped.status == 401
    assert device.requests == requests
    device.token = lambda refresh: access_token(device.learner)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids


WITHOUT_SUB = f"a.{base64.urlsafe_b64encode(b'{}').decode().rstrip('=')}.c"


@pytest.mark.parametrize("token", ["secret", "a.%%%.c", "a._w.c", "a.b", WITHOUT_SUB])
def test_a_token_that_cannot_be_read_is_sent_as_it_is(token: str) -> None:
    device = Device(token=lambda refresh: token, network=unavailable)
    device.add(1)
    device.queue.flush()
    assert device.requests == 1


@pytest.mark.parametrize(
    ("learner", "subject", "requests"),
    [
        ("Zoë 练习 🎤", "Zoë 练习 🎤", 1),
        ("Zoë 练习 🎤", "Zoë 练习 🎧", 0),
        ("0F0E0D0C-0B0A-4908-8706-050403020100", "0f0e0d0c-0b0a-4908-8706-050403020100", 1),
    ],
)
def test_the_subject_is_compared_in_any_script_and_case(
    learner: str, subject: str, requests: int
) -> None:
    device = Device(
        learner=learner, token=lambda refresh: access_token(subject), network=unavailable
    )
    device.add(1)
    device.queue.flush()
    assert device.requests == requests
