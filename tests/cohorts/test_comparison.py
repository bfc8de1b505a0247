"""A learner's rank among the participants of the comparison."""

from collections import Counter

import pytest
from flask import Flask
from scipy.stats import percentileofscore

from tests.cohorts.practising import (
    ago,
    cohort,
    join,
    learners,
    opt,
    practise,
    sessions,
    snapshot,
)
from tests.factories import Learner, pointers
from tests.privacy.test_operator import close
from vorex_sessions import create_app
from vorex_sessions.cohorts.bands import band_of, bands
from vorex_sessions.extensions import db


def measure(learner: Learner, name: str = "fluency", **query: str) -> dict:
    return learner.get("/comparison", **query)["measures"][name]


def test_nobody_takes_part_unless_asked(app: Flask, learner: Learner) -> None:
    practise(app, sessions(learner))
    snapshot(app)
    page = learner.get("/comparison")
    assert (page["status"], page["opt_in"], page["level"]) == ("not_taking_part", False, None)
    assert "Opt in" in page["detail"]
    assert {result["value"] for result in page["measures"].values()} == {None}
    assert learner.get("/export")["standings"] == []


def test_taking_part_is_reversible_and_said_again_it_is_the_same(
    app: Flask, learner: Learner
) -> None:
    practise(app, sessions(learner))
    chosen = opt(learner, into=True)
    assert chosen["opt_in"]
    assert opt(learner, into=True) == chosen
    assert learner.get("/comparison")["status"] == "not_counted_yet"
    snapshot(app)
    assert learner.get("/comparison")["status"] == "too_few_learners"
    exported = learner.get("/export")
    assert exported["comparison"] == [{"since": chosen["since"]}]
    assert {standing["measure"] for standing in exported["standings"]} == {
        *("minutes", "sessions", "active_days")
    }
    assert opt(learner, into=False) == {"opt_in": False, "since": None}
    assert opt(learner, into=False) == {"opt_in": False, "since": None}
    assert learner.get("/comparison")["status"] == "not_taking_part"
    exported = learner.get("/export")
    assert exported["comparison"] == exported["standings"] == []


@pytest.mark.parametrize(
    "body", [{"opt_in": "true"}, {"opt_in": 1}, {"opt_in": None}, {}, {"opt_in": True, "x": 1}]
)
def test_a_choice_is_true_or_false(learner: Learner, body: dict) -> None:
    answer = learner.request("PUT", "/api/sessions/comparison", json=body)
    assert pointers(answer) in (["#/opt_in"], ["#/x"])
    assert learner.get("/comparison")["status"] == "not_taking_part"


def test_a_closed_learner_takes_part_in_nothing(learner: Learner) -> None:
    close(learner)
    answer = learner.request("PUT", "/api/sessions/comparison", json={"opt_in": True})
    assert answer.status_code == 410
    assert learner.get("/comparison")["status"] == "not_taking_part"
    opt(learner, into=False)


def test_each_measure_has_the_own_value_and_its_band(app: Flask) -> None:
    members = cohort(app, 12)
    first, last = members[0], members[-1]
    practise(app, sessions(last, 2, day=20, seconds=80))
    practise(app, sessions(last, 1, day=20, seconds=80, grammar=80.26))
    snapshot(app)
    page = last.get("/comparison", period="month", level="B1")
    assert (page["status"], page["period"], page["level"]) == ("compared", "month", "B1")
    values = {
        name: (result["value"], result["status"]) for name, result in page["measures"].items()
    }
    assert values == {
        "pronunciation": (None, "not_measured"),
        "fluency": (55.5, "compared"),
        "grammar": (80.3, "too_few_sessions"),
        "minutes": (54, "compared"),  # 5 times 10 and 3 times 80 seconds
        "sessions": (8, "compared"),
        "active_days": (7, "compared"),
    }
    fluency = page["measures"]["fluency"]
    assert fluency["percentile"] == {"from": 75, "to": 100}  # under 30 learners: quartiles
    assert (fluency["learners"], fluency["sessions"]) == (10, 5)
    assert page["measures"]["sessions"]["percentile"] == {"from": 75, "to": 100}
    assert measure(first)["percentile"] == {"from": 0, "to": 25}
    assert measure(first, "sessions")["percentile"] == {"from": 25, "to": 50}  # 11 of 12 are equal


def test_percentiles_are_mid_ranks_in_bands_of_five(app: Flask) -> None:
    members = cohort(app, 43)
    practise(app, [row for member in members[:9] for row in sessions(member, day=16, fluency=58)])
    snapshot(app)
    values = [measure(member)["value"] for member in members]
    assert len(set(values)) < len(values)
    for member, value in zip(members, values, strict=True):
        result = measure(member)
        start, end = result["percentile"]["from"], result["percentile"]["to"]
        assert end - start == 5
        assert start <= percentileofscore(values, value, kind="mean") <= end
        assert result["learners"] == 40


