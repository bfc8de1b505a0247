"""Every number of a chart is one that the API answers, for learners with any practice."""

import re
from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from flask import Flask

from tests.charts.svg_reading import corners, description, fetch, marks, numbers, texts
from tests.clock import ago, now, today
from tests.factories import Learner, content
from vorex_sessions.charts.chart import Options
from vorex_sessions.charts.heatmap import level, step_of
from vorex_sessions.charts.palette import PALETTES
from vorex_sessions.charts.service import make_chart
from vorex_sessions.models.limits import OUTCOMES

PALETTE = PALETTES["light"]
SKILLS = ("past-simple", "articles", "word-stress", "speaking-pace")
SCORES = ("pronunciation", "fluency", "grammar")


def practised(app: Flask, seed: int) -> Learner:
    """A learner with up to 60 sessions in up to a year, in one time zone and one or two languages."""
    random, learner = Random(seed), Learner(app)
    span, zone = random.choice((3, 29, 364)), random.choice(("UTC", "Asia/Tokyo", "America/Lima"))
    sessions = [_session(random, span, zone) for _ in range(random.choice((1, 12, 60)))]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": sessions})
    assert orjson.loads(answer.data)["created"] == len(sessions)
    return learner


def _session(random: Random, span: int, zone: str) -> dict[str, Any]:
    language = random.choice(("en", "en", "de"))
    words = random.sample("one two three four five six seven eight nine ten".split(), 3)
    outcomes = [{"word": word, "outcome": random.choice(OUTCOMES)} for word in words[:2]]
    named = random.sample(SKILLS, 2) if language == "en" else ()
    scores = {f"{name}_score": random.choice((None, random.uniform(40, 100))) for name in SCORES}
    return content(
        **scores,
        duration_seconds=random.choice((0, 20, 300, 1234, 5000)),
        completed_at=ago(random.random() * span),
        timezone=zone,
        language=language,
        vocabulary_learned=words,
        vocabulary_results=outcomes,
        skills=[{"skill": name, "score": random.randrange(101)} for name in named],
    )


def table(app: Flask, learner: Learner, kind: str, **options: Any) -> list[list[float]]:
    """The numbers of each row but of its first cell."""
    with app.app_context():
        chart = make_chart(kind, learner.id, Options(**options), now=now())
        return [[found for cell in row[1:] for found in numbers(cell)] for row in chart.rows]


SEEDS = pytest.mark.parametrize("seed", range(4))


@SEEDS
@pytest.mark.parametrize("query", [{}, {"year": today().year}, {"language": "de"}], ids=str)
def test_the_heat_map_shows_the_days_of_the_breakdown(app: Flask, seed: int, query: Any) -> None:
    learner = practised(app, seed)
    asked = {"days": 365}
    if "year" in query:
        asked = {"date_from": f"{query['year']}-01-01", "date_to": f"{query['year']}-12-31"}
    language = {"language": query["language"]} if "language" in query else {}
    answer = learner.get("/daily-breakdown", **asked, **language)
    days = [row for row in reversed(answer["days"]) if row["sessions"]]
    root = fetch(learner, "heatmap", **query)
    assert table(app, learner, "heatmap", **query) == [
        [row["sessions"], row["minutes"]] for row in days
    ]
    step = step_of([row["minutes"] for row in days])
    shown = Counter({level(row["minutes"], step): 0 for row in days})
    shown.update(level(row["minutes"], step) for row in days)
    paths = marks(root, "path")
    found = {path.attrib["fill"]: corners(path) for path in paths}
    assert {colour: len(found.get(colour, ())) for colour in PALETTE.amounts} == {
        colour: shown[place] for place, colour in enumerate(PALETTE.amounts)
    }
    every = [place for places in found.values() for place in places]
    assert len(set(every)) == len(every)
    if days:
        said = numbers(description(root))
        assert len(days) in said
        assert answer["totals"]["minutes"] in said
        assert max(row["minutes"] for row in days) in said


