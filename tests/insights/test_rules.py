"""Each rule speaks where its evidence is enough, and only there."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from flask import Flask

from tests.clock import now, today
from tests.factories import Learner
from tests.insights import histories
from tests.insights.samples import UNITS
from tests.statements import recorded
from vorex_sessions import create_app
from vorex_sessions.insights import answers, rules, wording
from vorex_sessions.insights.facts import Insight

KINDS = [kind for kind in rules.KINDS if kind != "weekly_goal"]  # it needs a goal, see below


def found(
    learner: Learner, period: str = "week", language: str | None = None
) -> dict[str, Insight]:
    """All that the rules find, by kind."""
    with learner.app.app_context():
        asked = answers.read(learner.id, period=period, language=language, now=now())
        return {one.kind: one for one in rules.all_of(asked)} if asked else {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_speaks_where_its_evidence_is_enough(learner: Learner, kind: str) -> None:
    histories.set_goal(learner)
    histories.save(learner, histories.enough()[kind])
    insight = found(learner)[kind]
    units = {fact.id: fact.unit for fact in insight.finding.facts}
    assert units == UNITS[insight.template]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_is_silent_where_its_evidence_is_thin(learner: Learner, kind: str) -> None:
    histories.set_goal(learner)
    histories.save(learner, histories.not_enough()[kind])
    assert kind not in found(learner)


@pytest.mark.parametrize("kind", rules.KINDS)
def test_each_rule_says_when_it_speaks(kind: str) -> None:
    rule = next(rule for rule in rules.RULES if rule.kind == kind)
    assert rule.find.__doc__


def values(insight: Insight) -> dict[str, object]:
    return {fact.id: fact.value for fact in insight.finding.facts}


def test_a_weekly_goal_is_told_of_where_it_can_still_be_reached(learner: Learner) -> None:
    start = today() - timedelta(days=2)  # a week that began two days ago
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    first = names[start.weekday()]
    if first not in ("monday", "sunday", "saturday"):
        first, start = "monday", today() - timedelta(days=today().weekday())
    into = (today() - start).days  # days of the week before today
    left = 7 - into
    histories.save(learner, histories.days(range(1, into + 1)) or [histories.day(0)])
    done, left = (into, left) if into else (1, left - 1)
    for goal in range(1, 8):
        settings = {"weekly_goal_days": goal, "week_starts_on": first}
        learner.request("PUT", "/api/sessions/preferences", json=settings)
        missing = goal - done
        told = found(learner).get("weekly_goal")
        assert (told is not None) == (missing in (1, left) and 0 < missing <= left), goal
        if told:
            assert values(told) == {"missing": missing, "goal": goal}


@pytest.mark.parametrize(
    ("off", "goal", "missing"),
    [
        ({}, 6, 3),
        ({}, 5, None),  # of three days left two are needed
        ({"rest_days": ["saturday"]}, 6, None),  # three days, of which one is a rest day
        ({"rest_days": ["saturday"]}, 5, 2),
        ({"rest_days": ["saturday"]}, 4, 1),
        ({"rest_days": ["saturday", "sunday"]}, 5, None),
        ({"pause": {"from": "2026-03-14", "to": "2026-03-14"}}, 6, None),
        ({"pause": {"from": "2026-03-14", "to": "2026-03-20"}}, 5, None),
        ({"pause": {"from": "2026-03-15", "to": "2026-03-20"}}, 5, 2),
    ],
)
def test_a_weekly_goal_asks_for_no_rest_day(
    learner: Learner, off: dict[str, Any], goal: int, missing: int | None
) -> None:
    friday = datetime(2026, 3, 13, 12, tzinfo=UTC)
    with time_machine.travel(friday, tick=False):
        for age in (2, 3, 4):
            learner.save(completed_at=(friday - timedelta(days=age)).isoformat(), timezone="UTC")
        settings = {"weekly_goal_days": goal, **off}
        learner.request("PUT", "/api/sessions/preferences", json=settings)
        with learner.app.app_context():
            asked = answers.read(learner.id, period="week", language=None, now=friday)
        assert asked
        told = {one.kind: one for one in rules.all_of(asked)}.get("weekly_goal")
        assert (told and values(told)) == (missing and {"missing": missing, "goal": goal})


def test_a_goal_that_nobody_has_set_is_not_told_as_the_learners(learner: Learner) -> None:
    histories.save(learner, [histories.day(0, duration_seconds=540)])
    for settings in (None, {}, {"rest_days": ["sunday"]}):
        if settings is not None:
            learner.request("PUT", "/api/sessions/preferences", json=settings)
        assert learner.get("/streak")["goal_minutes"] == 10  # by default
        assert "daily_goal" not in found(learner)
    learner.request("PUT", "/api/sessions/preferences", json={"daily_goal_minutes": 15})
    assert values(found(learner)["daily_goal"]) == {"missing": 6, "goal": 15}


def test_who_rests_or_pauses_today_is_not_pushed(learner: Learner) -> None:
    histories.save(learner, histories.enough()["away"])
    assert "away" in found(learner)
    pause = {"from": f"{today() - timedelta(days=1)}", "to": f"{today() + timedelta(days=1)}"}
    learner.request("PUT", "/api/sessions/preferences", json={"pause": pause})
    assert "away" not in found(learner)


def test_scores_of_two_languages_are_not_mixed(learner: Learner) -> None:
    """A change of language is no decline."""
    beginner = histories.scored(lambda age: 40, range(0, 22))
    for session in beginner:
        session["language"] = "de"
    histories.save(learner, [*histories.scored(lambda age: 90, range(22, 28)), *beginner])
    kinds = found(learner)
    assert "trend_down" not in kinds
    assert values(kinds["plateau"]) == {"score": "fluency", "language": "de", "days": 22}
    assert kinds["plateau"].template == "plateau_of"
    assert kinds["plateau"].finding.ref == "de"
    assert (
        kinds["plateau"]
        .finding.facts[0]
        .source.startswith("/api/sessions/trends?period=month&language=de#")
    )


def test_of_one_language_nothing_is_said_that_is_false_of_all(learner: Learner) -> None:
    """A streak, a goal and a break are the learner's: practice of any language counts for them."""
    histories.save(learner, histories.days([1, 2, 3, 9], language="de"))
    histories.save(learner, [histories.day(0, language="en", duration_seconds=600)])
    assert not found(learner, language="de").keys() & {"streak_risk", "daily_goal", "first_week"}
    histories.save(learner, histories.days([8, 10, 11], language="fr"))
    assert not found(learner, language="fr").keys() & {"away", "come_back", "first_week"}


