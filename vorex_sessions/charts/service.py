"""A learner's charts: what other capabilities answer, drawn."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from importlib import import_module
from typing import Any

from vorex_sessions.charts.chart import Chart, Options
from vorex_sessions.database.one_snapshot import current_snapshot
from vorex_sessions.growth.service import streak_with_days
from vorex_sessions.growth.streaks import CALENDAR_DAYS
from vorex_sessions.hooks.rebuild import in_current_snapshot
from vorex_sessions.periods import DAYS, ONE_DAY
from vorex_sessions.preferences.history import WEEKDAYS
from vorex_sessions.preferences.service import show_preferences
from vorex_sessions.progress.breakdown import daily_breakdown
from vorex_sessions.progress.days import learners_today
from vorex_sessions.progress.rhythm import rhythm as show_rhythm
from vorex_sessions.recall.service import count_words
from vorex_sessions.skills.service import show_skills
from vorex_sessions.trends.service import show_trends

Answered = Mapping[str, Any]


def make_chart(kind: str, learner_id: str, options: Options, *, now: datetime) -> Chart:
    """A chart of a learner's practice. Raises as the services do that it asks."""
    return _draw(kind, _ASK[kind](learner_id, options, now), options)


def streak_chart(answer: Answered, days: Collection[date], options: Options) -> Chart:
    """The chart of what `streak_with_days` has answered, for who has asked that already."""
    return _draw("streak", _with_today(answer, days), options)


def _draw(kind: str, answer: Answered, options: Options) -> Chart:
    # Loaded with the first chart of a kind, as Babel is: many services draw none.
    drawn = import_module(f"vorex_sessions.charts.{kind}")
    chart: Chart = drawn.draw(answer, options)
    return chart


def _of_one_moment(learner_id: str, read: Callable[[], Answered]) -> Answered:
    """What several questions are answered; within a page's or an overview's snapshot, that is the moment."""
    return read() if current_snapshot() else in_current_snapshot(learner_id, read)


def _narrowed(options: Options, now: datetime) -> dict[str, Any]:
    return {"language": options.language, "zone_name": options.zone_name, "now": now}


def _heatmap(learner_id: str, options: Options, now: datetime) -> Answered:
    year, narrowed = options.year, _narrowed(options, now)

    def read() -> Answered:
        starts_on = show_preferences(learner_id)["week_starts_on"]
        if year is None:
            answer = daily_breakdown(learner_id, days=DAYS["year"], **narrowed)
            today = answer["days"][-1]["date"] + (DAYS["year"] - 1) * ONE_DAY
            return {**answer, "today": today, "week_starts_on": starts_on}
        first, last = date(year, 1, 1), date(year, 12, 31)
        answer = daily_breakdown(learner_id, date_from=first, date_to=last, **narrowed)
        # A year that is over everywhere stays as it is, whatever day is today.
        is_over = last < now.date() - ONE_DAY
        return {
            **answer,
            "today": None if is_over else learners_today(learner_id, options.zone_name, now=now),
            "week_starts_on": starts_on,
        }

    return _of_one_moment(learner_id, read)


def _trend(learner_id: str, options: Options, now: datetime) -> Answered:
    narrowed, period = _narrowed(options, now), options.period

    def read() -> Answered:
        answer = show_trends(learner_id, period=period, **narrowed)
        days = daily_breakdown(learner_id, days=DAYS[period], **narrowed)["days"]
        return {**answer, "days": days, "today": answer["period_end"]}

    return _of_one_moment(learner_id, read)


def _skills(learner_id: str, options: Options, now: datetime) -> Answered:
    return show_skills(learner_id, language=options.language)


def _streak(learner_id: str, options: Options, now: datetime) -> Answered:
    return _with_today(*streak_with_days(learner_id, **_narrowed(options, now)))


def _with_today(answer: Answered, days: Collection[date]) -> Answered:
    today = answer["calendar"][-1]["date"] + (CALENDAR_DAYS - 1) * ONE_DAY
    starts_on = WEEKDAYS[answer["week"]["starts_on"].weekday()]
    calendar = [{**row, "has_sessions": row["date"] in days} for row in answer["calendar"]]
    return {**answer, "calendar": calendar, "today": today, "week_starts_on": starts_on}


def _vocabulary(learner_id: str, options: Options, now: datetime) -> Answered:
    return count_words(learner_id, **_narrowed(options, now))


def _rhythm(learner_id: str, options: Options, now: datetime) -> Answered:
    def read() -> Answered:
        answer = show_rhythm(learner_id, period=options.period, **_narrowed(options, now))
        return {**answer, "week_starts_on": show_preferences(learner_id)["week_starts_on"]}

    return _of_one_moment(learner_id, read)


_ASK: Mapping[str, Callable[[str, Options, datetime], Answered]] = {
    "heatmap": _heatmap,
    "trend": _trend,
    "skills": _skills,
    "streak": _streak,
    "vocabulary": _vocabulary,
    "rhythm": _rhythm,
}
