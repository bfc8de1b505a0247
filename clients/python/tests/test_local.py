"""The local copy: what the service has, whatever fails on the way."""

import json
from typing import Any

import device as faults
import httpx
import pytest
from device import Device, Fault, access_token, history
from vorex_sessions_client import (
    ConflictError,
    LocalCopy,
    MemoryStorage,
    NoAnswerError,
    Storage,
    StorageFailed,
    UnknownSessionError,
)
from vorex_sessions_client.pauses import PauseOptions


class CountingStorage(MemoryStorage):
    """Ends the program after some steps, or has a full disk."""

    def __init__(self) -> None:
        super().__init__()
        self.steps = -1
        self.is_full = False

    def _step(self) -> None:
        if self.steps == 0:
            raise KeyboardInterrupt
        self.steps -= 1

    def get(self, key: str) -> str | None:
        self._step()
        return super().get(key)

    def set(self, key: str, text: str) -> None:
        if self.is_full:
            raise OSError("the disk is full")
        self._step()
        super().set(key, text)
        self._step()

    def remove(self, key: str) -> None:
        self._step()
        super().remove(key)


def copy_of(device: Device, storage: Storage | None = None, **options: Any) -> LocalCopy:
    return LocalCopy(
        device.client,
        learner=options.pop("learner", device.learner),
        storage=device.storage if storage is None else storage,
        pauses=PauseOptions(first=100),
        **options,
    )


def complete(copy: LocalCopy) -> list[Any]:
    report = copy.sync(force=True)
    assert (report.complete, report.stopped) == (True, None)
    return copy.all()


def erase(device: Device) -> None:
    device.client.request("DELETE", "/api/sessions", query={"confirm": "true"})


def test_what_the_queue_has_saved_is_in_the_copy_newest_first_also_after_a_start() -> None:
    device = Device()
    ids = device.add(5)
    device.queue.flush()
    copy = copy_of(device, page_size=2)
    assert complete(copy) == history(device.learner)
    assert {one["session_result_id"] for one in copy.all()} == ids
    device.network = lambda request: faults.down
    again = copy_of(device)
    assert again.all() == copy.all()
    for id in ids:
        assert again.get(id) == copy.get(id) is not None
    assert again.get("nothing") is None
    assert device.queue.waiting() == []  # the queue's texts and the copy's are apart


def test_changes_of_other_devices_arrive_and_what_was_deleted_leaves_the_storage() -> None:
    device, storage = Device(), CountingStorage()
    first, second, *_ = sorted(device.add(6, metadata={"secret": "of the learner"}))
    device.queue.flush()
    copy = copy_of(device, storage, page_size=3)
    complete(copy)
    device.client.request("PATCH", f"/api/sessions/{first}", body={"words_spoken": 7})
    device.client.request("DELETE", f"/api/sessions/{second}")
    assert complete(copy) == history(device.learner)
    assert copy.get(second) is None
    texts = "".join(storage.get(key) or "" for key in storage.keys())
    assert texts.count("of the learner") == 5
    erase(device)
    assert complete(copy) == [] == copy_of(device, storage).all()
    assert "of the learner" not in "".join(storage.get(key) or "" for key in storage.keys())
    device.add(1)
    device.queue.flush()
    assert complete(copy) == history(device.learner) == complete(copy_of(device, storage))


def test_a_stop_after_any_step_leaves_a_copy_that_goes_on() -> None:
    device = Device()
    ids = sorted(device.add(7))
    device.queue.flush()
    storages = []
    for steps in range(60):
        storage = CountingStorage()
        storage.steps = steps
        storages.append(storage)
        try:
            copy_of(device, storage, page_size=2).sync()
        except KeyboardInterrupt:
            storage.steps = -1
    device.client.request("PATCH", f"/api/sessions/{ids[0]}", body={"words_spoken": 7})
    device.client.request("DELETE", f"/api/sessions/{ids[1]}")
    expected = history(device.learner)
    for steps, storage in enumerate(storages):
        storage.steps = steps
        try:
            copy_of(device, storage, page_size=2).sync()
        except KeyboardInterrupt:
            storage.steps = -1
        storage.steps = -1
        assert complete(copy_of(device, storage)) == expected == copy_of(device, storage).all()


def test_an_interrupted_first_sync_goes_on_where_it_stopped() -> None:
    device = Device()
    device.add(10)
    device.queue.flush()

    def network(request: httpx.Request) -> Fault | None:
        return faults.down if device.requests > 3 else None

    device.requests, device.network = 0, network
    report = copy_of(device, page_size=2).sync()
    assert (report.complete, report.durable) == (False, True)
    assert len(copy_of(device).all()) == 6
    device.requests, device.network = 0, lambda request: None
    assert complete(copy_of(device, page_size=2)) == history(device.learner)
    assert device.requests == 2


def test_a_full_disk_is_reported_and_costs_nothing() -> None:
    device, storage = Device(), CountingStorage()
    device.add(4)
    device.queue.flush()
    storage.is_full = True
    events: list[Any] = []
    copy = copy_of(device, storage, page_size=2, on_event=events.append)
    report = copy.sync()
    assert (report.complete, report.durable) == (True, False)
    assert isinstance(events[0], StorageFailed)
    assert copy.all() == history(device.learner)
    assert copy_of(device, storage).all() == []
    storage.is_full = False
    assert copy.sync().durable
    assert copy_of(device, storage).all() == history(device.learner)


