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
# language -> scenario -> topics, areas to improve, words
# One row a line, as in a table.
# fmt: off
_ENGLISH: dict[str, tuple[list[str], list[str], list[str]]] = {
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
_SPANISH: dict[str, tuple[list[str], list[str], list[str]]] = {
    "en-el-mercado": (["comida", "compras"], ["ser y estar", "género"],
        ["fruta", "barato", "once", "bolsa", "efectivo"]),
    "en-la-estación": (["viajes"], ["pretérito", "por y para"],
        ["andén", "billete", "retraso", "ida y vuelta", "asiento"]),
}
_SCENARIOS = {"en": _ENGLISH, "es": _SPANISH}
# fmt: on


def fill(learner_id: str, *, now: datetime) -> int:
    """Save half a year of sessions; return their number. A second run adds the days since the first."""
    if not preferences.is_set(learner_id):
        _set_preferences(learner_id, now)
    count = 0
    for day, sessions in _half_year(learner_id, now):
        for name, content in sessions.items():
            with suppress(KeyReused):  # saved by an earlier run, when that day was more recent
                service.save(learner_id, content, key=f"demo {day} {name}", now=now)
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


def _half_year(learner_id: str, now: datetime) -> Iterator[tuple[date, dict[str, dict[str, Any]]]]:
    """Yield each day's sessions by name: English about five days a week, Spanish about two.

    There are holidays, and the scores slowly rise.
    """
    today = now.astimezone(ZoneInfo(ZONE)).date()
    for age in range(DAYS, -1, -1):
        day = today - timedelta(days=age)
        if day.toordinal() % _HOLIDAYS < _HOLIDAY:
            continue
        sessions = {}
        for language, share in (("en", 0.72), ("es", 0.3)):
            random = Random(f"{learner_id} {day}" + ("" if language == "en" else f" {language}"))
            if random.random() > share:
                continue
            evening = datetime.combine(day, time(19), ZoneInfo(ZONE))
            ends = [evening + timedelta(minutes=random.randrange(-90, 120)) for _ in range(2)]
            for number, ended in enumerate(ends[: random.choice((1, 1, 1, 2))]):
                name = str(number) if language == "en" else f"{language} {number}"
                content = _session(random, language, progress=1 - age / DAYS)
                sessions[name] = {**content, "completed_at": ended, "timezone": ZONE}
        yield (
            day,
            {name: one for name, one in sessions.items() if one["completed_at"] <= now},
        )


def _session(random: Random, language: str, *, progress: float) -> dict[str, Any]:
    scenario = random.choice(list(_SCENARIOS[language]))
    topics, areas, words = _SCENARIOS[language][scenario]
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
        "skills": [  # the graph of skills is English
            {"skill": skill, "score": _score(random, 60 + 30 * progress)}
            for skill in (random.sample(_SKILLS, 2) if language == "en" else ())
        ],
        "areas_to_improve": random.sample(areas, k=random.randrange(1, len(areas) + 1)),
        "metadata": {"scenario_id": scenario, "user_level": "B1" if language == "en" else "A2"},
        "language": language,
    }


def _score(random: Random, mean: float) -> float:
    return round(min(100.0, max(0.0, random.gauss(mean, 6))), 1)
