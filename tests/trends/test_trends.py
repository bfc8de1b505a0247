"""Trends of scores, as distinguished from chance."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from scipy.stats import kendalltau, norm, theilslopes

from tests.clock import today
from tests.factories import Learner
from vorex_sessions.trends.slopes import Slopes, trends

START = date(2026, 1, 1)


def save(learner: Learner, ago: int, **scores: float | None) -> None:
    when = datetime.combine(today() - timedelta(days=ago), datetime.min.time(), UTC)
    learner.save(completed_at=when.isoformat(), timezone="UTC", **scores)


def trend(learner: Learner, score: str = "fluency", **query: str) -> dict:
    return learner.get("/trends", timezone="UTC", **query)["trends"][score]


def simulated(
    chance: Random, days: int, length: int, *, gain: float = 0, noise: float = 6, step: float = 0.1
) -> dict:
    """Return the three scores of a learner on random days, with a gain of `gain` points in 30 days."""
    practised = sorted(chance.sample(range(length), days))
    scores: dict = {}
    for name in ("pronunciation", "fluency", "grammar"):
        base = chance.uniform(45, 80)
        scores[name] = [
            (
                START + timedelta(days=day),
                round((base + gain * day / 30 + chance.gauss(0, noise)) / step) * step,
            )
            for day in practised
        ]
    return scores


def test_a_rise_a_fall_and_neither_are_told_apart(learner: Learner) -> None:
    for number in range(12):
        save(
            learner,
            24 - 2 * number,
            pronunciation_score=50 + number + number % 2,
            fluency_score=90 - number - number % 3,
            grammar_score=70 + number % 2 / 10,
        )
    page = learner.get("/trends", timezone="UTC")
    assert (page["period"], page["period_end"]) == ("month", today().isoformat())
    assert page["period_start"] == (today() - timedelta(days=29)).isoformat()
    by_score = page["trends"]
    assert {name: result["verdict"] for name, result in by_score.items()} == {
        "pronunciation": "improving",
        "fluency": "declining",
        "grammar": "stable",
    }
    for result in by_score.values():
        assert result["interval"]["low"] <= result["slope_per_week"] <= result["interval"]["high"]
        assert (result["days"], result["first_day"]) == (
            12,
            (today() - timedelta(days=24)).isoformat(),
        )
    assert by_score["pronunciation"]["slope_per_week"] == pytest.approx(3.5, abs=0.4)
    assert by_score["pronunciation"]["change"] == pytest.approx(11, abs=1)


def test_without_measured_scores_nothing_is_told(learner: Learner) -> None:
    nothing = {"verdict": "unclear", "slope_per_week": None, "interval": None, "change": None}
    assert trend(learner) == nothing | {"days": 0, "first_day": None, "last_day": None}
    for ago in range(12):
        save(learner, 2 * ago, grammar_score=50 + ago, fluency_score=None)
    assert trend(learner)["days"] == 0
    assert trend(learner, "grammar")["verdict"] == "declining"


@pytest.mark.parametrize(
    ("days", "enough"),
    [
        ([0, 2, 4, 6, 8, 10, 11, 13], True),
        ([0, 2, 4, 6, 8, 10, 11, 12], False),  # 13 days
        ([0, 2, 4, 6, 8, 10, 13], False),  # on 7 of them
    ],
)
def test_it_takes_eight_days_within_fourteen_or_more(
    learner: Learner, days: list[int], enough: bool
) -> None:
    for day in days:
        save(learner, day, fluency_score=90 - day)
    result = trend(learner)
    assert result["verdict"] == ("improving" if enough else "unclear")
    assert (result["slope_per_week"] is None) == (not enough)
    assert result["days"] == len(days)


def test_a_day_is_one_point_and_days_have_their_real_distance(learner: Learner) -> None:
    days_ago = [0, 1, 2, 3, 14, 15, 16, 17]
    for ago in days_ago:
        save(learner, ago, fluency_score=80 - ago)
        save(learner, ago, fluency_score=90 - ago)
        save(learner, ago, fluency_score=None)
    result = trend(learner)
    assert result["days"] == len(days_ago)
    assert result["slope_per_week"] == 7
    assert result["change"] == 17


def test_only_the_period_counts_and_today_is_the_learners_own(learner: Learner) -> None:
    for ago in range(0, 60, 3):
        save(learner, ago, fluency_score=60 + (ago > 29))
    assert trend(learner)["days"] == 10
    assert trend(learner)["first_day"] == (today() - timedelta(days=27)).isoformat()
    assert trend(learner, period="year")["days"] == 20
    ahead = learner.get("/trends", timezone="Pacific/Kiritimati")
    behind = learner.get("/trends", timezone="Pacific/Pago_Pago")
    days = [date.fromisoformat(page["period_end"]) for page in (behind, ahead)]
    assert days[0] <= today() <= days[1]
    assert days[0] < days[1]
    assert learner.request("GET", "/api/sessions/trends?period=week").status_code == 422


def test_a_travellers_later_day_counts_as_in_the_statistics(learner: Learner) -> None:
    """Also in the rhythm and among the languages; in a range only the days that it names."""
    stored = learner.save(timezone="Pacific/Kiritimati", fluency_score=50)
    zone = {"timezone": "Pacific/Pago_Pago"}
    shown = learner.get("/trends", **zone)
    score, day = shown["trends"]["fluency"], stored["practiced_on"]
    assert shown["period_end"] < day == score["last_day"]
    assert score["days"] == 1 == len(learner.get("/stats", **zone)["improvement_trends"])
    rhythm = learner.get("/rhythm", **zone)["weekdays"]
    assert sum(weekday["sessions"] for weekday in rhythm) == 1
    (language,) = learner.get("/languages", **zone)["languages"]
    assert (language["sessions"], language["last_practiced_on"]) == (1, day)
    today = {"date_from": shown["period_end"], "date_to": shown["period_end"]}
    assert learner.get("/trends", **today)["trends"]["fluency"]["days"] == 0


def test_a_clear_change_of_less_than_two_points_is_none(learner: Learner) -> None:
    for ago in range(0, 30, 2):
        save(learner, ago, fluency_score=80 - ago / 16)
    result = trend(learner)
    assert result["interval"]["low"] > 0
    assert result["change"] == pytest.approx(1.8)
    assert result["verdict"] == "stable"


@pytest.mark.parametrize("step", [0.1, 5, 20])
def test_slope_interval_and_clearness_are_scipys(step: float) -> None:
    chance = Random(3)
    for number in range(120):
        days = simulated(chance, chance.randrange(8, 40), 60, gain=number % 4, step=step)["fluency"]
        x, y = [day.toordinal() for day, _ in days], [score for _, score in days]
        slopes = Slopes(days)
        for confidence in (0.95, 0.975, 1 - 0.05 / 3):
            theirs = theilslopes(y, x, alpha=confidence)
            low, high = slopes.interval(confidence)
            assert (slopes.median, low, high) == pytest.approx(
                (theirs.slope, theirs.low_slope, theirs.high_slope), abs=1e-12
            )
        tau = kendalltau(x, y, method="asymptotic")
        if slopes.deviation:
            assert slopes.clearness == pytest.approx(abs(norm.ppf(tau.pvalue / 2)), rel=1e-6)


def test_the_more_scores_the_more_is_asked_of_the_clearest() -> None:
    chance = Random(4)
    days = simulated(chance, 12, 30, gain=8)
    alone = trends({"fluency": days["fluency"]})["fluency"]
    among = trends({**simulated(chance, 12, 30), "fluency": days["fluency"]})
    assert alone.confidence == 0.95
    assert among["fluency"].confidence == pytest.approx(1 - 0.05 / 3)
    assert among["fluency"].low <= alone.low <= alone.high <= among["fluency"].high
    clear = trends(simulated(chance, 25, 30, gain=30, noise=1))
    assert sorted(result.confidence for result in clear.values()) == pytest.approx(
        [0.95, 0.975, 1 - 0.05 / 3]
    )
    assert {result.verdict for result in clear.values()} == {"improving"}


@pytest.mark.parametrize(("days", "length"), [(8, 30), (14, 30), (25, 30), (40, 365)])
def test_on_pure_noise_fewer_than_one_learner_in_twenty_hears_of_a_trend(
    days: int, length: int
) -> None:
    chance = Random(days)
    moved = sum(
        any(
            result.verdict in ("improving", "declining")
            for result in trends(simulated(chance, days, length)).values()
        )
        for _ in range(2000)
    )
    assert moved < 0.05 * 2000, moved


@pytest.mark.parametrize(
    ("days", "length", "noise", "share"),
    [(20, 30, 3, 0.05), (36, 90, 3, 0.95), (36, 90, 6, 0.4), (60, 180, 6, 0.98)],
)
def test_a_gain_of_three_points_a_month_is_found(
    days: int, length: int, noise: float, share: float
) -> None:
    """The shares that docs/comparison.md states."""
    chance = Random(days)
    verdicts = [
        result.verdict
        for _ in range(200)
        for result in trends(simulated(chance, days, length, gain=3, noise=noise)).values()
    ]
    assert verdicts.count("improving") >= share * len(verdicts)
    assert verdicts.count("declining") <= 0.005 * len(verdicts)


def test_scipy_stays_out_of_the_serving_process() -> None:
    code = "import sys, vorex_sessions; assert not {'scipy', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
