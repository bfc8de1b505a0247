"""On several machines: what ranges count is what pages count, and nobody slips through a range."""

import random
import time
from datetime import UTC, datetime
from functools import partial
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.clock import today
from tests.cohorts.practising import ago, cohort, join, learners, opt, practise, sessions, snapshot
from tests.factories import Learner
from tests.postgres import empty_tables
from tests.timing import Try, tries
from vorex_sessions.cohorts import ordering, pages, ranges
from vorex_sessions.extensions import db

pytestmark = pytest.mark.usefixtures("app")
LEVELS = ["A2", "b1", "B1 ", "B  1", "ä1", "Ä1", "\uff21\uff22", "уровень", "7", "", "x" * 51]
_ROWS = sa.text("""
SELECT standing.user_id, language, period, level, measure, value, standing.sessions, last_day, since,
    published, published_sessions, standing.noted_at <= cohort.as_of AS is_published,
    cohort.day, cohort.learners, cohort.width, cohort.bands, cohort.least
FROM cohort_standings AS standing LEFT JOIN cohorts AS cohort USING (language, period, level, measure)
ORDER BY standing.user_id, language, period, level, measure
""")


def stored(app: Flask) -> list[tuple]:
    with app.app_context(), db.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(_ROWS)]


def levels(app: Flask) -> set[str]:
    with app.app_context(), db.engine.connect() as connection:
        return set(connection.execute(sa.text("SELECT level FROM cohort_standings")).scalars())


def history(app: Flask, chance: random.Random, count: int) -> list[list[tuple]]:
    """What is stored after each of a few snapshots of learners who come, practise and go."""
    anywhere = [Learner(app, str(UUID(int=chance.getrandbits(128)))) for _ in range(count)]
    members = [*learners(app, count), *anywhere]
    join(app, members)
    found = []
    for day in range(4):
        practise(
            app,
            [
                {
                    "user_id": chance.choice(members).id,
                    "day": ago(chance.randrange(1, 400) - day).isoformat(),
                    "seconds": chance.randrange(3000),
                    "level": chance.choice(LEVELS if day else ["B1", "b1"]),
                    "language": chance.choice(["de", "en"]),
                    "fluency": chance.choice([None, 50, 61.3, 77.75]),
                    "grammar": chance.choice([None, 40.5, 90]),
                }
                for _ in range(1200)
            ],
        )
        for member in chance.sample(members, 6):
            opt(member, into=False)
            members.remove(member)
        for member in chance.sample(members, 6):
            member.request("DELETE", "/api/sessions?confirm=true")
        snapshot(app, day=day * 8)
        found.append([row[:8] + row[9:] for row in stored(app)])  # `since` is of the clock
    return found


def test_ranges_store_what_pages_store(app: Flask, several: Flask) -> None:
    by_pages = history(app, random.Random(3), 40)
    empty_tables(app)
    by_ranges = history(several, random.Random(3), 40)
    assert by_ranges == by_pages
    assert len(by_pages[-1]) > 1000
    assert any(row[8] is not None for row in by_pages[-1])  # a published value beside a newer one


def given(**more: object) -> dict:
    days = {"month": ago(30), "year": ago(365), "since": f"{ago(370)} 00:00+00", "last_day": ago(1)}
    last = str(UUID(int=2**128 - 1))
    return {
        **days,
        "begun": datetime.now(UTC),
        "after": str(UUID(int=0)),
        "upto": last,
        "levels": "{}",
        **more,
    }


def others_act(
    members: list[Learner], attempt: Try, waiting: list[Thread], turn: ordering.Turn
) -> None:
    """Store a range; before it is committed all of its learners save, then one is erased and one leaves."""
    saver, eraser, leaver = members
    ranges._store(given(), turn)
    with attempt.under(1):
        for member in members:
            member.save()
        assert saver.get("/comparison")["status"] == "not_counted_yet"
    erasing = partial(eraser.request, "DELETE", "/api/sessions?confirm=true")
    for action in (erasing, partial(opt, leaver, into=False)):
        waiting.append(Thread(target=action))
        waiting[-1].start()
    time.sleep(0.3)
    assert all(thread.is_alive() for thread in waiting)


