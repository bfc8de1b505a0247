"""`python -m bench.opens`: how many bytes conditional requests save an app that is opened four times a day.

A learner of half a year practises once a day on five days of seven. The app is opened at 8, 12, 17 and 21 h,
asks the five questions of a home screen each time, and sends the ETags that it has. For four weeks the bytes
of the bodies are added up, compressed as they are sent, with HEAD for the head of an answer.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import time_machine
from flask.testing import FlaskClient

import config
from bench.databases import SECRET, Server
from vorex_sessions import create_app
from vorex_sessions.demo.tokens import mint

LEARNER = "00000000-0000-4000-8000-000000000021"
QUESTIONS = ("stats?period=week", "streak", "warmup", "history?limit=20", "achievements")
OPENED = (8, 12, 17, 21)  # hours
PRACTISED = 18
HEAD = 350  # bytes
BEFORE, DAYS = 180, 28
_NAME = "bench_opens"


def practice(client: FlaskClient, day: datetime, dice: Random) -> None:
    """Save a session, if the learner practises that day."""
    if day.weekday() > 4:
        return
    words = [f"word {dice.randrange(800)}" for _ in range(6)]
    body = {
        "session_type": dice.choice(("conversation", "pronunciation", "roleplay")),
        "duration_seconds": dice.randrange(300, 1200),
        "fluency_score": dice.randrange(60, 95),
        "grammar_score": dice.randrange(60, 95),
        "topics": [dice.choice(("travel", "hotels", "food", "work", "health"))],
        "areas_to_improve": [dice.choice(("past tense", "articles", "word order"))],
        "vocabulary_learned": words,
        "vocabulary_results": [{"word": word, "outcome": "good"} for word in words[:3]],
        "metadata": {"scenario_id": "hotel-check-in", "user_level": "B1"},
        "completed_at": day.replace(hour=PRACTISED).isoformat(),
        "timezone": "Europe/Berlin",
    }
    answer = client.post("/api/sessions/save", data=orjson.dumps(body), headers=_headers(day))
    if answer.status_code != 201:
        raise RuntimeError(answer.text)


def _headers(now: datetime) -> dict[str, str]:
    token = mint(LEARNER, role="authenticated", days=1, now=now)
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Accept-Encoding": "gzip",
    }


def opened(client: FlaskClient, now: datetime, tags: dict[str, str]) -> tuple[int, int, int]:
    """What the app gets: bytes without ETags, bytes with them, and answers that it had already."""
    without = with_tags = known = 0
    for question in QUESTIONS:
        address, headers = f"/api/sessions/{question}", _headers(now)
        without += HEAD + len(client.get(address, headers=headers).data)
        asked = {"If-None-Match": tags[question]} if question in tags else {}
        answer = client.get(address, headers=headers | asked)
        with_tags += HEAD + len(answer.data)
        known += answer.status_code == 304
        tags[question] = answer.headers["ETag"]
    return without, with_tags, known


def measure(app: Any) -> None:
    """Live through the days, and print the sums."""
    client, dice, tags = app.test_client(), Random(1), dict[str, str]()
    first = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    sums = [0, 0, 0]
    for number in range(-BEFORE, DAYS):
        day = first + timedelta(days=number)
        for hour in OPENED if number >= 0 else ():
            with time_machine.travel(day.replace(hour=hour), tick=False):
                got = opened(client, day.replace(hour=hour), tags)
            sums = [one + more for one, more in zip(sums, got, strict=True)]
            if hour < PRACTISED < hour + 4:
                with time_machine.travel(day.replace(hour=PRACTISED), tick=False):
                    practice(client, day, dice)
        if number < 0:
            with time_machine.travel(day.replace(hour=PRACTISED), tick=False):
                practice(client, day, dice)
    without, with_tags, known = sums
    asked = DAYS * len(OPENED) * len(QUESTIONS)
    print(f"{asked} questions, {known} of them 304 ({known / asked:.0%})")
    print(
        f"{without / DAYS / 1024:.1f} KiB a day without ETags, {with_tags / DAYS / 1024:.1f} with them: "
    )
    print(f"{1 - with_tags / without:.0%} saved")


def main() -> None:
    """Start a database and a service, and measure."""
    server = Server()
    try:
        values = {
            "DATABASE_URL": server.empty(_NAME),
            "SUPABASE_JWT_SECRET": SECRET,
            "RATELIMIT_ENABLED": "false",
        }
        app = create_app(config.read(values))
        with app.app_context():
            measure(app)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
