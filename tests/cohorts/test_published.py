"""An answer uses the value in the published cohort, whatever happens between snapshots."""

import random

import sqlalchemy as sa
from flask import Flask

from tests.cohorts.practising import cohort, opt, practise, sessions, snapshot
from tests.factories import Learner
from vorex_sessions import create_app
from vorex_sessions.extensions import db

_COUNTED = sa.text("""
SELECT period, level, measure, user_id, value, as_of FROM cohort_standings
JOIN cohorts USING (language, period, level, measure)
""")


class Publications:
    """The values of each published cohort, as read from the database after each snapshot."""

    def __init__(self) -> None:
        self.values: dict[tuple, dict[str, float]] = {}
        self._as_of: dict[tuple, object] = {}

    def read(self, app: Flask) -> None:
        with app.app_context(), db.engine.connect() as connection:
            rows = connection.execute(_COUNTED).all()
        counted: dict[tuple, dict[str, float]] = {}
        as_of = {}
        for period, level, measure, user_id, value, instant in rows:
            counted.setdefault((period, level, measure), {})[str(user_id)] = value
            as_of[period, level, measure] = instant
        for name, values in counted.items():
            if as_of[name] != self._as_of.get(name):
                self.values[name], self._as_of[name] = values, as_of[name]


def act(app: Flask, chance: random.Random, member: Learner) -> None:
    what = chance.random()
    if what < 0.5:
        row = {"fluency": chance.choice([40, 55.5, 70, 99]), "level": chance.choice(["B1", "b1 "])}
        practise(app, sessions(member, chance.randrange(1, 4), day=chance.randrange(1, 40), **row))
    elif what < 0.75:
        page = member.get("/history", limit=1)["sessions"]
        for session in page:
            path = f"/api/sessions/{session['session_result_id']}"
            member.request("PATCH", path, json={"fluency_score": chance.choice([40, 70])})
    elif what < 0.9:
        for session in member.get("/history", limit=20)["sessions"][::3]:
            member.request("DELETE", f"/api/sessions/{session['session_result_id']}")
    else:
        opt(member, into=False)
        if chance.random() < 0.8:
            opt(member, into=True)


def test_an_answer_rests_on_the_value_that_was_published_whatever_happened_since(
    app: Flask, settings: dict
) -> None:
    app = create_app({**settings, "COHORT_MIN_OTHERS": 5})
    chance, counts = random.Random(20), {"compared": 0, "waiting": 0}
    members = cohort(app, 14)
    publications = Publications()
    day = 0
    for _ in range(18):
        snapshot(app, day=day)
        publications.read(app)
        for member in members:
            for period in ("month", "year"):
                page = member.get("/comparison", period=period, level="B1")
                for measure, result in page["measures"].items():
                    counted = publications.values.get((period, "B1", measure), {})
                    if result["status"] == "compared":
                        assert result["value"] == counted[member.id], (measure, result)
                    if result["status"] == "waiting":
                        assert result["percentile"] is None
                    if result["status"] in counts:
                        counts[result["status"]] += 1
        for member in chance.sample(members, chance.choice([1, 2, 4, 7])):
            act(app, chance, member)
        day += chance.choice([0, 0, 1, 1, 2])
    assert counts["compared"] > 500, counts
    assert counts["waiting"] > 0, counts