def test_a_range_that_is_stored_stops_no_save_and_an_erasure_leaves_nothing_of_it(
    several: Flask,
) -> None:
    for attempt in tries():
        empty_tables(several)
        members = cohort(several, 3)
        waiting: list[Thread] = []
        with several.app_context():
            ordering.in_turn(today(), partial(others_act, members, attempt, waiting))
        for thread in waiting:
            thread.join()
        assert {row[0] for row in stored(several)} == {members[0].id}


def test_who_leaves_before_the_range_is_locked_is_not_stored(several: Flask) -> None:
    stayer, eraser, leaver, returner = cohort(several, 4)
    page = given()
    opt(leaver, into=False)
    eraser.request("DELETE", "/api/sessions?confirm=true")
    opt(returner, into=False)
    opt(returner, into=True)  # after the snapshot began: nothing would keep this row where it is
    with several.app_context():
        ordering.in_turn(today(), partial(ranges._store, page))
    assert {row[0] for row in stored(several)} == {stayer.id}


def test_who_joins_after_the_snapshot_began_is_counted_by_the_next(several: Flask) -> None:
    early, late = learners(several, 2)
    practise(several, [*sessions(early), *sessions(late)])
    join(several, [early])
    days = given()
    join(several, [late])
    with several.app_context():
        assert sum(ranges.count(today(), days)) == 1
    assert {row[0] for row in stored(several)} == {early.id}
    assert late.get("/comparison")["status"] == "not_counted_yet"
    assert snapshot(several).learners == 2


def test_what_is_measured_no_more_is_removed(several: Flask) -> None:
    (member,) = cohort(several, 1)
    snapshot(several)
    practise(several, sessions(member, day=1, level="C1"))
    snapshot(several, day=25)
    kept = {(row[2], row[3], row[4]) for row in stored(several)}
    assert ("month", "B1", "sessions") not in kept
    assert {("year", "B1", "sessions"), ("month", "C1", "sessions")} <= kept
    assert all(row[6] > 0 for row in stored(several))


def test_where_spellings_are_many_a_range_has_few_learners(
    several: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody writes for others to be ignored reaches no further than it would page by page."""
    monkeypatch.setattr(pages, "MOST_SPELLINGS", 40)
    monkeypatch.setattr(pages, "PAGE", 10)
    monkeypatch.setattr(ranges, "_SPELLINGS", with_limit(ranges._SPELLINGS, 40))
    monkeypatch.setattr(ranges, "_QUICK", 60)  # ranges become larger as long as they may
    members = learners(several, 60)
    join(several, members)
    practise(
        several,
        [
            session
            for number, member in enumerate(members)
            for session in sessions(member, 1, level=f"Ä{number}")
        ],
    )
    snapshot(several)
    assert levels(several) == {f"Ä{number}" for number in range(60)}


def with_limit(statement: sa.TextClause, limit: int) -> sa.TextClause:
    return sa.text(statement.text.replace("LIMIT 5000", f"LIMIT {limit}"))


@pytest.mark.parametrize(
    ("learners", "seconds", "size"),
    [(100, 0.01, 200), (30, 0.01, 200), (20, 0.01, 100), (100, 0.3, 100), (100, 2, 50)],
)
def test_a_range_has_as_many_learners_as_are_counted_in_a_moment(
    learners: int, seconds: float, size: int
) -> None:
    assert ranges._next_size(100, learners, seconds) == size
    assert ranges._next_size(pages.PAGE, learners, 9) == pages.PAGE


def test_ranges_reach_every_learner_wherever_their_ids_are(several: Flask) -> None:
    chance = random.Random(1)
    close = [UUID(int=2**100 + number) for number in range(130)]
    apart = [UUID(int=chance.getrandbits(128)) for _ in range(130)]
    ends = [UUID(int=1), UUID(int=2**128 - 1)]
    members = [Learner(several, str(one)) for one in (*close, *apart, *ends)]
    join(several, members)
    practise(several, [row for member in members for row in sessions(member, 1)])
    assert snapshot(several).learners == 262
    assert len({row[0] for row in stored(several)}) == 262