def test_streak_and_goals_are_told_whatever_language_is_asked_for(learner: Learner) -> None:
    histories.set_goal(learner)
    histories.save(learner, histories.due(5))
    histories.save(learner, histories.days([1, 2, 3], language="es"))
    histories.save(learner, [histories.day(0, duration_seconds=600, language="es")])
    own, never = found(learner, language="es"), found(learner, language="fr")
    assert "daily_goal" in never
    assert set(never) == set(own)
    assert values(never["daily_goal"]) == values(own["daily_goal"])


@pytest.mark.parametrize("language", [None, "de"])
def test_a_neglected_language_is_told_of_also_where_it_is_asked_for(
    learner: Learner, language: str | None
) -> None:
    histories.save(learner, histories.enough()["neglected_language"])
    assert values(found(learner, language=language)["neglected_language"])["language"] == "de"
    assert "neglected_language" not in found(learner, language="en")


COMPARED = {"less_practice", "more_practice"}


@pytest.mark.parametrize("seconds", [0, 9, 19])
@pytest.mark.parametrize("brief", [1, 8])
def test_a_period_without_a_minute_of_practice_is_not_compared(
    learner: Learner, brief: int, seconds: int
) -> None:
    """Nothing is up from 0 minutes, nor down to them, though sessions may last no time."""
    ages = (range(brief, brief + 3), range(9 - brief, 12 - brief))
    for days, duration in zip(ages, (seconds, 900), strict=True):
        histories.save(learner, histories.days(days, duration_seconds=duration))
    assert not found(learner).keys() & COMPARED


def test_a_period_of_a_minute_is_compared(learner: Learner) -> None:
    histories.save(learner, histories.days([8, 9, 10], duration_seconds=20))
    histories.save(learner, histories.days([1, 2, 3], duration_seconds=900))
    assert values(found(learner)["more_practice"]) == {"now": 2700, "before": 60}


def test_a_month_is_compared_with_the_month_before(learner: Learner) -> None:
    ages = [*range(1, 7), *range(31, 37)]
    sessions = [histories.day(age, duration_seconds=900 if age < 30 else 300) for age in ages]
    histories.save(learner, sessions)
    told = found(learner, period="month")["more_practice"]
    assert values(told) == {"now": 5400, "before": 1800}
    assert told.template == "more_practice_month"
    assert "more_practice" not in found(learner, period="week")


