"""A 304 never lies: after any writes and at any time, it stands for the very answer that would be sent."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from tests.cohorts.practising import cohort, opt
from tests.factories import Learner, content, sendable, token
from tests.live.practising import beat, cancel
from tests.web.questions import all_questions, days_around, said
from vorex_sessions import create_app
from vorex_sessions.cohorts.snapshot import refresh
from vorex_sessions.extensions import db

ZONES = ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/New_York", "UTC-12:00"]
LANGUAGES = ["en", "de"]
# Before a change of clocks in Berlin or New York, in both directions; a turn of the year; no such thing.
BEGINNINGS = [
    datetime(2026, 10, 23, 18, tzinfo=UTC),
    datetime(2026, 3, 27, 18, tzinfo=UTC),
    datetime(2026, 10, 31, 3, tzinfo=UTC),
    datetime(2026, 12, 30, 20, tzinfo=UTC),
    datetime(2026, 6, 28, 12, tzinfo=UTC),
]


@pytest.fixture
def unlimited(settings: dict, app: Flask) -> Iterator[Flask]:
    """An app without rate limits."""
    unlimited = create_app({**settings, "RATELIMIT_ENABLED": False})
    yield unlimited
    with unlimited.app_context():
        db.engine.dispose()


class World:
    """A learner whose app keeps every answer with its tag."""

    def __init__(self, app: Flask, learner: Learner, random: Random, clock: Any) -> None:
        self.app, self.learner, self.random, self.clock = app, learner, random, clock
        self.kept: dict[str, dict[str, Any]] = {}
        self.ids: list[str] = []
        self.live: list[str] = []
        self.since = ""
        self.day = datetime.now(UTC).date().isoformat()
        self.first = ""
        self.confirmed = 0

    def get(self, path: str, tags: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token(self.learner.id)}"}
        return self.learner.client.get(
            path, headers=headers | ({"If-None-Match": tags} if tags else {})
        )

    def check(self) -> None:
        """Compare, for each question, what 304 stands for with what is answered without a tag."""
        paths = all_questions(id=self.first, since=self.since, **days_around(self.day))
        self.random.shuffle(paths)
        for path in paths:
            kept = self.kept.setdefault(path, {})
            short = list(kept)[-18:]  # a longer header is not looked at
            conditional = self.get(path, ", ".join(short)) if short else None
            full = self.get(path)
            if full.status_code != 200:
                assert "{id}" in path or conditional is None or conditional.status_code != 304, path
                continue
            now_said = said(full.data, full.content_type)
            if conditional is not None and conditional.status_code == 304:
                assert kept[conditional.headers["ETag"]] == now_said, path
                self.confirmed += 1
            tag = full.headers["ETag"]
            assert kept.setdefault(tag, now_said) == now_said, path  # one tag, one answer
            if "." not in tag:
                assert self.get(path, tag).status_code == 304, path

    def practice(self) -> dict[str, Any]:
        random = self.random
        when = datetime.now(UTC) - timedelta(
            days=random.choice([0, 0, 1, 6, 7, 8, 14, 29, 30, 31, 60]),
            seconds=random.choice([0, 1, 60, 3600, 5400, 7200, 20_000, 80_000]),
        )
        language = random.choice(LANGUAGES)
        return content(
            session_result_id=str(uuid4()),
            language=language,
            session_type=random.choice(["conversation", "roleplay"]),
            duration_seconds=random.choice([20, 60, 900]),
            fluency_score=random.choice([None, 50, 85.5]),
            vocabulary_learned=random.sample([f"w{number}" for number in range(30)], 2),
            vocabulary_results=[
                {
                    "word": f"w{random.randrange(30)}",
                    "outcome": random.choice(["again", "good", "easy"]),
                }
            ],
            areas_to_improve=random.sample(["past tense", "Articels", "intonation"], 1),
            skills=[{"skill": "articles", "score": random.choice([0, 72.5, 100])}]
            if language == "en"
            else [],
            metadata={"user_level": random.choice(["A2", "B1"])},
            completed_at=when.isoformat(),
            timezone=random.choice(ZONES),
        )

    # Writes.

    def save(self) -> None:
        body = self.practice()
        self.ids.append(body["session_result_id"])
        self.learner.try_save(body)

    def batch(self) -> None:
        items = [self.practice() for _ in range(self.random.randrange(1, 5))]
        self.ids += [item["session_result_id"] for item in items]
        self.learner.request("POST", "/api/sessions/batch", json={"sessions": items})

    def replay(self) -> None:
        answer = self.get(f"/api/sessions/{self.random.choice(self.ids)}")
        if answer.status_code == 200:
            self.learner.try_save(sendable(answer.get_json()))

    def patch(self) -> None:
        changes = self.practice()
        names = self.random.sample(["duration_seconds", "fluency_score", "completed_at", "timezone",
                                    "vocabulary_learned", "session_type"], 2)  # fmt: skip
        path = f"/api/sessions/{self.random.choice(self.ids)}"
        self.learner.request("PATCH", path, json={name: changes[name] for name in names})

    def beat(self) -> None:
        ids = [*self.ids[-2:], *self.live[-3:], str(uuid4())]
        session_id = self.random.choice(ids)
        self.live.append(session_id)
        beat(self.learner, session_id, self.random.randrange(50))

    def cancel(self) -> None:
        if self.live:
            cancel(self.learner, self.random.choice(self.live))

    def finish(self) -> None:
        if self.live:
            self.learner.try_save(self.practice() | {"session_result_id": self.live[-1]})

    def sweep(self) -> None:
        self.app.config["LIVE_SAVE_ABANDONED"] = self.random.random() < 0.5
        self.run("live", "sweep")

    def delete(self) -> None:
        gone = self.ids.pop(self.random.randrange(len(self.ids)))
        self.learner.request("DELETE", f"/api/sessions/{gone}")

    def prefer(self) -> None:
        random = self.random
        today = datetime.now(UTC).date()
        pause = {"from": f"{today - timedelta(days=3)}", "to": f"{today + timedelta(days=1)}"}
        values = {
            "day_starts_at": random.choice([0, 0, 1, 4, 6]),
            "week_starts_on": random.choice(["monday", "sunday", "saturday"]),
            "daily_goal_minutes": random.choice([None, 1, 30]),
            "rest_days": random.sample(["monday", "friday"], random.randrange(3)),
            "pause": random.choice([None, pause]),
        }
        self.learner.request("PUT", "/api/sessions/preferences", json=values)

    def join(self) -> None:
        opt(self.learner, into=self.random.random() < 0.7)

    def judge(self) -> None:
        """Set what insights are like, or say something of one."""
        path = "/api/sessions/insights"
        tone = {"tone": self.random.choice(["plain", "friendly"])}
        self.learner.request("PUT", f"{path}/preferences", json=tone)
        for insight in self.get(path).get_json()["insights"][:1]:
            verdict = {"verdict": self.random.choice(["helpful", "wrong", "hide"])}
            self.learner.request("POST", f"{path}/{insight['id']}/feedback", json=verdict)

    def snapshot(self) -> None:
        with self.app.app_context():
            refresh(datetime.now(UTC).date())

    def erase(self) -> None:
        self.learner.request("DELETE", "/api/sessions?confirm=true")

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        result = self.app.test_cli_runner().invoke(args=[*arguments], input=stdin)
        assert result.exit_code == 0, result.output
        return result.output

    def purge(self) -> None:
        self.app.config["SESSION_RETENTION_DAYS"] = 45
        self.run("privacy", "purge")

    def rebuild(self) -> None:
        self.run("rebuild", "--learner", self.learner.id)

    def restore(self) -> None:
        self.run("privacy", "replay", "-", stdin=self.run("privacy", "tombstones"))

    def pull(self) -> None:
        self.since = self.get("/api/sessions/changes").get_json()["next"]

    def wait(self) -> None:
        """Let time pass; often to just before or after a midnight, a day's start or the time of a session."""
        now = datetime.now(UTC)
        steps = [1, 59, 120, 600, 1800, 3600, 3600, 7200, 20_000, 90_000]
        hour = now.replace(minute=0, second=0, microsecond=0) + timedelta(
            hours=self.random.choice([1, 1, 2, 5])
        )
        near = hour + timedelta(seconds=self.random.choice([-1, 0, 1]))
        later = now + timedelta(seconds=self.random.choice(steps))
        self.clock.move_to(self.random.choice([near, near, later]), tick=False)


