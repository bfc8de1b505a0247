"""The queue under one fault after the other, in front of the real service."""

import json
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import device as faults
import httpx
import pytest
from device import HOUR, Device, Fault, access_token, history, practice
from vorex_sessions_client import (
    FileStorage,
    MemoryStorage,
    Removed,
    Stopped,
    Stored,
    Unreadable,
)

Check = Callable[[Device, int], None]
EPOCH = -time.time()


def always(fault: Fault) -> Callable[[httpx.Request], Fault | None]:
    return lambda request: fault


def sessions_of(request: httpx.Request) -> list[dict[str, Any]]:
    return json.loads(request.content or b"{}").get("sessions", [])


def near(text: str, instant: float, seconds: float = 60) -> bool:
    return abs(datetime.fromisoformat(text).timestamp() - instant) <= seconds


@pytest.fixture
def zone() -> Iterator[Callable[[str], None]]:
    before = os.environ.get("TZ")

    def change(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield change
    os.environ.pop("TZ", None)
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def test_250_sessions_of_a_long_time_offline_are_stored_in_three_batches(requests: Check) -> None:
    device = Device()
    device.client.stats()  # the clock is known from then on
    device.requests = 0
    ids = device.add(250)
    report = device.queue.flush()
    assert (report.waiting, report.retry_in, report.stopped) == (0, None, None)
    assert device.stored() == ids
    assert {event.id for event in device.events if isinstance(event, Stored)} == ids
    requests(device, 3)


CLOCKS = {
    "3 hours ahead at add, right at flush": (3 * HOUR, 0.0),
    "right at add, 3 hours ahead at flush": (0.0, 3 * HOUR),
    "3 hours ahead in both": (3 * HOUR, 3 * HOUR),
    "3 hours ahead, then 3 hours behind": (3 * HOUR, -3 * HOUR),
    "3 hours behind in both": (-3 * HOUR, -3 * HOUR),
    "in 1970 in both": (EPOCH, EPOCH),
    "in 1970, then right": (EPOCH, 0.0),
}


@pytest.mark.parametrize(("at_add", "at_flush"), CLOCKS.values(), ids=CLOCKS)
@pytest.mark.parametrize("restarted", [False, True], ids=["", "after a restart"])
def test_a_wrong_clock_costs_no_session_and_one_correction(
    at_add: float, at_flush: float, restarted: bool, requests: Check
) -> None:
    device = Device()
    device.ahead = at_add
    now = time.time()
    ids = device.add(5)
    if restarted:
        device.start()
    device.ahead = at_flush
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids
    if not restarted:
        assert all(near(session["completed_at"], now) for session in history(device.learner))
    requests(device, 2 if restarted else 3)


def test_an_old_session_keeps_its_time_although_the_clock_is_wrong_now(requests: Check) -> None:
    device = Device()
    completed_at = datetime.now(UTC) - timedelta(days=3)
    device.queue.add(practice(completed_at=completed_at.isoformat()))
    device.ahead = 5 * HOUR
    device.start()
    device.queue.flush()
    (session,) = history(device.learner)
    assert near(session["completed_at"], completed_at.timestamp(), 1)
    requests(device, 1)


def test_without_a_date_header_the_refusal_says_the_servers_time(requests: Check) -> None:
    device = Device(network=always(faults.hide_date))
    device.ahead = 3 * HOUR
    now = time.time()
    device.add(3)
    assert device.queue.flush().waiting == 0
    assert all(near(session["completed_at"], now) for session in history(device.learner))
    requests(device, 3)


def test_where_neither_says_the_time_the_services_own_is_taken(requests: Check) -> None:
    def hide_time(transport: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
        response = faults.hide_date(transport, request)
        text = re.sub(r", which is [-\dT:.]+Z", "", response.text)
        return httpx.Response(response.status_code, text=text, request=request)

    device = Device(network=always(hide_time))
    device.ahead = 3 * HOUR
    device.add(3)
    assert device.queue.flush().waiting == 0
    assert all(near(session["completed_at"], time.time()) for session in history(device.learner))
    requests(device, 3)


def test_a_time_that_is_refused_again_is_set_aside_not_sent_for_ever(requests: Check) -> None:
    def refuse(_: httpx.BaseTransport, request: httpx.Request) -> httpx.Response:
        error = {"detail": "no", "pointer": "#/sessions/0/completed_at"}
        problem = {"status": 422, "detail": "no", "errors": [error]}
        indexes = range(len(sessions_of(request)))
        results = [{"index": i, "status": "rejected", "problem": problem} for i in indexes]
        return httpx.Response(200, json={"results": results}, request=request)

    device = Device(network=lambda request: refuse if request.method == "POST" else None)
    ids = device.add(5)
    for _ in range(3):
        device.queue.flush(force=True)
    assert {session["session_result_id"] for session, _ in device.queue.set_aside()} == ids
    requests(device, 3)


@pytest.mark.parametrize(
    ("name", "sent"), [("VET4", None), ("America/Caracas", "Mars/Olympus"), ("UTC0", None)]
)
def test_without_a_zone_that_the_service_knows_the_devices_offset_is_sent(
    name: str, sent: str | None, zone: Callable[[str], None], requests: Check
) -> None:
    zone(name)
    device = Device()
    device.queue.add(practice(**({"timezone": sent} if sent else {})))
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    device.queue.add(practice(completed_at=now, **({"timezone": sent} if sent else {})))
    assert device.queue.flush().waiting == 0
    expected = "UTC" if name == "UTC0" else "UTC-04:00"
    assert [session["timezone"] for session in history(device.learner)] == [expected] * 2
    requests(device, 3)


def test_a_zone_that_the_device_knows_is_sent(zone: Callable[[str], None]) -> None:
    zone("America/Caracas")
    device = Device()
    device.add(1)
    device.queue.flush()
    assert history(device.learner)[0]["timezone"] == "America/Caracas"


def test_a_body_too_large_for_a_proxy_is_halved_until_it_passes(requests: Check) -> None:
    too_large = faults.answer(413)
    device = Device(network=lambda request: too_large if len(sessions_of(request)) > 10 else None)
    ids = device.add(100)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids
    requests(device, 30)


def test_a_session_that_is_too_large_is_set_aside_and_the_others_stored(requests: Check) -> None:
    device = Device()
    ids = device.add(20)
    large = device.queue.add(practice(metadata={"text": "x" * 5_000_000})).session_result_id
    ids |= device.add(20)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids
    ((session, problem),) = device.queue.set_aside()
    assert (session["session_result_id"], problem["status"]) == (large, 413)
    device.start()
    device.queue.retry(large)
    assert len(device.queue.waiting()) == 1
    device.queue.flush()
    assert len(device.queue.set_aside()) == 1
    device.queue.forget(large)
    assert device.queue.set_aside() == []
    requests(device, 12)


@pytest.mark.parametrize("status", [400, 403, 404, 415, 422])
def test_a_request_refused_as_a_whole_stops_and_reports(status: int, requests: Check) -> None:
    device = Device(network=always(faults.answer(status, '{"detail": "Wrong."}')))
    ids = device.add(3)
    for _ in range(50):
        report = device.queue.flush()
        assert report.waiting == 3
        assert report.stopped
        assert (report.stopped.status, report.stopped.problem["detail"]) == (status, "Wrong.")
        assert report.retry_in
        assert report.retry_in > 29
    assert sum(isinstance(event, Stopped) for event in device.events) == 1
    requests(device, 1)
    device.network = lambda request: None
    device.queue.flush(force=True)
    assert device.stored() == ids


def test_after_a_401_the_token_is_refreshed_once(requests: Check) -> None:
    device = Device()
    device.token = lambda refresh: access_token(
        device.learner, faults.SECRET if refresh else "an expired token's, which is refused by all"
    )
    ids = device.add(3)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids
    requests(device, 4)  # the time is asked for, and each request has its first try


def test_a_401_that_a_refresh_does_not_cure_stops_until_there_is_another_token(
    requests: Check,
) -> None:
    asked: list[bool] = []
    wrong = "a secret that is wrong, but long enough for HS256"

    def token(refresh: bool) -> str:
        asked.append(refresh)
        return access_token(device.learner, wrong)

    device = Device(token=token)
    ids = device.add(3)
    for _ in range(50):
        report = device.queue.flush()
        assert report.stopped
        assert report.stopped.status == 401
    assert asked.count(True) == 1
    requests(device, 1)
    device.token = lambda refresh: access_token(device.learner)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids


def test_without_a_token_nothing_is_sent_and_nothing_lost(requests: Check) -> None:
    device = Device(token=lambda refresh: None)
    ids = device.add(3)
    report = device.queue.flush()
    assert report.stopped
    assert report.stopped.status == 401

    def offline(refresh: bool) -> str:
        raise RuntimeError("the token server is away")

    device.token = offline
    report = device.queue.flush(force=True)
    assert (report.waiting, report.stopped) == (3, None)
    requests(device, 0)
    device.token = lambda refresh: access_token(device.learner)
    device.queue.flush(force=True)
    assert device.stored() == ids


def test_each_session_of_a_batch_has_its_own_outcome(requests: Check) -> None:
    device = Device()
    changed, deleted, fine = device.add(3)
    device.queue.flush()
    device.client.request("DELETE", f"/api/sessions/{deleted}")
    for id in (changed, deleted):
        device.queue.add(practice(session_result_id=id, duration_seconds=77))
    wrong = device.queue.add(practice(words_spoken=-1)).session_result_id
    good = device.queue.add(practice()).session_result_id
    assert device.queue.flush().waiting == 0
    kept = {s["session_result_id"]: problem["status"] for s, problem in device.queue.set_aside()}
    assert kept == {changed: 409, wrong: 422}
    assert [event.id for event in device.events if isinstance(event, Removed)] == [deleted]
    assert device.stored() == {changed, fine, good}
    device.queue.flush()
    requests(device, 4)


WAITS: dict[str, tuple[Callable[[], str], float]] = {
    "seconds": (lambda: "7", 7),
    "a date": (lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True), 7.5),
    "nonsense": (lambda: "soon", 0.5),
    "nothing": (lambda: "", 0.5),
    "a year": (lambda: str(365 * 86_400), HOUR),
}


@pytest.mark.parametrize(("header", "least"), WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_kept_to_however_often_flush_is_called(
    status: int, header: Callable[[], str], least: float, requests: Check
) -> None:
    device = Device(network=always(faults.answer(status, Retry_After=header())))
    ids = device.add(3)
    for _ in range(50):
        report = device.queue.flush()
        assert report.retry_in
        assert least - 0.5 <= report.retry_in <= least * 1.5 + 1.5
    requests(device, 1)
    device.network = lambda request: None
    device.passed = 2 * HOUR
    device.queue.flush()
    assert device.stored() == ids


ODD_RESULTS = [
    7,
    {"index": "x"},
    {"index": 900, "status": "created"},
    {"index": 0, "status": "unheard-of"},
    {"index": 1, "status": "rejected", "problem": "none"},
    {"index": 2, "status": "rejected", "problem": {"status": "422"}},
]
FAULTS: dict[str, Fault] = {
    "no network": faults.down,
    "a lost answer": faults.cut,
    "a timeout": faults.hang,
    "status 500": faults.answer(500),
    "status 408": faults.answer(408),
    "a redirect": faults.answer(302, Location="http://sign.in"),
    "a sign-in page": faults.answer(200),
    "no results": faults.answer(200, '{"results": []}'),
    "odd results": faults.answer(200, json.dumps({"results": ODD_RESULTS})),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_may_pass_is_tried_again_after_growing_pauses(fault: Fault, requests: Check) -> None:
    device = Device(network=always(fault))
    ids = device.add(10)
    pauses = []
    for _ in range(12):
        pauses.append(device.queue.flush().retry_in or 0)
        device.queue.flush()  # too early: sends nothing
        device.passed += pauses[-1] + 0.01
    assert pauses[0] <= 1
    assert pauses[5] >= 15
    assert 149 <= pauses[11] <= 300
    requests(device, 13)  # the first flush may ask for the time
    device.network = lambda request: None
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids


def test_a_session_that_breaks_the_service_does_not_block_the_others() -> None:
    device = Device()
    bad = device.queue.add(practice()).session_result_id
    ids = device.add(30)
    broken = faults.answer(500)

    def network(request: httpx.Request) -> Fault | None:
        return broken if bad in str(sessions_of(request)) else None

    device.network = network
    for _ in range(12):
        device.queue.flush(force=True)
    assert device.stored() == ids
    assert len(device.queue.waiting()) == 1


class FullStorage(MemoryStorage):
    full = True

    def set(self, key: str, text: str) -> None:
        if self.full:
            raise OSError("no space left on device")
        super().set(key, text)


def test_a_full_storage_keeps_the_session_in_memory_and_has_it_when_there_is_room(
    requests: Check,
) -> None:
    storage = FullStorage()
    device = Device(storage=storage)
    first = device.queue.add(practice())
    assert not first.durable
    storage.full = False
    second = device.queue.add(practice())
    assert second.durable
    device.network = always(faults.down)
    device.queue.flush()  # writes what was refused, though it cannot send
    device.network = lambda request: None
    device.start()
    device.queue.flush()
    assert device.stored() == {first.session_result_id, second.session_result_id}
    requests(device, 2)


def test_garbage_in_the_storage_is_reported_once_and_left_alone(requests: Check) -> None:
    device = Device()
    ids = device.add(2)
    garbage = ['{"session": {"durat', "null", "12", "[]", '{"session": {}, "added": 1}', ""]
    keys = [f"vorex-sessions/{device.learner}/{number}" for number in range(len(garbage))]
    for key, text in zip(keys, garbage, strict=True):
        device.storage.set(key, text)
    device.storage.set("another program's", "text")
    for _ in range(3):
        assert device.queue.flush().waiting == 0
    assert [event.key for event in device.events if isinstance(event, Unreadable)] == keys
    assert device.storage.keys() == [*keys, "another program's"]
    assert device.stored() == ids
    requests(device, 2)


def test_processes_that_share_a_folder_lose_none_of_each_others(
    tmp_path: Path, requests: Check
) -> None:
    one = Device(storage=FileStorage(tmp_path / "new"))
    assert one.queue.waiting() == []
    other = Device(storage=FileStorage(tmp_path / "new"), learner=one.learner)
    ids = one.add(20)
    more: list[set[str]] = []
    work = [
        threading.Thread(target=lambda device=device: more.append(device.add(20)))
        for device in (one, other)
    ]
    work += [threading.Thread(target=device.queue.flush) for device in (one, other)]
    random.shuffle(work)
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    for device in (one, other, one):
        device.queue.flush()
    assert one.stored() == ids.union(*more)
    assert list((tmp_path / "new").iterdir()) == []
    one.requests += other.requests
    requests(one, 30)


def test_the_queue_of_one_learner_is_not_sent_with_the_token_of_another() -> None:
    first = Device()
    first.add(2)
    second = Device(storage=first.storage)
    second.queue.flush()
    assert second.stored() == set()
    assert len(first.queue.waiting()) == 2
    with pytest.raises(ValueError, match="learner"):
        type(first.queue)(first.client, learner="", storage=first.storage)


def test_what_is_no_json_is_refused_when_it_is_added() -> None:
    device = Device()
    with pytest.raises(ValueError, match="JSON"):
        device.queue.add(practice(fluency_score=float("nan")))
    assert device.queue.waiting() == []


def test_an_error_of_the_apps_own_listener_costs_no_session() -> None:
    def fail(event: object) -> None:
        raise RuntimeError("the app's")

    device = Device(on_event=fail)
    ids = device.add(2)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids
