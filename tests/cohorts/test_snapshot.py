"""The daily snapshot: what it counts, what two of them reveal, and which requests wait for it."""

import random
import time
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import Thread

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.clock import today
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
from tests.factories import Learner
from tests.postgres import empty_tables, transaction
from tests.sessions.test_races import at_once
from tests.timing import tries
from vorex_sessions.cohorts import ordering, pages
from vorex_sessions.cohorts import snapshot as snapshots
from vorex_sessions.extensions import db
from vorex_sessions.models import BEFORE_ALL


@pytest.fixture(scope="session", params=["one machine", "several machines"])
def app(request: pytest.FixtureRequest, app: Flask, several: Flask) -> Flask:
    return app if request.param == "one machine" else several


def views(members: list[Learner]) -> list[dict]:
    return [member.get("/comparison") for member in members]


def published(app: Flask) -> list:
    with app.app_context(), db.engine.connect() as connection:
        return [
            tuple(row)
            for row in connection.execute(
                sa.text("SELECT * FROM cohorts ORDER BY period, level, measure")
            )
        ]


def standings(app: Flask) -> dict:
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM cohort_standings")).all()
    return {
        (row.user_id, row.period, row.level, row.measure): (row.value, row.sessions, row.last_day)
        for row in rows
    }


def test_within_a_day_nothing_that_anybody_does_can_be_seen(app: Flask) -> None:
    members = cohort(app, 40)
    snapshot(app)
    before = views(members[:10])
    opt(members[30], into=False)
    members[31].request("DELETE", "/api/sessions?confirm=true")
    newcomers = learners(app, 8, first=100)
    join(app, newcomers)
    practise(app, [row for new in newcomers for row in sessions(new, fluency=99)])
    practise(app, [row for member in members[20:30] for row in sessions(member, fluency=1)])
    assert views(members[:10]) == before
    assert snapshot(app).published == 0
    assert views(members[:10]) == before
    assert snapshot(app, day=1).published > 0
    assert views(members[:10]) != before


@pytest.mark.parametrize("what", ["joins", "leaves", "practises", "is erased", "all of it"])
def test_the_differencing_attack_gains_nothing(app: Flask, what: str) -> None:
    """The attackers know all others and compare answers: nothing changes until 5 learners have changed."""
    members = cohort(app, 34)
    attackers, targets = members[:20], members[20:24]
    newcomers = learners(app, 4, first=100)
    snapshot(app)
    before, cohorts = views(attackers), published(app)
    for day, (target, newcomer) in enumerate(zip(targets, newcomers, strict=True), start=1):
        if what == "joins":
            opt(newcomer, into=True)
            practise(app, sessions(newcomer, fluency=99))
        elif what == "leaves":
            opt(target, into=False)
        elif what == "practises":
            practise(app, sessions(target, 20, day=5, fluency=1, grammar=99))
        elif what == "is erased":
            target.request("DELETE", "/api/sessions?confirm=true")
        elif day == 1:
            opt(newcomer, into=True)
            practise(app, sessions(newcomer, fluency=99))
            practise(app, sessions(target, 20, day=5, fluency=1))
            opt(targets[-1], into=False)
        assert snapshot(app, day=day).published == 0
        assert views(attackers) == before
        assert published(app) == cohorts
    changing = members[24:29]
    practise(app, [row for member in changing for row in sessions(member, day=5, fluency=90)])
    assert snapshot(app, day=9).published > 0
    assert published(app) != cohorts


def test_a_measure_changes_only_where_five_have_changed_in_it(app: Flask) -> None:
    """Five learners practise, but only one has a new grammar score, so that cohort stays."""
    members = cohort(app, 20, grammar=60)
    snapshot(app)
    grammar = members[0].get("/comparison")["measures"]["grammar"]
    practise(app, [row for member in members[5:10] for row in sessions(member, day=5)])
    practise(app, sessions(members[5], day=5, grammar=100))
    snapshot(app, day=1)
    after = members[0].get("/comparison")["measures"]
    assert after["grammar"] == grammar
    assert after["sessions"]["percentile"]["from"] == 25  # 5 of 20 have more now


def test_who_falls_out_of_the_period_is_counted_no_more(app: Flask) -> None:
    members = cohort(app, 24)
    practise(app, [row for member in members[:12] for row in sessions(member, day=1)])
    snapshot(app)
    snapshot(app, day=25)
    assert {key[0] for key in standings(app) if key[1] == "month"} == {
        member.id for member in members[:12]
    }
    assert members[20].get("/comparison")["status"] == "no_practice"
    assert members[20].get("/comparison", period="year")["status"] == "compared"


def test_the_snapshot_is_what_the_sessions_add_up_to_after_thousands_of_operations(
    app: Flask,
) -> None:
    chance = random.Random(8)
    members = learners(app, 12)
    join(app, members)
    for day in range(6):
        practise(
            app,
            [
                {
                    "user_id": chance.choice(members).id,
                    "day": ago(chance.randrange(400)).isoformat(),
                    "seconds": chance.randrange(3000),
                    "level": chance.choice(["A2", "B1", "b1 "]),
                    "fluency": chance.choice([None, 50, 61.3, 77.75]),
                    "grammar": chance.choice([None, 40.5, 90]),
                }
                for _ in range(400)
            ],
        )
        for member in chance.sample(members, 3):
            page = member.get("/history", limit=20)["sessions"]
            for session in page[:8]:
                path = f"/api/sessions/{session['session_result_id']}"
                if chance.random() < 0.5:
                    member.request("DELETE", path)
                else:
                    member.request("PATCH", path, json={"fluency_score": 33.3, "timezone": "UTC"})
        leaver = chance.choice(members)
        opt(leaver, into=False)
        if day % 2:
            opt(leaver, into=True)
        taking_part = {
            participant.id for participant in members if participant.get("/export")["comparison"]
        }
        snapshot(app, day=day)
        assert standings(app) == expected_standings(
            members, taking_part, today() + timedelta(days=day)
        )


def expected_standings(members: list[Learner], taking_part: set[str], day: date) -> dict:
    expected = {}
    for member in members:
        grouped = defaultdict(list)
        for session in member.get("/export")["sessions"]:
            for period, length in (("month", 30), ("year", 365)):
                if 1 <= (day - _day(session)).days <= length:
                    level = session["metadata"]["user_level"].strip().upper()
                    grouped[period, level].append(session)
        if member.id not in taking_part:
            continue
        for (period, level), group in grouped.items():
            last = max(map(_day, group))
            seconds = sum(session["duration_seconds"] for session in group)
            active_days = len({session["practiced_on"] for session in group})
            key = (member.id, period, level)
            expected[*key, "minutes"] = (int(seconds / 60 + 0.5), len(group), last)
            expected[*key, "sessions"] = (len(group), len(group), last)
            expected[*key, "active_days"] = (active_days, len(group), last)
            for name in ("fluency", "grammar"):
                scored = [session for session in group if session[f"{name}_score"] is not None]
                if scored:
                    mean = sum(session[f"{name}_score"] for session in scored) / len(scored)
                    rounded = int(round(mean, 9) * 10 + 0.5) / 10
                    expected[*key, name] = (rounded, len(scored), max(map(_day, scored)))
    return expected


def _day(session: dict) -> date:
    return date.fromisoformat(session["practiced_on"])


def test_twice_at_once_is_as_good_as_once(app: Flask) -> None:
    members = cohort(app, 120, fluency=70)  # three pages
    results = at_once(*[lambda: snapshot(app)] * 3)
    assert [result.learners for result in results] == [120] * 3
    assert sum(result.published for result in results) == len(published(app)) == 8
    before = views(members), standings(app), published(app)
    assert snapshot(app).published == 0
    assert (views(members), standings(app), published(app)) == before


