"""What is kept, and what is not: by a storage that fails, by two processes, and by a folder of files."""

import os
import time
from pathlib import Path
from typing import Any

import device as faults
import httpx
import pytest
from device import HOUR, Device, Fault, history, practice
from vorex_sessions_client import FileStorage, MemoryStorage


class FailingStorage(MemoryStorage):
    failing = False

    def set(self, key: str, text: str) -> None:
        self.check()
        super().set(key, text)

    def remove(self, key: str) -> None:
        self.check()
        super().remove(key)

    def check(self) -> None:
        if self.failing:
            raise OSError("the disk is away")


@pytest.mark.parametrize("failing", [False, True])
def test_what_is_no_json_is_refused_when_it_is_added_and_harms_nothing_else(failing: bool) -> None:
    storage = FailingStorage()
    storage.failing = failing
    device = Device(storage=storage)
    cycle: dict[str, Any] = {}
    cycle["itself"] = cycle
    for metadata in (cycle, {"n": object()}):
        with pytest.raises((TypeError, ValueError)):
            device.queue.add(practice(metadata=metadata))
    assert (device.queue.waiting(), device.events) == ([], [])
    ids = device.add(1)
    assert device.queue.flush().waiting == 0
    assert device.stored() == ids


def test_a_session_that_only_memory_has_is_sent_as_it_was_when_it_was_added() -> None:
    storage = FailingStorage()
    storage.failing = True
    device = Device(storage=storage)
    metadata: dict[str, Any] = {"level": "A1"}
    device.queue.add(practice(metadata=metadata))
    metadata["level"] = metadata
    assert device.queue.flush().waiting == 0
    assert history(device.learner)[0]["metadata"] == {"level": "A1"}


def test_an_answer_that_nobody_foresaw_is_tried_again_later() -> None:
    device = Device(network=lambda request: faults.answer(200, "[" * 200_000))
    ids = device.add(1)
    report = device.queue.flush()
    assert report.waiting == 1
    assert report.retry_in
    device.network = lambda request: None
    assert device.queue.flush(force=True).waiting == 0
    assert device.stored() == ids


def test_what_is_forgotten_while_the_storage_fails_and_added_again_is_the_new_one() -> None:
    def down(request: httpx.Request) -> Fault:
        return faults.down

    storage = FailingStorage()
    device = Device(storage=storage, network=down)
    id = device.queue.add(practice(duration_seconds=1)).session_result_id
    storage.failing = True
    device.queue.forget(id)
    assert device.queue.waiting() == []
    storage.failing = False
    device.queue.add(practice(session_result_id=id, duration_seconds=2))
    device.queue.flush()
    device.start()
    assert [session["duration_seconds"] for session in device.queue.waiting()] == [2]


def test_what_another_process_stores_meanwhile_does_not_come_back_with_another_time() -> None:
    one = Device()
    other = Device(storage=one.storage, learner=one.learner)
    one.ahead = other.ahead = -3 * HOUR
    ids = one.add(1)

    def network(request: httpx.Request) -> None:
        if request.method == "GET":
            other.queue.flush()

    one.network = network
    assert one.queue.flush().waiting == 0
    assert (one.queue.set_aside(), one.stored()) == ([], ids)


def test_what_is_forgotten_while_it_is_sent_and_is_too_large_is_not_set_aside() -> None:
    device = Device()
    device.client.stats()
    (id,) = device.add(1)

    def network(request: httpx.Request) -> Fault:
        device.queue.forget(id)
        return faults.answer(413)

    device.network = network
    device.queue.flush()
    assert device.queue.set_aside() == []


def test_foreign_files_do_no_harm_and_a_draft_that_was_left_is_removed(tmp_path: Path) -> None:
    storage = FileStorage(tmp_path)
    device = Device(storage=storage)
    device.add(1)
    left, young = (f"0f0e0d0c-0b0a-4908-8706-05040302010{digit}.draft" for digit in (1, 2))
    foreign = {"100%.json", "a b.json", "notes.draft", "readme", young}
    for name in {left, *foreign}:
        (tmp_path / name).write_text("text")
    for name in (left, "notes.draft"):
        os.utime(tmp_path / name, (time.time() - 2 * HOUR,) * 2)
    assert len(storage.keys()) == 1
    assert device.queue.flush().waiting == 0
    assert {path.name for path in tmp_path.iterdir()} == foreign