@pytest.mark.parametrize("each", [1, 2])  # sessions on a day of practice
@pytest.mark.parametrize("seconds", [600, 3600])
@pytest.mark.parametrize("every", [2, 3])
def test_an_even_rhythm_is_no_change(learner: Learner, every: int, seconds: int, each: int) -> None:
    """Every second day is four days of one week and three of the next."""
    for first in range(every):
        rhythmic = Learner(learner.app)
        ages = [age for age in range(first, 61, every) for _ in range(each)]
        histories.save(rhythmic, histories.days(ages, duration_seconds=seconds))
        for period in ("week", "month"):
            assert not found(rhythmic, period=period).keys() & COMPARED, (first, period)


def test_more_on_as_many_days_and_fewer_days_are_a_change(learner: Learner, other: Learner) -> None:
    histories.save(learner, histories.days([1, 3, 5], duration_seconds=1800))
    histories.save(learner, histories.days([8, 10, 12], duration_seconds=900))
    assert values(found(learner)["more_practice"]) == {"now": 5400, "before": 2700}
    histories.save(other, histories.days([1, 3, 5], duration_seconds=600))
    histories.save(other, histories.days(range(8, 13), duration_seconds=720))
    assert values(found(other)["less_practice"]) == {"now": 1800, "before": 3600}


def test_one_longer_day_does_not_make_more_of_less(learner: Learner) -> None:
    """Without a day the time before may be shorter, though it was longer."""
    histories.save(learner, histories.days([1, 2, 3], duration_seconds=1500))
    histories.save(learner, histories.days([8, 8, 9], duration_seconds=1600))
    assert not found(learner).keys() & COMPARED


def test_the_evening_that_a_period_leaves_out_belongs_to_the_week_before(learner: Learner) -> None:
    """`stats` compares up to the same time of day; "the week before" is of whole days all the same."""
    noon = now().replace(hour=12, minute=0, second=0, microsecond=0)
    with time_machine.travel(noon, tick=False):
        histories.save(learner, histories.days([8, 9, 10], duration_seconds=300))
        histories.save(learner, histories.days([1, 2, 3], duration_seconds=1500))
        assert values(found(learner)["more_practice"]) == {"now": 4500, "before": 900}
        evening = histories.day(7, duration_seconds=1000)
        evening["completed_at"] = evening["completed_at"].replace("T12", "T20")
        histories.save(learner, [evening])
        assert values(found(learner)["more_practice"]) == {"now": 4500, "before": 1900}
        histories.save(learner, [{**evening, "session_result_id": str(uuid4())}])
        assert "more_practice" not in found(learner)


def test_a_long_break_is_one_of_seven_days_or_more_from_the_last_session(
    learner: Learner, other: Learner
) -> None:
    """A session of no minute, which the calendar shows as none, ends no break but has begun it."""
    histories.save(learner, histories.days([0, 1]))
    assert "come_back" not in found(learner)  # nothing to come back to
    histories.save(learner, histories.days([60, 70], duration_seconds=20))
    assert values(found(learner)["come_back"]) == {"gap": 58, "days": 2}
    histories.save(learner, [histories.day(9, duration_seconds=20)])
    assert values(found(learner)["come_back"]) == {"gap": 7, "days": 2}
    histories.save(learner, [histories.day(8, duration_seconds=20)])
    assert "come_back" not in found(learner)
    histories.save(other, histories.days([8, 60]))  # not of the last days
    assert "come_back" not in found(other)


def test_practice_is_steady_in_any_week_whichever_day_it_starts_on(learner: Learner) -> None:
    ages = [0, 1, 2, *range(11, 17), 25, 26, 27]  # 3 days of each 7, and breaks of 8 days
    histories.save(learner, histories.days(ages))
    kinds = found(learner).keys()
    assert "come_back" in kinds
    assert "steady" not in kinds


def test_who_has_practised_a_little_today_is_not_told_to_practise_at_all(learner: Learner) -> None:
    histories.save(learner, histories.days([1, 2, 3]))
    assert found(learner)["streak_risk"].template == "streak_risk"
    histories.save(learner, [histories.day(0, duration_seconds=59)])
    assert found(learner)["streak_risk"].template == "streak_risk_more"


