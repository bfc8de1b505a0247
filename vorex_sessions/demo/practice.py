"""Half a year of realistic example sessions, so that every endpoint has data to return."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from vorex_sessions.models.limits import OUTCOMES
from vorex_sessions.preferences import service as preferences
from vorex_sessions.problems.kinds import KeyReused
from vorex_sessions.sessions import service

DAYS = 182
ZONE = "Europe/Berlin"
_HOLIDAYS, _HOLIDAY = 120, 9  # every so many days, so many days
_SET = {"day_starts_at": 0, "week_starts_on": "monday", "daily_goal_minutes": 15}
_SET |= {"weekly_goal_days": 5, "rest_days": ["sunday"], "pause": None}
_TYPES = ("conversation", "conversation", "pronunciation", "roleplay")
_SKILLS = (
    "past-simple",
    "articles",
    "word-stress",
    "speaking-pace",
    "polite-requests",
    "small-talk",
)
_WORDS_A_MINUTE = 24
# scenario -> topics, areas to improve, words
# One row a line, as in a table.
# fmt: off
_SCENARIOS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "hotel-check-in": (["travel", "hotels"], ["past tense", "polite requests"],
        ["reservation", "available", "lobby", "receipt", "luggage", "key card"]),
    "job-interview": (["work", "interviews"], ["prepositions", "linking words"],
        ["strength", "deadline", "colleague", "salary", "experience", "team"]),
    "at-the-doctor": (["health"], ["articles", "word stress"],
        ["appointment", "prescription", "sore throat", "allergy", "fever"]),
    "ordering-food": (["food", "restaurants"], ["polite requests", "th sound"],
        ["starter", "bill", "allergy", "rare", "dessert", "tip"]),
    "small-talk": (["weather", "weekend plans"], ["past tense", "intonation"],
        ["drizzle", "forecast", "hike", "catch up", "gorgeous"]),
    "city-directions": (["travel", "city life"], ["prepositions", "vowel length"],
        ["crossing", "roundabout", "straight ahead", "platform", "fare"]),
}
# fmt: on


def fill(learner_id: str, *, now: datetime) -> int:
    """Save half a year of sessions; return their number. A second run adds the days since the first."""
    if not preferences.is_set(learner_id):
        _set_preferences(learner_id, now)
    count = 0
    for day, sessions in _half_year(learner_id, now):
        for number, content in enumerate(sessions):
            with suppress(KeyReused):  # saved by an earlier run, when that day was more recent
                service.save(learner_id, content, key=f"demo {day} {number}", now=now)
            count += 1
    return count


def _set_preferences(learner_id: str, now: datetime) -> None:
    """Set a goal and a rest day half a year ago, and a pause when the last holiday began."""
    preferences.set_preferences(learner_id, _SET, now=now - timedelta(days=DAYS))
    ago = (now.astimezone(ZoneInfo(ZONE)).date().toordinal()) % _HOLIDAYS
    began = now - timedelta(days=ago)
    first = began.astimezone(ZoneInfo(ZONE)).date()
    pause = {"from_": first, "to": first + timedelta(days=_HOLIDAY - 1)}
    preferences.set_preferences(learner_id, {**_SET, "pause": pause}, now=began)


def _half_year(learner_id: str, now: datetime) -> Iterator[tuple[date, list[dict[str, Any]]]]:
    """Yield the sessions of about five days a week, with holidays and slowly rising scores."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    for age in range(DAYS, -1, -1):
        day = today - timedelta(days=age)
        random = Random(f"{learner_id} {day}")
        holiday = day.toordinal() % _HOLIDAYS < _HOLIDAY
        if holiday or random.random() > 0.72:
            continue
        evening = datetime.combine(day, time(19), ZoneInfo(ZONE))
        ends = [evening + timedelta(minutes=random.randrange(-90, 120)) for _ in range(2)]
        sessions = [
            {**_session(random, progress=1 - age / DAYS), "completed_at": ended, "timezone": ZONE}
            for ended in ends[: random.choice((1, 1, 1, 2))]
        ]
        yield day, [session for session in sessions if session["completed_at"] <= now]


def _session(random: Random, *, progress: float) -> dict[str, Any]:
    scenario = random.choice(list(_SCENARIOS))
    topics, areas, words = _SCENARIOS[scenario]
    session_type = random.choice(_TYPES)
    duration = random.randrange(180, 1500)
    speaking = duration / 60 * _WORDS_A_MINUTE * (0.7 + 0.5 * progress)
    return {
        "session_type": session_type,
        "duration_seconds": duration,
        "words_spoken": round(speaking * random.uniform(0.8, 1.2)),
        "pronunciation_score": _score(random, 58 + 18 * progress),
        "fluency_score": None
        if session_type == "pronunciation"
        else _score(random, 52 + 24 * progress),
        "grammar_score": None
        if session_type == "pronunciation"
        else _score(random, 60 + 14 * progress),
        "topics": topics,
        "vocabulary_learned": random.sample(words, k=min(len(words), 3)),
        "vocabulary_results": [
            {"word": word, "outcome": random.choices(OUTCOMES, [2, 1, 5, 2])[0]}
            for word in random.sample(words, k=min(len(words), 2))
        ],
        "skills": [
            {"skill": skill, "score": _score(random, 60 + 30 * progress)}
            for skill in random.sample(_SKILLS, 2)
        ],
        "areas_to_improve": random.sample(areas, k=random.randrange(1, len(areas) + 1)),
        "metadata": {"scenario_id": scenario, "user_level": "B1"},
    }


def _score(random: Random, mean: float) -> float:
    return round(min(100.0, max(0.0, random.gauss(mean, 6))), 1)
