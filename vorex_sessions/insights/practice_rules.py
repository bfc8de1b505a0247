"""Pure: rules about when and how much a learner practises."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from math import ceil
from typing import Any

from vorex_sessions.insights.answers import LATELY, Answers
from vorex_sessions.insights.facts import Answered, Finding
from vorex_sessions.periods import ONE_DAY
from vorex_sessions.preferences.history import DEFAULTS, WEEKDAYS

_SHORT_STREAK = 3  # days: less is no loss
_BREAK = 7  # days without practice
_FEW = 3  # sessions, below which there is no habit to return to
_LEAST_SESSIONS = {"week": 3, "month": 6}
_MORE, _LESS, _LEAST_SECONDS = 1.3, 0.7, 600
_MINUTE = 60  # seconds: less is shown as no time, and nobody practised for "0 minutes"
_WEEK = 7  # days
_HOURS, _HABIT, _LEAST_OF_RHYTHM = 3, 0.6, 10


def streak_risk(answers: Answers) -> Finding | None:
    """The streak breaks tonight, and has 3 days or more. The rule of the streak itself leaves no doubt.

    Who has practised today, but for less than a day needs, is not told that they have not.
    """
    streak = answers.streak
    if not streak.body["at_risk"] or streak.body["current"] < _SHORT_STREAK:
        return None
    days = streak.fact("days", "/current", "days", n=streak.body["current"])
    variant = "more" if streak.body["seconds_today"] else ""
    return Finding((days,), "practise", answers.language, variant=variant)


def weekly_goal(answers: Answers) -> Finding | None:
    """The goal that the learner has set needs one more day, or each day that is left, and can be reached.

    Rest days and those of a pause are not left: nobody is asked to practise on them.
    """
    streak, week = answers.streak, answers.streak.body["week"]
    if not week["goal_days"] or not week["days_practiced"] or _is_off(answers):
        return None
    missing = week["goal_days"] - week["days_practiced"]
    end = week["starts_on"] + (_WEEK - 1) * ONE_DAY
    later = [answers.today + age * ONE_DAY for age in range(1, (end - answers.today).days + 1)]
    left = sum(not _is_free(answers, day) for day in later) + (not streak.body["practiced_today"])
    if not 0 < missing <= left or missing not in (1, left):
        return None
    facts = (
        streak.fact("missing", "/week/days_practiced", "days", period="week", value=missing),
        streak.fact("goal", "/week/goal_days", "days", period="week"),
    )
    return Finding(facts, "practise", answers.language)


def daily_goal(answers: Answers) -> Finding | None:
    """At least half of the goal of today that the learner has set is practised.

    Who has not begun needs no push, who is through is done. The default goal is nobody's own: whoever sets
    rest days alone gets it, too, and it is stored alike where somebody has chosen it. So it is never told.
    """
    streak = answers.streak
    goal, seconds = streak.body["goal_minutes"], streak.body["seconds_today"]
    if goal in (None, DEFAULTS.daily_goal_minutes) or _is_off(answers):
        return None
    if streak.body["goal_reached"] or seconds * 2 < goal * 60:
        return None
    missing = ceil((goal * 60 - seconds) / 60)
    facts = (
        streak.fact("missing", "/seconds_today", "minutes", period="today", value=missing),
        streak.fact("goal", "/goal_minutes", "minutes", period="today"),
    )
    return Finding(facts, "practise", answers.language)


def away(answers: Answers) -> Finding | None:
    """No practice for 7 days, after 3 sessions or more: less is a normal week, or nothing to come back to."""
    place, row = max(answers.practised, key=lambda pair: pair[1]["last_practiced_on"])
    days = (answers.today - row["last_practiced_on"]).days
    if days < _BREAK or answers.sessions < _FEW or _is_off(answers):
        return None
    at = f"/languages/{place}/last_practiced_on"
    facts = (
        answers.languages.fact("last", at, "date"),
        answers.languages.fact("days", at, "days", value=days),
    )
    return Finding(facts, "practise", answers.language)


def come_back(answers: Answers) -> Finding | None:
    """Practice of the last 7 days that follows a break of 7 days or more, however long it was."""
    days, calendar, earlier = answers.days, answers.streak, answers.earlier
    gaps = [
        calendar.fact("gap", "/calendar", "days", period="month", value=_between(before, day))
        for day, before in pairwise(days)
    ]
    if earlier and earlier.body["sessions"]:
        at = "/sessions/0/practiced_on"
        length = _between(date.fromisoformat(earlier.at(at)), days[-1])
        gaps.append(earlier.fact("gap", at, "days", value=length))
    for place, gap in enumerate(gaps, start=1):
        if gap.value >= _BREAK and (answers.today - days[place - 1]).days < LATELY:
            since = calendar.fact("days", "/calendar", "days", period="week", value=place)
            return Finding((gap, since), "practise", answers.language)
    return None


def _between(before: date, day: date) -> int:
    return (day - before).days - 1


def first_week(answers: Answers) -> Finding | None:
    """All sessions ever are of the last 7 days, and have a minute or more: else there is nothing to say.

    Where retention has removed earlier ones, it is not the first week.
    """
    stats = answers.stats
    days = [row["date"] for row in stats.body["improvement_trends"]]
    is_all = stats.body["total_sessions"] == answers.sessions
    if answers.changes.body["kept_since"] or not is_all or not days:
        return None
    if (answers.today - min(days)).days >= _WEEK:
        return None
    if stats.body["total_duration"] < _MINUTE:
        return None
    count, period = stats.body["total_sessions"], answers.period
    facts = (
        stats.fact("sessions", "/total_sessions", "sessions", period=period, n=count),
        stats.fact("time", "/total_duration", "seconds", period=period, n=count),
    )
    return Finding(facts, "practise", answers.language)


def more_practice(answers: Answers) -> Finding | None:
    """A third more time than the period before; see `_change`."""
    return _change(answers, is_more=True)


def less_practice(answers: Answers) -> Finding | None:
    """A third less time than the period before; see `_change`."""
    return _change(answers, is_more=False)


def _change(answers: Answers, *, is_more: bool) -> Finding | None:
    """3 sessions (week) or 6 (month) and a minute in both periods, and a change of 10 minutes.

    Less may be one session. It has to hold up to this time of day, since today is not over yet, and of whole
    days, which are what is told: an evening a week ago is not left out of "the week before". And it has to
    hold without one day, of mean length, of the longer time: who practises every second day has four days
    in a week and three in the next, and changes nothing.
    """
    stats, previous = answers.stats, answers.stats.body["previous"]
    now, whole = stats.body["total_duration"], answers.before.body["total_duration"]
    counts = [one["total_sessions"] for one in (stats.body, previous, answers.before.body)]
    if _is_purged_since(answers, previous["period_start"]):
        return None
    if min(counts) < _LEAST_SESSIONS[answers.period]:
        return None
    for before in (previous["total_duration"], whole):
        if min(now, before) < _MINUTE:
            return None
        this = _but_a_day(now, stats) if is_more else now
        that = before if is_more else _but_a_day(before, answers.before)
        is_clear = this >= _MORE * that if is_more else this <= _LESS * that
        if not is_clear or abs(this - that) < _LEAST_SECONDS:
            return None
    period = answers.period
    facts = (
        stats.fact("now", "/total_duration", "seconds", period=period, n=counts[0]),
        answers.before.fact("before", "/total_duration", "seconds", period=period, n=counts[2]),
    )
    return Finding(facts, "practise", answers.language, subject=period, variant=period)


def _but_a_day(seconds: int, stats: Answered) -> float:
    """The time without one of the days on which there was some."""
    return seconds * (1 - 1 / len(stats.body["improvement_trends"]))


def steady(answers: Answers) -> Finding | None:
    """3 days or more in any 7 days of the last 28, whichever day a week starts on: there was no break."""
    days = [row for row in _calendar(answers) if row["date"] <= answers.today]
    weeks = [days[start : start + _WEEK] for start in range(len(days) - _WEEK + 1)]
    if any(sum(row["minutes"] > 0 for row in week) < 3 for week in weeks):
        return None
    count = sum(row["minutes"] > 0 for row in days)
    facts = (
        answers.streak.fact("days", "/calendar", "days", period="month", n=count, value=count),
        answers.streak.fact("span", "/calendar", "days", period="month", value=len(days)),
    )
    return Finding(facts, "practise", answers.language)


def usual_hours(answers: Answers) -> Finding | None:
    """10 sessions of the last 30 days, and 60 % of them within 3 hours.

    Were the hours between 7 and 23 all alike, this would happen to fewer than 1 of 20 learners. Of several
    such spans it is the one that starts with most practice, so that no reminder comes hours early.
    """
    if _is_purged_since(answers, answers.rhythm.body["period_start"]):
        return None
    counts = [row["sessions"] for row in answers.rhythm.body["hours"]]
    total = sum(counts)
    windows = [sum(counts[(hour + more) % 24] for more in range(_HOURS)) for hour in range(24)]
    start = max(range(24), key=lambda hour: (windows[hour], counts[hour]))
    if total < _LEAST_OF_RHYTHM or windows[start] < _HABIT * total:
        return None
    end = (start + _HOURS) % 24
    rhythm = answers.rhythm
    count = rhythm.fact(
        *("count", "/hours", "sessions"), period="month", n=total, value=windows[start]
    )
    facts = (
        rhythm.fact("total", "/hours", "sessions", period="month", n=total, value=total),
        rhythm.fact("start", f"/hours/{start}/hour", "hour", period="month"),
        rhythm.fact("end", f"/hours/{end}/hour", "hour", period="month"),
    )
    if count.value == total:  # "11 of your 11 sessions" says it twice
        return Finding(facts, "remind", f"{start:02}:00", variant="all")
    return Finding((count, *facts), "remind", f"{start:02}:00")


def _is_purged_since(answers: Answers, day: date) -> bool:
    """Whether retention has removed sessions of that day or later, so that a count since then is too low."""
    kept_since: str | None = answers.changes.body["kept_since"]
    return kept_since is not None and kept_since[:10] >= str(day - ONE_DAY)  # a day for the zones


def _calendar(answers: Answers) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = answers.streak.body["calendar"]
    return rows


def _is_free(answers: Answers, day: date) -> bool:
    """Whether a later day is a rest day or paused, as it is set now."""
    set_now = answers.preferences.body
    pause = set_now["pause"]
    is_paused = bool(pause and pause["from"] <= day <= pause["to"])
    return is_paused or WEEKDAYS[day.weekday()] in set_now["rest_days"]


def _is_off(answers: Answers) -> bool:
    """Whether today is a rest day or paused: the learner wants no push."""
    today: date = answers.today
    return any(row["rest"] or row["paused"] for row in _calendar(answers) if row["date"] == today)