def test_bands_cover_every_value_whatever_the_cohort() -> None:
    for size in (11, 29, 30, 31, 250):
        for values in ([1] * size, range(size), [number**2 % 17 for number in range(size)]):
            learners_, width, starts, least = bands(sorted(Counter(values).items()))
            assert (learners_, width) == (size, 25 if size < 30 else 5)
            for value in values:
                rank = percentileofscore(list(values), value, kind="mean")
                start = band_of(value, starts, least)
                assert start <= rank <= start + width
                assert start % width == 0 <= start < 100
    assert band_of(-1, starts, least) == 0


def test_only_who_takes_part_is_counted_and_only_who_is_counted_is_told(app: Flask) -> None:
    members = cohort(app, 11)
    outsiders = learners(app, 30, first=100)
    practise(app, [row for out in outsiders for row in sessions(out, fluency=99)])
    snapshot(app)
    assert measure(members[-1])["percentile"] == {"from": 75, "to": 100}
    assert measure(members[-1])["learners"] == 10
    opt(outsiders[0], into=True)
    assert outsiders[0].get("/comparison")["status"] == "not_counted_yet"
    for day in (0, 1):  # counted, but in no published cohort
        snapshot(app, day=day)
        assert outsiders[0].get("/comparison")["status"] == "waiting"
        assert measure(outsiders[0])["value"] == 99
    for out in outsiders[1:5]:
        opt(out, into=True)
    snapshot(app, day=2)
    assert measure(outsiders[0])["percentile"] == {"from": 75, "to": 100}


@pytest.mark.parametrize(
    ("others", "floor", "compared"), [(9, 10, False), (10, 10, True), (5, 5, True)]
)
def test_nothing_is_told_among_too_few_others(
    app: Flask, settings: dict, others: int, floor: int, compared: bool
) -> None:
    lower = create_app({**settings, "COHORT_MIN_OTHERS": floor})
    members = cohort(lower, others + 1)
    snapshot(lower)
    result = measure(members[0])
    assert result["status"] == ("compared" if compared else "too_few_learners")
    assert (result["learners"] is None, result["percentile"] is None) == (
        not compared,
        not compared,
    )
    assert result["value"] == 50
    if floor == 5:  # a raised floor withdraws published cohorts
        assert measure(Learner(app, members[0].id))["status"] == "too_few_learners"


def test_it_takes_five_sessions_of_ones_own(app: Flask) -> None:
    members = cohort(app, 12)
    (newcomer,) = learners(app, 1, first=50)
    join(app, [newcomer])
    practise(app, sessions(newcomer, 4, fluency=70))
    snapshot(app)
    page = newcomer.get("/comparison")
    assert page["status"] == "too_few_sessions"
    assert "5 sessions" in page["detail"]
    assert page["measures"]["fluency"]["value"] == 70
    assert measure(members[0])["status"] == "compared"


def test_the_five_sessions_are_those_that_the_published_value_rests_on(app: Flask) -> None:
    members = cohort(app, 12)
    newcomer, leaver = *learners(app, 1, first=50), members[3]
    join(app, [newcomer])
    practise(app, sessions(newcomer, 1, fluency=99))
    snapshot(app)
    before = measure(leaver)
    practise(app, sessions(newcomer, 6, day=20, fluency=99))
    for session in leaver.get("/history", limit=20)["sessions"][:3]:
        leaver.request("DELETE", f"/api/sessions/{session['session_result_id']}")
    assert snapshot(app, day=1).published == 0
    result = measure(newcomer)
    assert (result["status"], result["value"], result["sessions"]) == ("too_few_sessions", 99, 1)
    assert measure(leaver) == before  # the published cohort stays the same


def test_a_learner_counts_once_however_often_she_practises(app: Flask) -> None:
    members = cohort(app, 12)
    practise(app, [row for _ in range(40) for row in sessions(members[-1], fluency=55.5)])
    snapshot(app)
    assert measure(members[5])["percentile"] == {"from": 25, "to": 50}
    assert measure(members[6])["percentile"] == {"from": 50, "to": 75}


def test_levels_are_compared_in_any_case_and_each_by_its_own_sessions(app: Flask) -> None:
    members = cohort(app, 12, level="b1")
    practise(app, sessions(members[0], 6, day=3, level=" B2 ", fluency=90))
    practise(app, sessions(members[1], 1, day=3, level="C1" * 26))
    practise(app, sessions(members[2], 1, day=3, level=""))
    for odd in ([], {"x": 1}, True, None):
        members[3].save(metadata={"user_level": odd}, completed_at=f"{ago(2)}T12:00:00Z")
    members[3].save(metadata={"user_level": 7}, completed_at=f"{ago(2)}T12:00:00Z")
    snapshot(app)
    assert members[0].get("/comparison")["level"] == "B2"  # practised last
    assert members[0].get("/comparison", level="b2")["measures"]["fluency"]["value"] == 90
    assert members[0].get("/comparison", level=" B1")["measures"]["fluency"]["value"] == 50
    assert members[0].get("/comparison", level="A1")["status"] == "no_practice"
    assert {row["level"] for row in members[1].get("/export")["standings"]} == {"B1"}
    assert {row["level"] for row in members[2].get("/export")["standings"]} == {"B1"}
    assert {row["level"] for row in members[3].get("/export")["standings"]} == {"B1", "7"}


