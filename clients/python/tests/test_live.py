"""Live sessions under faults, in front of the real service."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import device as faults
import httpx
import pytest
from device import HOUR, Device, Fault, access_token, history
from vorex_sessions_client import (
    Beaten,
    Ended,
    LivePractice,
    MemoryStorage,
    NoAnswerError,
    Postponed,
    Refused,
    StorageFailed,
    unfinished,
)
from vorex_sessions_client.pauses import PauseOptions

QUICK = PauseOptions(first=0.02, longest=0.05, refused=0.02, longest_refused=0.05)
CONVERSATION = {"session_type": "conversation"}


class Practice:
    """A device that practises; `totals` are what it has counted."""

    def __init__(
        self,
        *,
        session: Any = CONVERSATION,
        live_storage: Any = None,
        live_pauses: PauseOptions = QUICK,
        **options: Any,
    ) -> None:
        self.device = Device(pauses=QUICK, **options)
        self.totals: dict[str, Any] = {"active_seconds": 0, "words_spoken": 0}
        self.events: list[Any] = []
        self.live = LivePractice(
            self.device.client,
            learner=self.device.learner,
            session=session,
            totals=lambda: self.totals,
            storage=live_storage,
            on_event=self.events.append,
            pauses=live_pauses,
        )

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events]

    def stored(self) -> Any:
        return {one["session_result_id"]: one for one in self.device.client.live_sessions()}.get(
            self.live.id
        )


def down(request: httpx.Request) -> Fault:
    return faults.down


def test_heartbeats_carry_the_newest_totals_and_the_queue_ends_the_session() -> None:
    phone = Practice()
    assert phone.live.beat() == 20
    phone.totals |= {"active_seconds": 5, "words_spoken": 12, "topics": ["travel"]}
    phone.live.beat()
    shown = phone.stored()
    assert (shown["state"], shown["seq"], shown["words_spoken"]) == ("active", 2, 12)
    phone.live.finish(phone.device.queue, {"duration_seconds": 60, "words_spoken": 20})
    phone.device.queue.flush()
    assert phone.device.client.live_sessions() == []
    (saved,) = history(phone.device.learner)
    assert (saved["session_result_id"], saved["words_spoken"]) == (phone.live.id, 20)
    assert phone.live.beat() is None
    assert phone.kinds() == [Beaten, Beaten]


def test_what_finish_is_not_told_is_saved_as_in_the_totals_of_now() -> None:
    phone = Practice()
    phone.totals |= {"words_spoken": 12, "fluency_score": 71.5, "topics": ["travel"]}
    phone.live.beat()
    phone.totals |= {"words_spoken": 42, "vocabulary_learned": ["reserva"], "grammar_score": None}
    phone.live.finish(phone.device.queue, {"duration_seconds": 60, "topics": ["hotels"]})
    phone.device.queue.flush()
    (saved,) = history(phone.device.learner)
    assert (saved["words_spoken"], saved["fluency_score"]) == (42, 71.5)
    assert (saved["vocabulary_learned"], saved["topics"]) == (["reserva"], ["hotels"])
    assert saved["duration_seconds"] == 60


TOTALS = {
    "words_spoken": 52,
    "pronunciation_score": 81.0,
    "fluency_score": 74.5,
    "grammar_score": 66.0,
    "topics": ["travel"],
    "vocabulary_learned": ["reserva"],
    "metadata": {"scenario_id": "hotel"},
}
SPANISH = {"session_type": "conversation", "language": "es"}


def saved_of(phone: Practice) -> dict[str, Any]:
    """Return of the saved session what a heartbeat tells."""
    phone.device.queue.flush()
    by_id: Any = {one["session_result_id"]: one for one in history(phone.device.learner)}
    names = (*SPANISH, "duration_seconds", *TOTALS)
    return {name: by_id[phone.live.id][name] for name in names}


def test_the_end_has_the_totals_that_were_told_last() -> None:
    phone = Practice(session=SPANISH)
    phone.totals |= {**TOTALS, "active_seconds": 140, "words_spoken": 50}
    phone.live.beat()
    phone.totals["words_spoken"] = 52  # since the last heartbeat
    phone.live.finish(phone.device.queue)
    assert saved_of(phone) == {**SPANISH, "duration_seconds": 140, **TOTALS}


def test_what_is_said_of_the_end_wins_each_field_by_itself() -> None:
    phone = Practice(session=SPANISH)
    phone.totals |= TOTALS
    phone.live.beat()
    said = {
        "session_type": "roleplay",
        "duration_seconds": 420,
        "topics": [],
        "grammar_score": None,
    }
    phone.live.finish(phone.device.queue, said)
    assert saved_of(phone) == {**SPANISH, **TOTALS, **said}


def test_totals_that_cannot_be_asked_for_at_the_end_are_those_of_the_last_heartbeat() -> None:
    phone = Practice(session=SPANISH, network=down)
    phone.totals |= TOTALS
    phone.live.beat()
    phone.totals = None  # type: ignore[assignment]  # it has no words to count: the program's own error
    phone.live.finish(phone.device.queue, {"duration_seconds": 420})
    phone.device.network = lambda request: None
    assert saved_of(phone) == {**SPANISH, "duration_seconds": 420, **TOTALS}


@pytest.mark.parametrize("is_down", [False, True])
def test_what_a_killed_program_has_told_is_in_the_end_of_what_is_carried_on(is_down: bool) -> None:
    storage = MemoryStorage()
    network = down if is_down else lambda request: None
    killed = Practice(session=SPANISH, live_storage=storage, network=network)
    killed.totals |= TOTALS
    killed.live.beat()
    learner = killed.device.learner
    (found,) = unfinished(killed.device.client, learner=learner, storage=storage)
    assert ("state" in found) is not is_down
    resumed = Practice(learner=learner, live_storage=storage, session=found)
    resumed.totals = {"active_seconds": 145}  # all that the program goes on counting
    resumed.live.finish(resumed.device.queue)
    assert saved_of(resumed) == {**SPANISH, "duration_seconds": 145, **TOTALS}


def test_without_a_network_what_follows_has_the_newest_totals_alone() -> None:
    phone = Practice(network=down)
    for words in range(5):
        phone.totals["words_spoken"] = words
        assert phone.live.beat() <= 0.05
        time.sleep(0.06)
    assert set(phone.kinds()) == {Postponed}
    phone.device.network = lambda request: None
    requests = phone.device.requests
    phone.live.beat()
    assert phone.stored()["words_spoken"] == 4
    assert phone.device.requests == requests + 2  # the heartbeat, and the test's own question


def test_an_answer_that_was_lost_does_not_hide_newer_totals() -> None:
    phone = Practice()
    phone.device.network = lambda request: faults.cut if phone.device.requests == 1 else None
    for words in (1, 2):
        phone.totals["words_spoken"] = words
        phone.live.beat()
        time.sleep(0.06)
    assert phone.kinds() == [Postponed, Beaten]
    assert phone.stored()["words_spoken"] == 2


def test_retry_after_is_kept_also_by_who_calls_at_once() -> None:
    phone = Practice(network=lambda request: faults.answer(503, Retry_After="1"))
    for _ in range(3):
        assert phone.live.beat() >= 0.9
    assert phone.device.requests == 1
    phone.device.passed, phone.device.network = 1.2, lambda request: None
    phone.live.beat()
    assert phone.kinds() == [Postponed, Beaten]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("ahead", [3 * HOUR, -time.time()])
def test_a_wrong_clock_starts_a_session_now(ahead: float, hidden: bool) -> None:
    phone = Practice(network=lambda request: faults.hide_date if hidden else None)
    phone.device.ahead = ahead
    phone.live.beat()
    assert phone.kinds() == [Beaten]
    started_at = datetime.fromisoformat(phone.stored()["started_at"])
    assert abs((started_at - datetime.now(UTC)).total_seconds()) < 60


def test_a_session_goes_on_above_what_another_device_has_sent() -> None:
    first = Practice()
    for _ in range(3):
        first.live.beat()
    second = Practice(learner=first.device.learner, session=first.stored())
    for words in (10, 11):
        second.totals["words_spoken"] = words
        second.live.beat()
    assert (second.live.id, second.stored()["seq"]) == (first.live.id, 5)
    first.totals["words_spoken"] = 12  # it is behind in seq
    first.live.beat()
    assert first.stored()["words_spoken"] == 12


@pytest.mark.parametrize("is_saved", [True, False])
def test_what_is_saved_or_cancelled_elsewhere_ends_the_heartbeats(is_saved: bool) -> None:
    phone = Practice(live_storage=MemoryStorage())
    phone.live.beat()
    if is_saved:
        session = {**CONVERSATION, "duration_seconds": 5, "session_result_id": phone.live.id}
        phone.device.client.request("POST", "/api/sessions/save", body=session)
    else:
        phone.device.client.request("DELETE", f"/api/sessions/live/{phone.live.id}")
    assert phone.live.beat() is None
    assert phone.kinds() == [Beaten, Ended]
    requests = phone.device.requests
    assert phone.live.beat() is None
    assert phone.device.requests == requests


def test_to_cancel_needs_the_network() -> None:
    phone = Practice()
    phone.live.beat()
    phone.device.network = down
    with pytest.raises(NoAnswerError):
        phone.live.cancel()
    phone.device.network = lambda request: None
    phone.live.cancel()
    assert phone.stored() is None


def test_no_heartbeat_is_sent_with_the_token_of_another_learner() -> None:
    another = access_token("3b1f8c1e-2f0a-4d7e-9d5b-8f2f6f0c4a11")
    phone = Practice(token=lambda refresh: another)
    phone.live.beat()
    assert (phone.device.requests, phone.kinds()) == (0, [Refused])


def test_the_programs_mistake_is_told_and_does_not_end_the_heartbeats() -> None:
    phone = Practice()
    for words in (-1, 1):
        phone.totals["words_spoken"] = words
        phone.live.beat()
        time.sleep(0.06)
    assert phone.kinds() == [Refused, Beaten]


def test_the_totals_survive_the_program_and_arrive_when_it_starts_again() -> None:
    storage = MemoryStorage()
    killed = Practice(live_storage=storage, network=down)
    for words in (4, 6):  # the second within the pause: nothing is sent, but it is kept
        killed.totals["words_spoken"] = words
        killed.live.beat()
    learner = killed.device.learner
    (kept,) = unfinished(killed.device.client, learner=learner, storage=storage)
    assert (kept["session_result_id"], kept["words_spoken"]) == (killed.live.id, 6)
    online = Device(learner=learner)
    (found,) = unfinished(online.client, learner=learner, storage=storage)
    assert (found["state"], found["words_spoken"]) == ("active", 6)
    resumed = Practice(learner=learner, live_storage=storage, session=kept)
    resumed.totals["words_spoken"] = 8
    resumed.live.beat()
    assert resumed.stored()["words_spoken"] == 8
    resumed.live.finish(resumed.device.queue, {"duration_seconds": 60})
    assert storage.keys() == []


def test_what_ended_elsewhere_is_forgotten_when_the_program_starts_again() -> None:
    storage = MemoryStorage()
    phone = Practice(live_storage=storage)
    phone.live.beat()
    learner, client = phone.device.learner, phone.device.client
    assert len(unfinished(client, learner=learner, storage=storage)) == 1
    client.request("DELETE", f"/api/sessions/live/{phone.live.id}")
    assert (unfinished(client, learner=learner, storage=storage), storage.keys()) == ([], [])


def test_what_was_finished_without_a_network_is_not_carried_on_when_the_program_starts_again() -> (
    None
):
    storage = MemoryStorage()
    phone = Practice(live_storage=storage, storage=storage)
    phone.live.beat()
    (key,) = storage.keys()
    kept = storage.get(key)
    phone.device.network = lambda request: faults.down
    phone.live.finish(phone.device.queue)
    phone.device.network = lambda request: None
    storage.set(key, kept or "")  # as if the program was killed before it was forgotten
    learner, client = phone.device.learner, phone.device.client
    assert unfinished(client, learner=learner, storage=storage) == []
    assert len(storage.keys()) == 1  # what waits
    phone.device.queue.flush(force=True)
    assert (len(history(learner)), storage.keys()) == (1, [])


def test_finish_that_is_called_twice_ends_it_once_also_after_the_first_end_has_arrived() -> None:
    phone = Practice()
    for seconds in (5, 6):
        phone.totals["active_seconds"] = seconds
        phone.live.finish(phone.device.queue)
        phone.device.queue.flush()
    assert [one["duration_seconds"] for one in history(phone.device.learner)] == [5]
    assert phone.device.queue.set_aside() == []


def test_a_storage_that_fails_is_told_and_holds_nothing_up() -> None:
    class Full(MemoryStorage):
        def set(self, key: str, text: str) -> None:
            raise OSError("full")

    phone = Practice(live_storage=Full())
    phone.live.beat()
    assert phone.kinds() == [StorageFailed, Beaten]


def test_threads_that_beat_at_once_lose_nothing() -> None:
    phone = Practice()
    # 58 heartbeats: 60 a minute are allowed.
    for words in range(1, 20):
        phone.totals = {"active_seconds": 0, "words_spoken": words}
        threads = [threading.Thread(target=phone.live.beat) for _ in range(3)]
        for thread in threads:
            thread.start()
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(10)
    phone.live.beat()
    assert phone.stored()["words_spoken"] == 19
    assert set(phone.kinds()) == {Beaten}


def test_finish_keeps_the_session_at_once_whatever_is_under_way() -> None:
    phone, go = Practice(), threading.Event()

    def late(request: httpx.Request) -> Any:
        if request.method == "PUT":
            go.wait(10)
        return None

    phone.device.network = late
    beating = threading.Thread(target=phone.live.beat)
    beating.start()
    time.sleep(0.1)
    finishing = threading.Thread(
        target=phone.live.finish, args=(phone.device.queue, {"duration_seconds": 60})
    )
    finishing.start()
    finishing.join(2)
    assert [one["session_result_id"] for one in phone.device.queue.waiting()] == [phone.live.id]
    phone.device.queue.flush()
    go.set()  # it comes after the save
    beating.join(10)
    finishing.join(10)
    assert phone.events == []
    assert len(history(phone.device.learner)) == 1


def test_who_signs_in_again_need_not_wait_for_the_end_of_the_pause() -> None:
    current: list[str | None] = [None]
    phone = Practice(token=lambda refresh: current[0], live_pauses=PauseOptions(refused=3600))
    for _ in range(2):
        phone.live.beat()
    assert (phone.device.requests, phone.kinds()) == (0, [Refused])
    current[0] = access_token(phone.device.learner)
    phone.live.beat()
    assert phone.kinds() == [Refused, Beaten]


def test_a_session_that_is_gone_after_a_day_starts_anew_with_what_was_practised_before() -> None:
    for hours in (25, 24 * 30):
        kept = {
            **{"session_result_id": str(uuid4()), "session_type": "roleplay", "timezone": "UTC"},
            "started_at": (datetime.now(UTC) - timedelta(hours=hours)).isoformat(),
            **{"seq": 7, "active_seconds": 300},
        }
        phone = Practice(session=kept)
        phone.totals["active_seconds"] = 305
        phone.live.beat()
        assert phone.kinds() == [Beaten]
        assert phone.stored()["active_seconds"] == 305
