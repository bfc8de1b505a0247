"""The learner's page: what it shows, and how."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from tests.clock import ago
from tests.factories import Learner, content
from tests.page.browsers import opened
from tests.page.shown import Shown, read
from tests.statements import recorded
from vorex_sessions.charts.chart import KINDS
from vorex_sessions.charts.words import LANGUAGES
from vorex_sessions.page import notes, texts
from vorex_sessions.page.options import PARTS

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'"


def page(browser: Client, query: str = "", **headers: str) -> Shown:
    response = browser.get(f"/progress{query}", headers=headers)
    assert response.status_code == 200, response.text
    return read(response.text)


def practised(learner: Learner) -> None:
    """A learner whose practice fills every chart."""
    sessions = [
        content(
            completed_at=ago(days),
            duration_seconds=600 + 30 * days,
            words_spoken=100,
            pronunciation_score=60 + days / 2,
            fluency_score=70,
            vocabulary_results=[{"word": f"word {days}", "outcome": "again"}],
            skills=[{"skill": "past-simple", "score": 80}],
        )
        for days in range(0, 60, 2)
    ]
    answer = learner.request("POST", "/api/sessions/batch", json={"sessions": sessions})
    assert answer.json["created"] == len(sessions), answer.text


def test_the_page_shows_every_part(learner: Learner) -> None:
    practised(learner)
    shown = page(opened(learner))
    assert tuple(shown.sections) == PARTS
    assert set(shown.tables) == set(KINDS)
    assert shown.title == "Your progress"
    assert (shown.language, shown.direction) == ("en", "ltr")
    for name in PARTS[2:]:
        heads, *rows = shown.tables[name]
        assert rows
        assert all(len(row) == len(heads) for row in rows)


def test_the_page_of_a_beginner_says_what_will_be_there(learner: Learner) -> None:
    shown = page(opened(learner))
    assert tuple(shown.sections) == PARTS
    # Where there is nothing to say of any day there is no table; where something is drawn, all of it is said.
    assert set(shown.tables) == {*KINDS} - {"heatmap", "trend"}
    skills = learner.get("/skills", language="en")["nodes"]
    assert [row[2] for row in shown.tables["skills"][1:]] == [node["name"] for node in skills]
    assert {row[4] for row in shown.tables["skills"][1:]} == {"–"}  # noqa: RUF001  # an en dash
    assert shown.figures["pronunciation"] == (None, "")
    assert "No session measured it." in shown.text


def test_what_was_not_measured_is_no_zero(learner: Learner) -> None:
    learner.save(fluency_score=0)
    shown = page(opened(learner), "?parts=figures")
    assert shown.figures["fluency"] == ("0.0", "0")
    assert shown.figures["grammar"] == (None, "")


def test_today_is_marked_as_not_over(learner: Learner) -> None:
    learner.save()
    shown = page(opened(learner), "?parts=streak")
    assert "Today is not over" in shown.text


def test_single_parts_come_without_the_rest(learner: Learner) -> None:
    browser = opened(learner)
    for part in PARTS:
        assert page(browser, f"?parts={part}").sections == [part]
    assert page(browser, "?parts=trend,figures&embed=1").sections == ["figures", "trend"]
    assert page(browser, "?parts=nothing").sections == list(PARTS)


def test_embedded_it_has_no_head_and_no_foot(learner: Learner) -> None:
    browser = opened(learner)
    whole, embedded = page(browser), page(browser, "?embed=1")
    assert whole.tags - embedded.tags == {"header", "footer", "form", "button", "a"}
    assert embedded.sections == whole.sections


@pytest.mark.parametrize("query", ["?embed=1&parts=figures", "?embed=1&parts=rhythm", ""])
def test_today_is_marked_wherever_a_part_stands(learner: Learner, query: str) -> None:
    learner.save()
    assert page(opened(learner), query).text.count("what you practise later is not in") == 1


def test_a_page_of_one_language_says_so(learner: Learner) -> None:
    learner.save(language="es")
    browser = opened(learner)
    for query in ("?language=es", "?language=es&embed=1&parts=figures"):
        assert "Figures and charts: only your Spanish." in page(browser, query).text
    assert "nur dein Spanisch" in page(browser, "?language=es&locale=de").text
    assert "only your" not in page(browser).text


def test_words_that_are_written_alike_say_of_which_language_they_are(learner: Learner) -> None:
    for language, words in (("es", ["hotel", "bolsa"]), ("fr", ["hotel"])):
        outcomes = [{"word": word, "outcome": "again"} for word in words]
        learner.save(language=language, vocabulary_results=outcomes, completed_at=ago(40))
    html = opened(learner).get("/progress?parts=vocabulary&locale=de").text
    assert read(html).words.count("hotel") == 2
    for tag, name in (("es", "Spanisch"), ("fr", "Französisch")):
        shown = f'<li lang="{tag}"><bdi>hotel</bdi> <span lang="de" dir="ltr">({name})</span></li>'
        assert shown in html
    assert '<li lang="es"><bdi>bolsa</bdi></li>' in html


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_words_of_a_chart_are_explained_beside_it(learner: Learner, locale: str) -> None:
    practised(learner)
    shown, words = page(opened(learner), f"?locale={locale}").text, texts.Texts(locale).words
    for part, values in (
        ("vocabulary", (words.percent(0.9), words.count("days", 21))),
        ("trend", (words.number(19), words.number(20), words.count("points", 2))),
        ("skills", (words.percent(0.95), "C1")),
        ("streak", (texts.Texts(locale).duration(60),)),
        ("heatmap", ()),
    ):
        said = notes.terms(part, texts.Texts(locale), shortest_day=60)
        assert said in shown
        assert all(value in said for value in values)


def test_a_time_parts_between_hours_and_minutes_alone() -> None:
    assert texts.Texts("de").duration(9000) == "2h 30\u00a0Min."
    assert texts.Texts("en").duration(9000) == "2h 30m"
    assert texts.Texts("en").duration(90) == "1.5\u00a0min"


@pytest.mark.parametrize("locale", LANGUAGES)
def test_the_page_is_in_the_readers_language(learner: Learner, locale: str) -> None:
    practised(learner)
    browser = opened(learner)
    by_parameter = browser.get(f"/progress?locale={locale}")
    shown = read(by_parameter.text)
    assert shown.language == locale
    assert shown.direction == ("rtl" if locale == "ar" else "ltr")
    by_header = page(browser, **{"Accept-Language": f"tlh, {locale};q=0.9, en;q=0.5"})
    assert by_header.title == shown.title
    assert by_header.language == locale
    if locale != "en":
        assert shown.title != page(browser, "?locale=en").title
    # The parameter comes before the header; what nobody knows, after it.
    assert page(browser, f"?locale={locale}", **{"Accept-Language": "es"}).language == locale
    assert page(browser, "?locale=tlh", **{"Accept-Language": locale}).language == locale


def test_insights_in_another_language_say_so(learner: Learner) -> None:
    learner.save()
    html = opened(learner).get("/progress?parts=insights&locale=ar").text
    assert '<li lang="en" dir="ltr">' in html
    html = opened(learner).get("/progress?parts=insights&locale=de").text
    assert "<li>" in html


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "About your English"),
        ("de", "Zu deinem Englisch"),
        ("es", "Sobre tu inglés"),
        ("fr", "À propos de ton anglais"),
        ("ar", "عن اللغة: الإنجليزية"),
    ],
)
def test_of_several_languages_an_insight_says_of_which_it_is(
    learner: Learner, locale: str, said: str
) -> None:
    """Scores are told of the latest language alone; charts beside them are of all languages."""
    for days in range(20, -1, -1):
        learner.save(fluency_score=90 - 2 * days, completed_at=ago(days), language="en")
    path = f"?parts=insights&locale={locale}"
    insights = learner.get("/insights", locale="en")["insights"]
    of_english = [
        one for one in insights if any("language=en" in fact["source"] for fact in one["facts"])
    ]
    assert "trend_up" in {one["kind"] for one in of_english}
    assert said not in page(opened(learner), path).text
    learner.save(completed_at=ago(9), language="fr", fluency_score=None)
    shown = page(opened(learner), path).text
    insights = learner.get("/insights", locale="en")["insights"]
    of_english = [
        one for one in insights if any("language=en" in fact["source"] for fact in one["facts"])
    ]
    assert shown.count(said) == len(of_english) > 0


def test_every_language_has_the_same_words() -> None:
    first, *others = (texts._texts(language) for language in LANGUAGES)
    slots = re.compile(r"\{\w+\}")
    for other in others:
        assert other.keys() == first.keys()
        for section, words in first.items():
            assert other[section].keys() == words.keys()
            for name, text in words.items():
                assert set(slots.findall(other[section][name])) == set(slots.findall(text)), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_thing_has_one_name_on_the_page_and_in_its_charts(language: str) -> None:
    shown = texts.Texts(language)
    for score in ("pronunciation", "fluency", "grammar"):
        assert shown.say("overview", score) == shown.words.say("scores", score)
    assert shown.say("overview", "sessions") == shown.words.say("common", "sessions")
    assert shown.say("words", "due").lower() == shown.words.say("word_statuses", "due").lower()


@pytest.mark.parametrize(
    "query",
    [
        "?locale=%00&timezone=Mars/X&language=%F0&period=x&year=x&parts=%2C&embed=2",
        "?year=99999999999999999999",
        "?year=0001",
        "?year=020250",
        "?year=02000000000000000",
        "?year=9000",
        "?year=٢٠٢٥",
        "?locale=en&locale=de",
        "?width=x",
        "?unknown=1",
    ],
)
def test_a_parameter_that_cannot_be_read_is_left_out(learner: Learner, query: str) -> None:
    browser = opened(learner)
    assert tuple(page(browser, query).sections) == PARTS
    for kind in KINDS:
        assert browser.get(f"/progress/charts/{kind}.svg{query}").status_code == 200


def test_learners_texts_cannot_become_markup(learner: Learner) -> None:
    text = '<img src="https://evil.example/x"> {{ 7 * 7 }} &amp; "\''
    learner.save(
        vocabulary_results=[{"word": text, "outcome": "again"}],
        vocabulary_learned=[text],
        completed_at=ago(9),
    )
    shown = page(opened(learner), "?parts=vocabulary")
    assert shown.words == [text]
    assert not [one for one in shown.addresses if "evil" in one]


def test_the_policy_allows_nothing_but_our_styles_and_images(learner: Learner) -> None:
    practised(learner)
    response = opened(learner).get("/progress")
    assert response.headers["Content-Security-Policy"].startswith(POLICY)
    assert response.headers.getlist("Content-Security-Policy") == [
        response.headers["Content-Security-Policy"]
    ]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    shown = read(response.text)
    assert not shown.tags & {"script", "style", "iframe", "object", "svg"}
    assert not {name for name in shown.attributes if name == "style" or name.startswith("on")}
    assert all(re.match(r"/progress[/?]?|#content", address) for address in shown.addresses)


def test_the_page_is_small(learner: Learner) -> None:
    practised(learner)
    for locale in LANGUAGES:
        response = opened(learner).get(
            f"/progress?period=year&locale={locale}", headers={"Accept-Encoding": "gzip"}
        )
        assert response.headers["Content-Encoding"] == "gzip"
        assert len(response.data) < 50_000
        read(gzip.decompress(response.data).decode())


def test_assets_are_kept_by_browsers_until_they_change(app: Flask, learner: Learner) -> None:
    browser = opened(learner)
    addresses = [
        address
        for address in page(browser, "?parts=figures").addresses
        if address.startswith("/progress/assets/")
    ]
    assert len(addresses) == 2
    for address in addresses:
        asset = app.test_client().get(address)  # nothing personal
        assert asset.status_code == 200
        assert "immutable" in asset.headers["Cache-Control"]
        older = re.sub(r"-[0-9a-f]{12}\.", "-0123456789ab.", address)
        other = app.test_client().get(older)
        assert other.data == asset.data
        assert "immutable" not in other.headers["Cache-Control"]
    assert app.test_client().get("/progress/assets/texts.py").status_code == 404


def test_charts_are_for_the_browser_that_shows_the_page(app: Flask, learner: Learner) -> None:
    practised(learner)
    browser = opened(learner)
    images = [one for one in page(browser).addresses if one.startswith("/progress/charts/")]
    assert len(images) == 6 * len(KINDS)
    for address in images[:6]:
        response = browser.get(address)
        assert response.mimetype == "image/svg+xml"
        assert response.headers["Cache-Control"] == "no-store"
        refused = app.test_client().get(address)
        assert refused.status_code == 401
        assert refused.json["detail"] == "Open the page again from the app."
    assert browser.get("/progress/charts/x.svg").status_code == 404


def test_one_learners_page_shows_nothing_of_anothers(learner: Learner, other: Learner) -> None:
    other.save(vocabulary_results=[{"word": "secretword", "outcome": "again"}], completed_at=ago(9))
    assert page(opened(other)).words == ["secretword"]
    shown = page(opened(learner))
    assert "secretword" not in shown.text
    assert shown.figures["sessions"][0] == "0"


_score = st.none() | st.floats(0, 100).map(lambda value: round(value, 2))
_sessions = st.lists(
    st.fixed_dictionaries(
        {
            "duration_seconds": st.integers(0, 20_000),
            "words_spoken": st.integers(0, 5_000),
            "pronunciation_score": _score,
            "fluency_score": _score,
            "grammar_score": _score,
            "days": st.integers(0, 70),
            "vocabulary_results": st.lists(
                st.fixed_dictionaries(
                    {
                        "word": st.sampled_from(["lobby", "receipt", "bill", "tip"]),
                        "outcome": st.sampled_from(["again", "hard", "good", "easy"]),
                    }
                ),
                max_size=2,
                unique_by=lambda one: one["word"],
            ),
        }
    ),
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sessions=_sessions, zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles"]))
def test_every_figure_is_that_of_the_api(
    app: Flask, sessions: list[dict[str, Any]], zone: str
) -> None:
    learner = Learner(app)
    now = datetime.now(UTC)
    for session in sessions:
        days = session.pop("days")
        learner.save(**session, completed_at=(now - timedelta(days=days)).isoformat())
    learner.request("PUT", "/api/sessions/preferences", json={"weekly_goal_days": 3})
    shown = page(opened(learner), f"?timezone={zone}")
    stats = learner.get("/stats", period="month", timezone=zone)
    streak = learner.get("/streak", timezone=zone)
    due = learner.get("/vocabulary", status="due", timezone=zone, limit=10)
    scores = {
        name: stats[f"avg_{name}"] if stats["scored_sessions"][name] else None
        for name in ("pronunciation", "fluency", "grammar")
    }
    expected = {
        "sessions": stats["total_sessions"],
        "time": stats["total_duration"],
        "words": stats["total_words_spoken"],
        **scores,
        "current": streak["current"],
        "longest": streak["longest"],
        "freezes": streak["freezes"],
        "today": streak["minutes_today"],
        "week": streak["week"]["days_practiced"],
        "due": due["total"],
    }
    values = {name: value for name, (value, _) in shown.figures.items()}
    assert values == {
        name: None if value is None else str(value) for name, value in expected.items()
    }
    for name in ("sessions", "words", *scores, "current", "longest", "freezes", "today", "due"):
        value, text = shown.figures[name]
        if name == "today" and streak["seconds_today"] >= 3600:
            continue  # in hours and minutes
        written = re.match(r"[\d,.]+", text)
        assert (value is None) == (written is None)
        if value is not None and written is not None:
            assert float(written[0].replace(",", "")) == float(value)
    assert shown.words == [word["word"] for word in due["words"]]
    insights = learner.get("/insights", locale="en")["insights"]
    assert all(one["headline"] in shown.text and one["body"] in shown.text for one in insights)


def test_the_tables_have_the_values_of_the_api(learner: Learner) -> None:
    practised(learner)
    shown = page(opened(learner), "?timezone=Asia/Tokyo")

    def column(name: str, place: int) -> list[float]:
        return [float(row[place].replace(",", "")) for row in shown.tables[name][1:]]

    days = learner.get("/daily-breakdown", days=365, timezone="Asia/Tokyo")["days"]
    practice = [day for day in days if day["sessions"]]
    assert sorted(column("heatmap", 2)) == sorted(day["minutes"] for day in practice)
    calendar = learner.get("/streak", timezone="Asia/Tokyo")["calendar"]
    assert sorted(column("streak", 1)) == sorted(day["minutes"] for day in calendar)
    rhythm = learner.get("/rhythm", period="month", timezone="Asia/Tokyo")
    rows = [*rhythm["hours"], *rhythm["weekdays"]]
    assert column("rhythm", 1) == [row["sessions"] for row in rows]
    assert column("rhythm", 2) == [row["minutes"] for row in rows]
    # What was not measured is a gap.
    _, trend, slope, interval, *means = shown.tables["trend"]
    assert {row[3] for row in (slope, interval, *means)} == {"–"}  # noqa: RUF001  # an en dash
    found = learner.get("/trends", period="month", timezone="Asia/Tokyo")["trends"]
    assert trend[3] == "not measured"
    assert float(slope[1]) == round(found["pronunciation"]["slope_per_week"], 1)
    ends = [round(found["pronunciation"]["interval"][end], 1) for end in ("low", "high")]
    assert [float(end) for end in interval[1].split(" to ")] == ends


def test_the_page_asks_few_queries_more_than_an_overview_with_the_same_answers(
    learner: Learner,
) -> None:
    practised(learner)
    browser = opened(learner)
    asked = ",".join(("stats,insights,streak,vocabulary", "daily-breakdown,trends,skills,rhythm"))
    with recorded(learner.app) as of_page:
        page(browser)
    with recorded(learner.app) as of_overview:
        learner.get("/overview", include=asked)
    assert len(of_page) <= 1.5 * len(of_overview)