def test_a_period_is_of_whole_days_before_the_snapshot(app: Flask) -> None:
    members = cohort(app, 11)
    days = {"today": 0, "yesterday": 1, "first of month": 30, "too old": 31}
    days |= {"first of year": 365, "far too old": 366}
    for day in days.values():
        practise(app, sessions(members[0], 1, day=day))
    snapshot(app)
    assert measure(members[0], "sessions", period="month")["value"] == 5 + 2
    assert measure(members[0], "sessions", period="year")["value"] == 5 + 4
    assert members[0].request("GET", "/api/sessions/comparison?period=week").status_code == 422


def age(days: int) -> None:
    """Make published cohorts and standings older by `days` days."""
    with db.engine.connect() as connection:
        for change in (
            "cohorts SET as_of = as_of - days",
            "cohort_standings SET noted_at = noted_at - days",
        ):
            connection.exec_driver_sql(
                f"UPDATE {change.replace('days', f'interval $${days} days$$')}"  # trusted text
            )


def test_what_is_thirty_days_old_is_not_shown_and_its_values_go(app: Flask, in_app: Flask) -> None:
    members = cohort(app, 20)
    snapshot(app, day=0)
    age(29)
    assert measure(members[0])["status"] == "compared"
    age(2)
    assert measure(members[0])["status"] == "outdated"
    assert members[0].get("/comparison")["status"] == "outdated"
    practise(app, [row for member in members[:4] for row in sessions(member, day=5, fluency=99)])
    assert snapshot(app, day=1).published == 0
    assert measure(members[0])["status"] == "outdated"
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT DISTINCT bands, least FROM cohorts").all()
    assert [tuple(row) for row in rows] == [([], [])]
    practise(app, sessions(members[4], day=5, fluency=99))
    assert snapshot(app, day=2).published > 0
    assert measure(members[0])["status"] == "compared"


def test_nothing_is_kept_of_a_cohort_that_all_have_left(app: Flask, in_app: Flask) -> None:
    members = cohort(app, 12)
    snapshot(app)
    for member in members:
        opt(member, into=False)
    snapshot(app, day=1)
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM cohorts").scalar() == 0


def test_who_did_not_practise_is_told_so_once_a_snapshot_has_looked(
    app: Flask, learner: Learner, other: Learner
) -> None:
    assert learner.get("/comparison")["measures"]["minutes"]["status"] == "not_taking_part"
    opt(learner, into=True)
    assert learner.get("/comparison")["status"] == "not_counted_yet"
    snapshot(app)
    assert learner.get("/comparison")["status"] == "no_practice"
    assert learner.get("/comparison")["measures"]["minutes"]["status"] == "no_practice"
    opt(other, into=True)
    assert other.get("/comparison")["status"] == "not_counted_yet"
    opt(learner, into=False)
    opt(learner, into=True)
    assert learner.get("/comparison")["status"] == "not_counted_yet"


def test_a_level_that_is_too_long_is_ignored(app: Flask, learner: Learner) -> None:
    opt(learner, into=True)
    for level in ("a" + "\u0301\u0323" * 4_000, "a" + "\u0301\u0323" * 100, "é" * 51, "x" * 16_000):
        learner.save(metadata={"user_level": level}, completed_at=f"{ago(2)}T12:00:00Z")
    learner.save(metadata={"user_level": "é" * 50}, completed_at=f"{ago(3)}T12:00:00Z")
    snapshot(app)
    assert learner.get("/comparison")["level"] == "É" * 50
    assert {row["level"] for row in learner.get("/export")["standings"]} == {"É" * 50}


@pytest.mark.parametrize(
    ("written", "requested"),
    [
        ("\tB1\n", "b1"),
        ("\u00a0B1\u3000", "B1"),
        ("upper \u2003 intermediate", "Upper Intermediate"),
        ("e\u0301le\u0300ve", "\u00e9l\u00e8ve"),
        ("\u00e9l\u00e8ve", "e\u0301le\u0300ve"),
        ("\u00e9l\u00e8ve", "\u00c9L\u00c8VE"),
        ("gro\u00df", "GROSS"),
        ("\uff221", "b1"),
        ("B\u200b1\u200e", "b1"),
        ("Начальный", "НАЧАЛЬНЫЙ"),
    ],
)
def test_a_level_is_found_however_it_was_typed(
    app: Flask, learner: Learner, written: str, requested: str
) -> None:
    opt(learner, into=True)
    for level in (written, requested):
        learner.save(metadata={"user_level": level}, completed_at=f"{ago(2)}T12:00:00Z")
    learner.save(metadata={"user_level": "\t\u00a0"}, completed_at=f"{ago(1)}T12:00:00Z")
    snapshot(app)
    page = learner.get("/comparison", level=requested)
    assert page["measures"]["sessions"]["value"] == 2
    assert page["level"] == learner.get("/comparison")["level"]
    assert len({row["level"] for row in learner.get("/export")["standings"]}) == 1