def test_two_programs_on_one_storage_see_what_the_other_has_fetched() -> None:
    device = Device()
    one, other = copy_of(device, page_size=1), copy_of(device, page_size=3)
    for number in range(12):
        device.add(3)
        device.queue.flush()
        erase(device) if number == 6 else None
        assert complete(one if number % 3 else other) == history(device.learner)
        assert other.all() == one.all() == copy_of(device).all()


def test_copies_of_several_learners_do_not_mix() -> None:
    device, other = Device(), Device()
    other.storage = device.storage
    for each in (device, other):
        each.add(2)
        each.queue.flush()
    copy, others = copy_of(device), copy_of(other)
    assert complete(copy) == history(device.learner)
    assert complete(others) == history(other.learner)
    device.token = lambda refresh: access_token(other.learner)
    report = copy.sync(force=True)
    assert report.stopped
    assert (report.complete, report.stopped.status) == (False, 401)
    others.clear()
    assert others.all() == []
    assert copy.all() == history(device.learner) == copy_of(device).all()


@pytest.mark.parametrize(("status", "wait"), [(429, 600), (503, 600), (502, 0)])
def test_a_sync_waits_as_long_as_the_service_asks(status: int, wait: int) -> None:
    device = Device(network=lambda request: faults.answer(status, Retry_After=str(wait)))
    copy = copy_of(device)
    report = copy.sync()
    assert report.retry_in
    assert report.retry_in > max(wait - 1, 40)
    assert not copy.sync().complete
    assert device.requests == 1


@pytest.mark.parametrize(
    "body", ["<html>sign in</html>", "[]", "{}", '{"changes": [{}], "next": "a"}', '{"next": 1}']
)
def test_an_answer_that_is_not_the_services_changes_nothing(body: str) -> None:
    device = Device()
    device.add(1)
    device.queue.flush()
    copy = copy_of(device)
    before = complete(copy)
    device.network = lambda request: faults.answer(200, body)
    assert not copy.sync().complete
    assert copy.all() == before == copy_of(device).all()


def test_a_text_that_cannot_be_read_and_a_place_that_is_unknown_are_cured_by_fetching_again() -> (
    None
):
    device = Device()
    device.add(5)
    device.queue.flush()
    complete(copy_of(device, page_size=2))
    keys = [key for key in device.storage.keys() if "copy" in key]
    for key in keys:
        text = device.storage.get(key)
        device.storage.set(key, (text or "")[:-9])
        assert complete(copy_of(device)) == history(device.learner)
        value = json.loads(device.storage.get(keys[0]) or "")
        device.storage.set(keys[0], json.dumps({**value, "next": "no place"}))
        assert complete(copy_of(device)) == history(device.learner)


def test_a_correction_overwrites_no_other_devices_unseen() -> None:
    device = Device()
    (id,) = device.add(1)
    with pytest.raises(UnknownSessionError):
        copy_of(device).correct(id, {"words_spoken": 1})
    device.queue.flush()
    one, other = copy_of(device), copy_of(device, MemoryStorage())
    complete(one), complete(other)
    assert one.correct(id, {"words_spoken": 1})["words_spoken"] == 1
    assert one.all() == history(device.learner)  # before the next sync
    with pytest.raises(ConflictError) as conflict:
        other.correct(id, {"words_spoken": 2})
    assert conflict.value.newest == one.get(id) == other.get(id)
    other.correct(id, {"words_spoken": 2})  # the app has decided
    with pytest.raises(ConflictError):
        one.remove(id)
    assert complete(one) == complete(other) == history(device.learner)
    one.remove(id)
    assert one.all() == []
    with pytest.raises(ConflictError) as conflict:
        other.correct(id, {"words_spoken": 3})
    assert conflict.value.newest is None is other.get(id)
    assert complete(one) == complete(other) == []


def test_a_correction_whose_answer_was_lost_may_be_repeated() -> None:
    device = Device()
    (id,) = device.add(1)
    device.queue.flush()
    copy = copy_of(device)
    complete(copy)
    device.network = lambda request: faults.cut
    with pytest.raises(NoAnswerError):
        copy.correct(id, {"words_spoken": 1})
    device.network = lambda request: None
    assert copy.correct(id, {"words_spoken": 1})["version"] == history(device.learner)[0]["version"]
    device.network = lambda request: faults.cut
    with pytest.raises(NoAnswerError):
        copy.remove(id)
    device.network = lambda request: None
    copy.remove(id)
    assert complete(copy) == []


def test_many_edits_do_not_fill_the_storage() -> None:
    device, storage = Device(), MemoryStorage()
    ids = sorted(device.add(110))
    device.queue.flush()
    copy = copy_of(device, storage)
    complete(copy)
    for number in range(1, 30):
        copy.correct(ids[number % 3], {"words_spoken": number})
        complete(copy)
    assert copy_of(device, storage).all() == history(device.learner)
    assert len(storage.keys()) <= 3
