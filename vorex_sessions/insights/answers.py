"""The answers that the rules look at: those of other capabilities' services, of one moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from vorex_sessions.growth.service import show_streak
from vorex_sessions.insights.facts import Answered
from vorex_sessions.languages.service import list_languages
from vorex_sessions.periods import ONE_DAY
from vorex_sessions.preferences.service import show_preferences
from vorex_sessions.progress.rhythm import rhythm
from vorex_sessions.progress.stats import stats
from vorex_sessions.progress.warmup import warmup
from vorex_sessions.recall.service import list_words
from vorex_sessions.sessions import history
from vorex_sessions.sessions.changes import changes
from vorex_sessions.skills.service import show_skills
from vorex_sessions.trends.service import show_trends

LATELY = 7  # days


@dataclass(frozen=True)
class Answers:
    """What the endpoints of these names answer.

    `language` is that of the words, None: all. Practice is of all languages whatever is asked for: a streak
    that another language keeps is not at risk, nor is who practises another one away.
    """

    period: str
    language: str | None
    languages: Answered
    stats: Answered
    before: Answered  # the statistics of the whole days before, of which `stats` leaves out the last hours
    streak: Answered
    # The last session before all practice of the streak's calendar, where that is of the last days alone.
    earlier: Answered | None
    trends: Answered
    vocabulary: Answered
    warmup: Answered
    skills: Answered
    rhythm: Answered
    changes: Answered
    preferences: Answered

    @property
    def today(self) -> date:
        """The learner's day."""
        today: date = self.stats.body["period_end"]
        return today

    @property
    def practised(self) -> list[tuple[int, Mapping[str, Any]]]:
        """The rows of the languages, each with its place."""
        return list(enumerate(self.languages.body["languages"]))

    @property
    def days(self) -> list[date]:
        """The days of the last weeks with a minute of practice, newest first."""
        return _practised(self.streak)

    @property
    def sessions(self) -> int:
        """How many sessions there are, ever."""
        return sum(row["sessions"] for _, row in self.practised)


def read(learner_id: str, *, period: str, language: str | None, now: datetime) -> Answers | None:
    """Ask all of them; None without a session.

    Scores, words to warm up with and skills are those of one language, by default that of the latest session:
    over several, a change of language would look like a change of scores.
    """
    languages = Answered("/api/sessions/languages", list_languages(learner_id, now=now))
    names = [row["language"] for row in languages.body["languages"]]
    if not names:
        return None
    one = language or names[0]

    def ask(name: str, service: Callable[..., Any], **query: Any) -> Answered:
        given = {key: value for key, value in query.items() if value is not None}
        address = f"/api/sessions/{name}?{urlencode(given)}".rstrip("?")
        when = {} if service in (show_skills, changes, show_preferences) else {"now": now}
        return Answered(address, service(learner_id, **given, **when))

    of_period = ask("stats", stats, period=period)
    previous = of_period.body["previous"]
    streak = ask("streak", show_streak)
    days = {"date_from": previous["period_start"], "date_to": previous["period_end"]}
    return Answers(
        period,
        language,
        languages,
        stats=of_period,
        before=ask("stats", stats, **days),
        streak=streak,
        earlier=_before(learner_id, _practised(streak), of_period.body["period_end"]),
        trends=ask("trends", show_trends, period="month", language=one),
        vocabulary=ask("vocabulary", list_words, status="due", limit=1, language=language),
        warmup=ask("warmup", warmup, language=one),
        skills=ask("skills", show_skills, language=one),
        rhythm=ask("rhythm", rhythm, period="month"),
        changes=ask("changes", changes, limit=1),
        preferences=ask("preferences", show_preferences),
    )


def _practised(streak: Answered) -> list[date]:
    days = (row["date"] for row in streak.body["calendar"] if row["minutes"])
    return sorted(days, reverse=True)


def _before(learner_id: str, days: list[date], today: date) -> Answered | None:
    """The history before the first of these days, if that is of the last week; None elsewhere.

    The calendar has four weeks: a longer break has its other end in the history alone.
    """
    if not days or (today - days[-1]).days >= LATELY:
        return None
    until = days[-1] - ONE_DAY
    address = f"/api/sessions/history?date_to={until}&limit=1"
    answer = history.page(learner_id, date_to=until, limit=1)
    # Its sessions are JSON as the database wrote it, which nobody has read yet.
    return Answered(address, orjson.loads(orjson.dumps(answer)))
