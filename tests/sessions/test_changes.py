"""What a device has missed: GET /api/sessions/changes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.clock import ago
from tests.factories import Learner
from vorex_sessions.privacy import retention


class Device:
    """A device that keeps a copy of the learner's sessions."""

    def __init__(self, learner: Learner, limit: int = 100) -> None:
        self.learner, self.limit = learner, limit
        self.sessions: dict[str, Any] = {}
        self.since: str | None = None

    def pull(self) -> bool:
        """Apply one page; whether there is more."""
        since = {"since": self.since} if self.since else {}
        page = self.learner.get("/changes", limit=self.limit, **since)
        if page["reset"]:
            self.sessions.clear()
        if page["kept_since"]:
            self.sessions = {
                name: one
                for name, one in self.sessions.items()
                if one["completed_at"] >= page["kept_since"]
            }
        for change in page["changes"]:
            if change["deleted"]:
                self.sessions.pop(change["session_result_id"], None)
            else:
                self.sessions[change["session_result_id"]] = change["session"]
        self.since = page["next"]
        return bool(page["has_more"])

    def sync(self) -> dict[str, Any]:
        while self.pull():
            pass
        return self.sessions


def stored(learner: Learner) -> dict[str, Any]:
    return {one["session_result_id"]: one for one in learner.get("/export")["sessions"]}


def test_a_device_ends_with_what_is_stored(learner: Learner) -> None:
    device = Device(learner, 2)
    assert device.sync() == {}
    saved = [learner.save() for _ in range(5)]
    assert device.sync() == stored(learner)
    learner.request("DELETE", f"/api/sessions/{saved[0]['session_result_id']}")
    learner.request(
        "PATCH", f"/api/sessions/{saved[1]['session_result_id']}", json={"words_spoken": 7}
    )
    assert device.sync() == stored(learner) == Device(learner, 1).sync()
    learner.request("DELETE", "/api/sessions?confirm=true")
    assert device.sync() == {} == Device(learner).sync()
    learner.save()
    assert device.sync() == stored(learner)
    assert len(device.sessions) == 1


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_device_drops_what_was_moved_to_an_old_day_and_purged(
    learner: Learner, is_moved: bool
) -> None:
    kept = learner.save(completed_at=ago(days=1))
    old = learner.save(completed_at=ago(days=1 if is_moved else 100))
    device = Device(learner)
    device.sync()
    if is_moved:
        path = f"/api/sessions/{old['session_result_id']}"
        learner.request("PATCH", path, json={"completed_at": ago(days=100)})
    with learner.app.app_context():
        assert retention.purge(datetime.now(UTC) - timedelta(days=50)).sessions == 1
    page = learner.get("/changes", since=device.since)
    assert page["reset"] is is_moved  # else the device keeps what it has
    assert device.sync().keys() == {kept["session_result_id"]}
    assert device.sync() == stored(learner)
