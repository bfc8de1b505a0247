"""Charts over HTTP: headers, parameters, and what they cost."""

import time

import pytest
from flask import Flask

from tests.charts.samples import heatmap, trend
from tests.charts.svg_reading import description, fetch, parse
from tests.factories import Learner, pointers
from tests.timing import tries
from vorex_sessions.charts import heatmap as heatmap_chart
from vorex_sessions.charts import trend as trend_chart
from vorex_sessions.charts.chart import KINDS, Options

PRACTICE = {
    "duration_seconds": 900,
    "fluency_score": 70,
    "vocabulary_learned": ["house"],
    "skills": [{"skill": "past-simple", "score": 60}],
}


def ask(learner: Learner, kind: str, **options):
    return learner.request("GET", f"/api/sessions/charts/{kind}.svg", **options)


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_an_image_that_nobody_else_keeps(learner: Learner, kind: str) -> None:
    learner.save(**PRACTICE)
    response = ask(learner, kind)
    assert response.content_type == "image/svg+xml"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Cache-Control"] == "no-store"
    assert "RateLimit" in response.headers
    assert response.headers["ETag"].startswith('W/"')
    head = learner.request("HEAD", f"/api/sessions/charts/{kind}.svg")
    assert (head.status_code, head.data) == (200, b"")
    small = ask(learner, kind, headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < len(response.data) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_needs_a_learner(app: Flask, kind: str) -> None:
    assert app.test_client().get(f"/api/sessions/charts/{kind}.svg").status_code == 401


@pytest.mark.parametrize("kind", KINDS)
def test_looks_are_checked(learner: Learner, kind: str) -> None:
    for name, value in (
        *(("theme", "blue"), ("width", "319"), ("width", "1441"), ("width", "wide")),
        *(("locale", "x"), ("locale", "en'"), ("language", "?"), ("colour", "red")),
    ):
        response = ask(learner, kind, query_string={name: value})
        assert pointers(response) == [name], (name, value)


def test_what_a_kind_shows_is_checked(learner: Learner) -> None:
    for kind, name, value in (
        *(("heatmap", "year", "1999"), ("heatmap", "year", "2200"), ("heatmap", "period", "year")),
        *(("trend", "score", "volume"), ("trend", "period", "all"), ("rhythm", "period", "week")),
        *(("skills", "timezone", "UTC"), ("streak", "timezone", "Mars/Olympus")),
    ):
        assert pointers(ask(learner, kind, query_string={name: value})) == [name]
    assert ask(learner, "pie").status_code == 404


@pytest.mark.parametrize("kind", KINDS)
def test_a_beginner_sees_what_will_be_there(learner: Learner, kind: str) -> None:
    root = fetch(learner, kind)
    assert description(root)
    assert float(root.attrib["height"]) > 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_of_the_caller_alone(learner: Learner, other: Learner, kind: str) -> None:
    before = ask(other, kind).data
    learner.save(**PRACTICE)
    assert ask(other, kind).data == before != ask(learner, kind).data


@pytest.mark.parametrize("year", [2000, 2023, 2024, 2199])
def test_any_year_has_a_heat_map(learner: Learner, year: int) -> None:
    learner.save(completed_at="2024-02-29T12:00:00Z")
    for width in (320, 1440):
        assert str(year) in description(fetch(learner, "heatmap", year=year, width=width))


@pytest.mark.alone
def test_drawing_takes_no_time() -> None:
    year, line = heatmap(), trend(days=90, share=1.0)
    one = Options(score="fluency")
    for drawn, answer, options, limit in (
        (heatmap_chart.draw, year, Options(), 0.003),
        (trend_chart.draw, line, one, 0.002),
    ):
        parse(drawn(answer, options).svg)  # words and patterns are kept from now on
        for attempt in tries():
            began = time.thread_time()
            for _ in range(20):
                drawn(answer, options)
            attempt.check((time.thread_time() - began) / 20, limit)