@pytest.mark.parametrize("seed", range(5))
def test_a_304_stands_for_the_answer_that_would_be_sent(unlimited: Flask, seed: int) -> None:
    random = Random(seed)  # no secret
    with time_machine.travel(BEGINNINGS[seed], tick=False) as clock:
        cohort(unlimited, 12)
        learner = Learner(unlimited)
        world = World(unlimited, learner, random, clock)
        world.save()
        world.first = world.ids[0]
        world.pull()
        choices: list[tuple[Callable[[], None], int]] = [
            *((world.wait, 22), (world.save, 5), (world.batch, 2), (world.replay, 1)),
            *((world.patch, 3), (world.delete, 1), (world.prefer, 2), (world.join, 2)),
            *((world.snapshot, 2), (world.purge, 1), (world.rebuild, 1), (world.pull, 1)),
            *((world.restore, 1), (world.erase, 1), (world.beat, 6), (world.cancel, 1)),
            *((world.finish, 2), (world.sweep, 1), (world.judge, 2)),
        ]
        for step in range(20):
            what = random.choices(*zip(*choices, strict=True))[0]
            if what == world.erase and step < 10:
                continue
            if not world.ids:
                what = world.save
            what()
            world.check()
    assert world.confirmed > 100


def test_the_clocks_going_back_take_a_session_out_of_the_days_before(unlimited: Flask) -> None:
    learner = Learner(unlimited)
    with time_machine.travel(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), tick=False) as clock:
        # It is 2:30 in Berlin, for the first time. The day before, at 2:15, counts up to now …
        learner.save(completed_at="2026-10-24T00:15:00Z", timezone="Europe/Berlin")
        path = "/api/sessions/stats?period=day&timezone=Europe/Berlin"
        before = learner.request("GET", path)
        assert before.get_json()["previous"]["total_sessions"] == 1
        clock.move_to(
            datetime(2026, 10, 25, 1, 5, tzinfo=UTC), tick=False
        )  # … and at 2:05 not any more.
        after = learner.request("GET", path, headers={"If-None-Match": before.headers["ETag"]})
        assert after.get_json()["previous"]["total_sessions"] == 0