@SEEDS
@pytest.mark.parametrize("period", ["month", "year"])
def test_the_trends_show_the_daily_means_and_the_slopes(app: Flask, seed: int, period: str) -> None:
    learner = practised(app, seed)
    count = {"month": 30, "year": 365}[period]
    days = list(reversed(learner.get("/daily-breakdown", days=count)["days"]))
    trends = learner.get("/trends", period=period)["trends"]
    for score in SCORES:
        root = fetch(learner, "trend", period=period, score=score)
        means = [row[f"{score}_avg"] for row in days if row[f"{score}_avg"] is not None]
        rows = table(app, learner, "trend", period=period, score=score)
        if not means:
            assert rows == []
            continue
        of_trend = 1 if trends[score]["slope_per_week"] is None else 3
        assert rows[of_trend:] == [[mean] for mean in means]
        if of_trend > 1:
            interval = trends[score]["interval"]
            shown = (trends[score]["slope_per_week"], interval["low"], interval["high"])
            first, *others = [round(abs(value), 1) for value in shown]
            assert rows[1:3] == [[first], others]
        at_today = days[-1][f"{score}_avg"] is not None
        dots = [
            y for path in marks(root, "path") if "a" in path.attrib["d"] for _, y in corners(path)
        ]
        rings = marks(root, "circle", fill="none", stroke=PALETTE.today)[: int(at_today)]
        places = dots + [float(ring.attrib["cy"]) for ring in rings]
        assert len(places) == len(means)
        to_score = _scale(root)
        for place, mean in zip(places, means, strict=True):
            assert to_score(place) == pytest.approx(mean, abs=0.1)
        slope, verdict = trends[score]["slope_per_week"], trends[score]["verdict"]
        if verdict in ("improving", "declining"):
            assert abs(round(slope, 1)) in numbers(description(root))
        lines = marks(root, "polyline", stroke=PALETTE.amounts[3])
        assert bool(lines) == (slope is not None)


def _scale(root: Any) -> Any:
    """What a height stands for, by the lines and their labels."""
    lines = [float(line.attrib["y1"]) for line in marks(root, "line", stroke=PALETTE.grid)]
    ticks = [text for text in texts(root) if text.isdigit()]
    (first, low), *_, (last, high) = zip(lines, map(float, ticks), strict=True)
    return lambda y: low + (y - first) / (last - first) * (high - low)


@SEEDS
def test_the_skills_are_those_of_the_graph(app: Flask, seed: int) -> None:
    learner = practised(app, seed)
    nodes = learner.get("/skills", language="en")["nodes"]
    root = fetch(learner, "skills", language="en")
    cells = Counter((node["domain"], node["level"]) for node in nodes)
    mastered = Counter(
        (node["domain"], node["level"]) for node in nodes if node["status"] == "mastered"
    )
    counts = [tuple(map(int, text.split(" of "))) for text in texts(root) if " of " in text]
    assert sorted(counts) == sorted((mastered[cell], count) for cell, count in cells.items())
    statuses = Counter(node["status"] for node in nodes)
    expected = {  # as many squares, and one of each in the legend
        "stroke": (PALETTE.mark, statuses["learning"] + statuses["ready"] + 2),
        "fill": (PALETTE.amounts[2], statuses["mastered"] + 1),
    }
    for name, (colour, count) in expected.items():
        paths = marks(root, "path", **{name: colour})
        assert sum(len(corners(path)) for path in paths) == count
    said = numbers(description(root))
    if any(node["evidence"] for node in nodes):
        assert said == [len(nodes), *(statuses[name] for name in ("mastered", "learning", "ready"))]
    fillings = [
        float(high) / 8
        for path in marks(root, "path", fill=PALETTE.amounts[0])
        for high in re.findall(r"v([\d.]+)", path.attrib["d"])
    ]
    begun = [node["mastery"] for node in nodes if node["status"] == "learning" and node["mastery"]]
    for filling, mastery in zip(sorted(fillings), sorted([*begun, 0.5]), strict=True):
        assert filling == pytest.approx(mastery, abs=0.02)
    rows = table(app, learner, "skills", language="en")
    assert rows == [
        [float(node["level"][1:])] + ([round(100 * node["mastery"])] if node["evidence"] else [])
        for node in nodes
    ]