def test_a_snapshot_that_was_stopped_is_taken_by_the_next_one(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = cohort(app, 12)

    def stopped(*arguments: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(snapshots, "_publish", stopped)
        with pytest.raises(KeyboardInterrupt):
            snapshot(app)
    assert members[0].get("/comparison")["status"] == "too_few_learners"
    snapshot(app)
    assert members[0].get("/comparison")["status"] == "compared"


def read(connection: sa.Connection) -> dict:
    """Read a page without storing it."""
    days = {"month": ago(30), "year": ago(365), "since": f"{ago(370)} 00:00+00", "last_day": ago(1)}
    row = connection.execute(pages.READ, {**days, "after": BEFORE_ALL, "levels": "{}"}).one()
    return {"page": row.page, "standings": row.standings, "now": f"{today()} 00:00+00"}


def test_nobody_waits_for_a_page_that_is_read_and_nothing_is_stored_of_who_left_meanwhile(
    app: Flask,
) -> None:
    for attempt in tries():
        empty_tables(app)
        stayer, eraser, leaver, returner = cohort(app, 4)
        with app.app_context(), transaction(30) as connection:
            page = read(connection)
            with attempt.under(1):
                stayer.save()
                eraser.request("DELETE", "/api/sessions?confirm=true")
                opt(leaver, into=False)
                returner.request("DELETE", "/api/sessions?confirm=true")
                opt(returner, into=True)
            connection.execute(pages.STORE, page)
        assert {key[0] for key in standings(app)} == {stayer.id}


def test_a_page_that_is_stored_stops_no_save_and_an_erasure_leaves_nothing_of_it(
    app: Flask,
) -> None:
    for attempt in tries():
        empty_tables(app)
        saver, eraser, leaver = members = cohort(app, 3)
        with app.app_context(), transaction(30) as connection:
            connection.execute(pages.STORE, read(connection))
            with attempt.under(1):
                for member in members:
                    member.save()
                assert saver.get("/comparison")["status"] == "not_counted_yet"
            erasing = partial(eraser.request, "DELETE", "/api/sessions?confirm=true")
            waiting = [
                Thread(target=action) for action in (erasing, partial(opt, leaver, into=False))
            ]
            for thread in waiting:
                thread.start()
            time.sleep(0.3)
            assert all(thread.is_alive() for thread in waiting)
        for thread in waiting:
            thread.join()
        assert {key[0] for key in standings(app)} == {saver.id}


def test_publishing_a_cohort_holds_up_nobody_in_it(app: Flask) -> None:
    members = cohort(app, 12)
    snapshot(app)
    practise(app, [row for member in members[:6] for row in sessions(member, day=5)])
    cohort_key = {"language": "en", "period": "month", "level": "B1", "measure": "sessions"}
    values = {"day": ago(-1), "learners": 12, "width": 25, "bands": [0], "least": [1]}

    def publish(turn: ordering.Turn) -> None:
        turn.run(snapshots._PUBLISH, **cohort_key, **values)
        opt(members[0], into=False)
        members[1].request("DELETE", "/api/sessions?confirm=true")

    with app.app_context():
        ordering.in_turn(today(), publish)
    assert members[0].id not in {key[0] for key in standings(app)}


def test_a_cohort_is_not_published_that_is_no_longer_due(app: Flask) -> None:
    """Five learners have new values; four of them leave before the cohort is published."""
    members = cohort(app, 40)
    snapshot(app)
    cohorts = published(app)
    practise(app, [row for member in members[:5] for row in sessions(member, day=5)])
    cohort_key = {"language": "en", "period": "month", "level": "B1", "measure": "sessions"}
    with app.app_context():
        for _ in snapshots._count(today() + timedelta(days=1), datetime.now(UTC)):
            pass
        for member in members[:4]:
            opt(member, into=False)
        due = partial(snapshots._publish, cohort_key, 10)
        assert ordering.in_turn(today() + timedelta(days=1), due) == 0
    assert published(app) == cohorts


def test_standings_of_nobody_who_takes_part_do_not_outlive_a_snapshot(app: Flask) -> None:
    *stayers, stray = cohort(app, 14)
    snapshot(app)
    with app.app_context(), transaction(10) as connection:  # as after a restored backup
        connection.execute(
            sa.text("DELETE FROM cohort_participants WHERE user_id = CAST(:one AS uuid)"),
            {"one": stray.id},
        )
    practise(app, [row for member in stayers[:5] for row in sessions(member, day=5, fluency=99)])
    assert snapshot(app, day=1).published > 0
    assert {key[0] for key in standings(app)} == {stayer.id for stayer in stayers}
    assert {count for *_, count, _, _, _, _ in published(app)} == {13}


def test_a_cohort_in_which_nobody_is_any_more_is_forgotten(app: Flask) -> None:
    leavers = cohort(app, 12)
    stayers = learners(app, 12, first=50)
    join(app, stayers)
    practise(app, [row for stayer in stayers for row in sessions(stayer, level="C1")])
    snapshot(app)
    assert {row[1] for row in published(app)} == {"B1", "C1"}
    for leaver in leavers[:-1]:
        opt(leaver, into=False)
    snapshot(app, day=1)
    assert {row[1] for row in published(app)} == {"B1", "C1"}  # it has one learner
    opt(leavers[-1], into=False)
    snapshot(app, day=2)
    assert {row[1] for row in published(app)} == {"C1"}


def test_of_a_learners_levels_the_twenty_practised_last_are_counted(app: Flask) -> None:
    (learner,) = learners(app, 1)
    join(app, [learner])
    practise(
        app,
        [
            session
            for number in range(25)
            for session in sessions(learner, 1, day=number + 1, level=f"L{number:02}")
        ],
    )
    snapshot(app)
    assert {key[2] for key in standings(app)} == {f"L{number:02}" for number in range(20)}


def test_a_snapshot_that_ends_after_midnight_leaves_the_next_day_its_own(app: Flask) -> None:
    members = cohort(app, 20)
    assert snapshot(app, day=-1).published > 0  # yesterday's snapshot, published today
    practise(app, [row for member in members[:6] for row in sessions(member, day=5, fluency=1)])
    assert snapshot(app, day=0).published > 0


def test_a_snapshot_ends_where_that_of_a_later_day_has_begun(app: Flask) -> None:
    cohort(app, 12)
    snapshot(app, day=1)
    before = standings(app), published(app)
    with pytest.raises(ordering.Overtaken):
        snapshot(app, day=0)
    result = app.test_cli_runner().invoke(args=["cohorts", "refresh"])
    assert result.exit_code == 1
    assert "a later day has begun" in result.output
    assert (standings(app), published(app)) == before


def test_the_command_says_what_it_did(app: Flask) -> None:
    cohort(app, 12)
    runner = app.test_cli_runner()
    result = runner.invoke(args=["cohorts", "refresh"])
    assert result.exit_code == 0
    assert result.output == "Counted 12 learners; published 8 cohorts, left 0 unchanged.\n"
    again = runner.invoke(args=["cohorts", "refresh"])
    assert again.output == "Counted 12 learners; published 0 cohorts, left 8 unchanged.\n"


def test_a_learners_own_new_value_is_never_held_against_what_was_published(app: Flask) -> None:
    """Otherwise a learner could try one value after another and infer those of others."""
    members = cohort(app, 14)
    spy = members[0]
    snapshot(app)
    before = spy.get("/comparison")["measures"]["fluency"]
    for day, fluency in enumerate((95, 5, 70), start=1):
        practise(app, sessions(spy, 30, day=5, fluency=fluency))
        assert snapshot(app, day=day).published == 0
        after = spy.get("/comparison")["measures"]["fluency"]
        assert (after["value"], after["percentile"]) == (before["value"], before["percentile"])


def test_a_value_that_is_again_what_it_was_is_no_change(app: Flask) -> None:
    members = cohort(app, 34)
    snapshot(app)
    cohorts = published(app)
    for day, member in enumerate(members[:4]):
        session = member.get("/history", limit=1)["sessions"][0]
        path = f"/api/sessions/{session['session_result_id']}"
        member.request("PATCH", path, json={"fluency_score": 99})
        snapshot(app, day=day + 1)
        member.request("PATCH", path, json={"fluency_score": session["fluency_score"]})
        snapshot(app, day=day + 1)
    practise(app, sessions(members[5], day=5, fluency=99))
    assert snapshot(app, day=5).published == 0
    assert published(app) == cohorts