def test_a_tag_lasts_for_the_day_where_nothing_happens(unlimited: Flask) -> None:
    learner = Learner(unlimited)
    with time_machine.travel(datetime(2026, 6, 10, 9, tzinfo=UTC), tick=False) as clock:
        for days in (0, 6, 7, 29, 30):  # all at 8 in the morning
            when = datetime.now(UTC) - timedelta(days=days, hours=1)
            learner.save(completed_at=when.isoformat(), timezone="UTC")
        paths = all_questions(
            id=learner.save()["session_result_id"], since="", **days_around("2026-06-10")
        )
        paths = [path for path in paths if "timezone" not in path and "since" not in path]
        tags = {path: learner.request("GET", path).headers["ETag"] for path in paths}
        clock.move_to(datetime(2026, 6, 10, 23, 59, 59, tzinfo=UTC), tick=False)
        for path, tag in tags.items():
            answer = learner.request("GET", path, headers={"If-None-Match": tag})
            assert answer.status_code == 304, path
        clock.move_to(datetime(2026, 6, 11, tzinfo=UTC), tick=False)
        answer = learner.request(
            "GET", "/api/sessions/streak", headers={"If-None-Match": tags["/api/sessions/streak"]}
        )
        assert answer.status_code == 200


def test_a_tag_ends_when_the_same_time_of_day_is_reached(unlimited: Flask) -> None:
    learner = Learner(unlimited)
    with time_machine.travel(datetime(2026, 6, 10, 9, tzinfo=UTC), tick=False) as clock:
        learner.save(completed_at="2026-06-03T18:30:00Z", timezone="UTC")
        path = "/api/sessions/stats?period=week"
        tag = learner.request("GET", path).headers["ETag"]
        for moment, status in (("18:29:59", 304), ("18:30:00", 200)):
            clock.move_to(datetime.fromisoformat(f"2026-06-10T{moment}Z"), tick=False)
            answer = learner.request("GET", path, headers={"If-None-Match": tag})
            assert answer.status_code == status
        assert answer.get_json()["previous"]["total_sessions"] == 1