@SEEDS
@pytest.mark.parametrize("language", [None, "de"])
def test_the_streak_is_that_of_the_answer(app: Flask, seed: int, language: str | None) -> None:
    learner = practised(app, seed)
    query = {"language": language} if language else {}
    answer = learner.get("/streak", **query)
    root = fetch(learner, "streak", **query)
    calendar = list(reversed(answer["calendar"]))
    assert table(app, learner, "streak", language=language) == [
        [row["minutes"]] for row in calendar
    ]
    filled = [
        one for one in marks(root, "rect", fill=PALETTE.amounts[2]) if one.attrib["rx"] == "5"
    ]
    assert len(filled) == sum(row["practiced"] for row in calendar)
    days = [int(text) for text in texts(root) if text.isdigit()]
    assert days == [date.fromisoformat(row["date"]).day for row in calendar]
    if answer["longest"]:
        said = numbers(description(root))
        assert said == ([answer["current"]] if answer["current"] else []) + [answer["longest"]]
        assert numbers(texts(root)[0]) == [answer["current"]]


@SEEDS
@pytest.mark.parametrize("language", [None, "de"])
def test_the_words_are_those_of_the_vocabulary(app: Flask, seed: int, language: str | None) -> None:
    learner = practised(app, seed)
    query = {"language": language} if language else {}
    words = learner.get("/vocabulary", limit=100, **query)["words"]
    statuses = [
        learner.get("/vocabulary", status=status, **query)["total"]
        for status in ("due", "learning", "known")
    ]
    by_day = Counter(word["due_on"] for word in words if word["due_on"])
    # The day after the learner's today, which the breakdown tells.
    first = date.fromisoformat(learner.get("/daily-breakdown", days=1)["days"][-1]["date"])
    forecast = [by_day[str(first + timedelta(days=age))] for age in range(1, 15)]
    rows = table(app, learner, "vocabulary", language=language)
    assert [row[0] for row in rows] == [*statuses, *forecast]
    if words:
        root = fetch(learner, "vocabulary", **query)
        assert numbers(description(root)) == [len(words), *statuses, sum(forecast)]
        assert [float(text) for text in texts(root) if text.isdigit()] == [
            *statuses,
            *(count for count in forecast if count),
        ]


@SEEDS
@pytest.mark.parametrize("period", ["month", "year", "all"])
def test_the_rhythm_is_that_of_the_answer(app: Flask, seed: int, period: str) -> None:
    learner = practised(app, seed)
    answer = learner.get("/rhythm", period=period)
    parts = [answer["hours"], answer["weekdays"]]
    root = fetch(learner, "rhythm", period=period)
    assert table(app, learner, "rhythm", period=period) == [
        [row["sessions"], row["minutes"]] for part in parts for row in part
    ]
    heights = [float(bar.attrib["height"]) for bar in marks(root, "rect")]
    for part in parts:
        minutes = [row["minutes"] for row in part]
        bars, heights = heights[: sum(map(bool, minutes))], heights[sum(map(bool, minutes)) :]
        for bar, value in zip(bars, filter(None, minutes), strict=True):
            expected = max(value / max(minutes) * max(bars), 1.5)
            assert bar == pytest.approx(expected, abs=0.11)
    assert not heights
    labels = [found for text in texts(root) for found in numbers(text) if "M" not in text]
    shown = [max(row["minutes"] for row in parts[0])] + [row["minutes"] for row in parts[1]]
    assert labels == [value for value in shown if value]


def test_today_is_marked_and_days_to_come_are_blank(app: Flask) -> None:
    learner = Learner(app)
    learner.save(duration_seconds=600, fluency_score=70)
    for kind in ("heatmap", "streak", "trend"):
        root = fetch(learner, kind)
        assert "today, not over yet" in texts(root), kind
        assert marks(root, "rect", stroke=PALETTE.today) + marks(
            root, "circle", stroke=PALETTE.today
        )
        with app.app_context():
            chart = make_chart(kind, learner.id, Options(), now=datetime.now(now().tzinfo))
        assert "today, not over yet" in chart.rows[-1][0]
    later = fetch(learner, "heatmap", year=today().year + 1)
    assert not marks(later, "path")
    past = fetch(learner, "heatmap", year=today().year - 2)
    assert "today, not over yet" not in texts(past)
