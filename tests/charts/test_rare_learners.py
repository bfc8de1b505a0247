"""What charts say of learners who are rare: seconds of practice, huge numbers, weeks of their own."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from flask import Flask

from tests.charts import samples
from tests.charts.svg_reading import description, extent, fetch, marks, numbers, parse, texts
from tests.clock import ago, now, today
from tests.factories import Learner
from vorex_sessions.charts import rhythm, streak
from vorex_sessions.charts.chart import Chart, Options
from vorex_sessions.charts.service import make_chart
from vorex_sessions.charts.words import words_of


def chart_of(app: Flask, learner: Learner, kind: str, **options: object) -> Chart:
    with app.app_context():
        chart = make_chart(kind, learner.id, Options(**options), now=now())
        assert chart.rows is not None
        return chart


def states(app: Flask, learner: Learner) -> dict[str, str]:
    return {row[0]: row[-1] for row in chart_of(app, learner, "streak").rows}


def named(days_ago: int) -> str:
    return words_of("en").day(today() - timedelta(days=days_ago))


def test_a_day_of_two_seconds_is_too_short_and_not_missed(app: Flask, learner: Learner) -> None:
    """Its minutes are rounded to 0; the heat map has a square for it."""
    for days, seconds in ((3, 0), (2, 2), (1, 20)):
        learner.save(completed_at=ago(days), duration_seconds=seconds)
    shown = states(app, learner)
    assert [shown[named(days)] for days in (4, 3, 2, 1)] == [
        "no practice",
        *["too short to count"] * 3,
    ]
    practised = [row[0] for row in chart_of(app, learner, "heatmap").rows]
    assert practised == [named(3), named(2), named(1)]
    root = fetch(learner, "streak")
    assert "too short to count" in texts(root)
    # No day has counted yet, so there is no longest streak to speak of.
    assert description(root) == "You have no streak yet."
    assert not [text for text in texts(root) if "longest" in text]


@pytest.mark.parametrize("kept", ["frozen", "rest", "paused"])
def test_what_kept_the_streak_comes_before_what_was_too_short(kept: str) -> None:
    row = {"date": date(2026, 11, 9), "minutes": 0.3, "has_sessions": True, "practiced": False}
    for is_kept, state in ((True, kept), (False, "short")):
        marks = {name: is_kept and name == kept for name in ("frozen", "rest", "paused")}
        assert streak.state_of({**row, **marks}, date(2026, 11, 26)) == state


def test_a_freeze_is_seen_on_a_day_of_a_few_seconds(app: Flask, learner: Learner) -> None:
    for days in (*range(3, 11), 1):
        learner.save(completed_at=ago(days), duration_seconds=600)
    learner.save(completed_at=ago(2), duration_seconds=20)
    frozen = next(row for row in learner.get("/streak")["calendar"] if row["frozen"])
    assert (frozen["date"], frozen["minutes"]) == (str(today() - timedelta(days=2)), 0.3)
    assert states(app, learner)[named(2)] == "missed, covered by a freeze"
    assert "missed, covered by a freeze" in texts(fetch(learner, "streak"))


@pytest.mark.parametrize(
    ("starts_on", "first"), [("monday", 0), ("sunday", 6), ("saturday", 5)], ids=str
)
def test_the_rhythm_begins_with_the_learners_first_day_of_the_week(
    app: Flask, learner: Learner, starts_on: str, first: int
) -> None:
    learner.save(completed_at="2026-11-25T18:00:00Z", duration_seconds=600)  # a Wednesday
    learner.request("PUT", "/api/sessions/preferences", json={"week_starts_on": starts_on})
    chart = chart_of(app, learner, "rhythm", period="all")
    names = [words_of("en").long_weekdays[day] for day in range(7)]
    order = [*names[first:], *names[:first]]
    assert [row[0] for row in chart.rows[24:]] == order
    assert [row[0] for row in chart.rows[24:] if row[1] == "1"] == ["Wednesday"]
    assert "on Wednesday (10 minutes)" in chart.sentence
    short = [words_of("en").weekdays[day] for day in range(7)]
    shown = [text for text in texts(fetch(learner, "rhythm", period="all")) if text in short]
    assert shown == [*short[first:], *short[:first]]


@pytest.mark.parametrize(
    ("locale", "english", "japanese"),
    [
        ("en", "English: of ", "Japanese: for "),
        ("de", "Englisch: Von ", "Japanisch: Für "),
        ("es", "Inglés: de ", "Japonés: para "),
        ("fr", "Anglais\u00a0: sur ", "Japonais\u00a0: pour "),
        ("ar", "الإنجليزية: ", "اليابانية: "),
        ("pt", "English: of ", "Japanese: for "),
    ],
)
def test_the_skills_say_of_which_language_they_are(
    app: Flask, learner: Learner, locale: str, english: str, japanese: str
) -> None:
    """They are of the latest session's language alone, which may have no list of skills."""
    evidence = [{"skill": "articles", "score": 80}]
    learner.save(completed_at=ago(1), language="en", skills=evidence)
    assert chart_of(app, learner, "skills", locale=locale).sentence.startswith(english)
    assert description(fetch(learner, "skills", locale=locale)).startswith(english)
    learner.save(language="ja")
    assert chart_of(app, learner, "skills", locale=locale).sentence.startswith(japanese)


@pytest.mark.parametrize("width", [320, 500, 700, 1440])
def test_minutes_above_bars_of_nearly_the_same_height_keep_apart(width: int) -> None:
    """Their labels are on different lines, but so near to each other that they would be one number."""
    for most in (9.7, 99.7, 1486.7, 12_345.6, 1_234_567.8):
        answer = samples.rhythm()
        for place, row in enumerate(answer["weekdays"]):
            row["minutes"] = round(most - place / 10, 1)
        for row in answer["hours"]:
            row["minutes"] = 0
        root = parse(rhythm.draw(answer, Options(width=width)).svg)
        written = [text for text in marks(root, "text") if "M" not in (text.text or "")]
        labels = [text for text in written if numbers(text.text or "")]
        assert len(labels) == 7 or (len(labels) == 1 and most > 1000)
        assert numbers(labels[0].text or "")[0] in (most, round(most))
        for one, other in pairwise(sorted(map(extent, labels))):
            assert one[1] <= other[0], (width, most)