@pytest.mark.parametrize(
    ("hours", "start"),
    [
        ({10: 10}, 10),
        ({0: 10}, 0),
        ({23: 4, 0: 6}, 23),
        ({9: 4, 10: 6}, 9),
        ({9: 4, 10: 6, 12: 4}, 10),
    ],
)
def test_the_usual_hours_start_with_practice(
    learner: Learner, hours: dict[int, int], start: int
) -> None:
    """A reminder before any practice would come hours early."""
    each = [hour for hour, count in hours.items() for _ in range(count)]
    made = histories.days(range(1, len(each) + 1))
    for session, hour in zip(made, each, strict=True):
        session["completed_at"] = session["completed_at"].replace("T12", f"T{hour:02}")
    histories.save(learner, made)
    told = found(learner)["usual_hours"]
    assert (values(told)["start"], values(told)["end"]) == (start, (start + 3) % 24)
    assert told.finding.ref == f"{start:02}:00"
    assert told.template == ("usual_hours" if 12 in hours else "usual_hours_all")
    assert values(told).get("count") == (10 if 12 in hours else None)


def test_at_most_three_and_one_of_a_group(learner: Learner) -> None:
    every = histories.enough()
    histories.save(
        learner, [*every["steady"], *every["words_due"], *every["next_skill"], *every["trend_up"]]
    )
    insights = learner.get("/insights")["insights"]
    assert len(insights) == 3
    groups = {rule.kind: rule.group for rule in rules.RULES}
    assert len({groups[one["kind"]] for one in insights}) == 3
    assert [one["priority"] for one in insights] == sorted(
        (one["priority"] for one in insights), reverse=True
    )


def test_without_a_session_it_is_too_early_and_without_evidence_nothing_is_said(
    learner: Learner, other: Learner
) -> None:
    for query in ({}, {"language": "de"}):
        answer = learner.get("/insights", **query)
        assert (answer["insights"], answer["status"]) == ([], "too_early")
    histories.save(other, histories.days([2, 8]))
    answer = other.get("/insights")
    assert (answer["insights"], answer["status"]) == ([], "nothing_new")
    assert other.get("/insights", language="de")["status"] == "nothing_new"


def test_a_question_is_answered_from_one_moment(app: Flask, learner: Learner) -> None:
    """Within its own snapshot, and within that of an overview."""
    histories.save(learner, histories.enough()["steady"])
    learner.get("/insights")  # what is derived is up to date
    for path, query in (("/insights", {}), ("/overview", {"include": "insights,streak"})):
        with recorded(app) as sent:
            learner.get(path, **query)
        text = "\n".join(sent)
        assert text.count("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") == 1
        assert text.count("COMMIT") == 1


def test_tones_and_locales_change_the_words_alone(learner: Learner) -> None:
    histories.save(learner, histories.enough()["away"])
    bodies = set()
    for tone in wording.TONES:
        learner.request("PUT", "/api/sessions/insights/preferences", json={"tone": tone})
        for locale in ("en", "de", "es", "fr", "de-CH", "pt"):
            answer = learner.get("/insights", locale=locale)
            (insight,) = answer["insights"]
            bodies.add(insight["body"])
            assert insight["facts"][1]["value"] == 7
            assert answer["preferences"]["tone"] == tone
            assert answer["locale"] == ("en" if locale == "pt" else locale)
    assert len(bodies) == 8


def test_the_week_after_a_purge_is_not_the_first(settings: dict, app: Flask) -> None:
    forgetful = create_app({**settings, "SESSION_RETENTION_DAYS": 45})
    learner = Learner(forgetful)
    histories.save(learner, histories.days([0, 60]))
    assert "first_week" not in found(learner)
    assert forgetful.test_cli_runner().invoke(args=["privacy", "purge"]).exit_code == 0
    assert learner.count() == 1
    assert "first_week" not in found(learner)


def test_what_retention_has_cut_is_not_compared(settings: dict[str, Any], app: Flask) -> None:
    """Of the month before a part is gone: the sum of the rest is not that of the month."""
    forgetful = create_app({**settings, "SESSION_RETENTION_DAYS": 45})
    learner = Learner(forgetful)
    every = [*range(1, 7), *range(31, 37), *range(46, 52)]
    made = [histories.day(age, duration_seconds=900 if age < 30 else 300) for age in every]
    histories.save(learner, made)
    purge(forgetful)
    assert learner.count() == 12
    assert "more_practice" not in found(learner, period="month")


def test_hours_that_retention_has_cut_are_not_told(settings: dict[str, Any], app: Flask) -> None:
    forgetful = create_app({**settings, "SESSION_RETENTION_DAYS": 20})
    learner = Learner(forgetful)
    histories.save(learner, histories.days([*range(1, 12), 25]))
    assert "usual_hours" in found(learner)
    purge(forgetful)
    assert "usual_hours" not in found(learner)


def purge(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["privacy", "purge"]).exit_code == 0
