"""Links to the learner's page, and the browsers that have opened it."""

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from tests.factories import Learner, token
from tests.page.browsers import FRAME, NAVIGATION, cookie_of, follow, link_of, opened
from tests.postgres import transaction
from vorex_sessions import create_app
from vorex_sessions.page import access

_WAITING = "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"
USED, OVER = "This link does not work any more", "Open your progress from the app"


def shift(app: Flask, column: str, seconds: int) -> None:
    """Let time pass for all links and browsers."""
    table = "page_links" if column == "link" else "page_sessions"
    name = "replaced_at" if column == "secret" else "expires_at"
    with app.app_context(), transaction() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET {name} = {name} - interval '{seconds} s'")


def test_a_link_opens_the_page_in_one_browser(app: Flask, learner: Learner) -> None:
    path = link_of(learner)
    assert path.startswith("/progress/open?code=")
    browser, another = app.test_client(), app.test_client()
    response = follow(browser, path)
    assert response.status_code == 303
    assert response.headers["Location"] == "/progress"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert browser.get("/progress?parts=figures").status_code == 200
    assert another.get("/progress?parts=figures").status_code == 401
    late = follow(another, path)
    assert late.status_code == 410
    assert USED in late.text
    assert "Set-Cookie" not in late.headers


def test_a_link_is_good_for_a_minute(app: Flask, learner: Learner) -> None:
    answer = learner.request("POST", "/api/sessions/page-links").json
    lives = datetime.fromisoformat(answer["expires_at"]) - datetime.now(UTC)
    assert timedelta(seconds=55) < lives <= timedelta(seconds=60)
    shift(app, "link", 61)
    assert follow(app.test_client(), answer["path"]).status_code == 410


def test_of_several_who_open_a_link_at_once_one_gets_in(app: Flask, learner: Learner) -> None:
    path = link_of(learner)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: follow(app.test_client(), path), range(6)))
    assert sorted(answer.status_code for answer in answers) == [303, *[410] * 5]


@pytest.mark.parametrize("headers", [{}, {**NAVIGATION, "Sec-Purpose": "prefetch;prerender"}])
def test_a_preview_does_not_use_a_link_up(
    app: Flask, learner: Learner, headers: dict[str, str]
) -> None:
    path = link_of(learner)
    preview = app.test_client()
    assert preview.head(path, headers=NAVIGATION).status_code == 200
    shown = preview.get(f"{path}&locale=de", headers=headers)
    assert shown.status_code == 200
    assert "Meinen Fortschritt zeigen" in shown.text
    assert "Set-Cookie" not in shown.headers
    assert preview.get("/progress").status_code == 401
    # A person in an old browser gets the same page, and presses the button.
    assert preview.post(path).status_code == 303
    assert preview.get("/progress?parts=figures").status_code == 200


@pytest.mark.parametrize("code", ["", "x", "x" * 5000, "%00", "%F0%9F%8C%8D", "a&code=b"])
def test_what_is_no_code_opens_nothing(app: Flask, code: str) -> None:
    response = follow(app.test_client(), f"/progress/open?code={code}")
    assert response.status_code == 410
    assert follow(app.test_client(), "/progress/open").status_code == 410


@pytest.mark.parametrize(
    "cookie", ["", ".", "x", "x.y", "a" * 4000, "00000000-0000-4000-8000-000000000001.x", "é.é"]
)
def test_what_is_no_cookie_shows_nothing(app: Flask, cookie: str) -> None:
    browser = app.test_client()
    browser.set_cookie("vorex_progress", cookie, path="/progress")
    assert browser.get("/progress").status_code == 401
    assert browser.get("/progress/charts/rhythm.svg").status_code == 401


def test_a_token_opens_no_page(app: Flask, learner: Learner) -> None:
    bearer = token(learner.id)
    browser = app.test_client()
    for path in ("/progress", f"/progress?access_token={bearer}", f"/progress/open?code={bearer}"):
        response = follow(browser, path, Authorization=f"Bearer {bearer}")
        assert response.status_code in (401, 410)


@pytest.mark.parametrize(
    ("host", "scheme", "is_secure"),
    [
        ("sessions.example.com", "http", True),  # behind a proxy that ends TLS
        ("sessions.example.com", "https", True),
        ("localhost:8000", "http", False),
        ("127.0.0.1:8000", "http", False),
        ("localhost:8000", "https", True),
        ("localhost.example.com", "http", True),
    ],
)
def test_the_cookie_is_for_the_page_alone(
    app: Flask, learner: Learner, host: str, scheme: str, is_secure: bool
) -> None:
    response = app.test_client().get(
        link_of(learner), base_url=f"{scheme}://{host}", headers=NAVIGATION
    )
    cookie = cookie_of(response)
    assert cookie["path"] == "/progress"
    assert cookie["samesite"] == "Lax"
    assert "httponly" in cookie
    assert "domain" not in cookie
    assert 890 <= int(cookie["max-age"]) <= 900
    assert ("secure" in cookie) is is_secure
    assert "partitioned" not in cookie


def test_in_a_frame_the_cookie_is_partitioned_where_frames_are_allowed(
    app: Flask, settings: dict, learner: Learner
) -> None:
    assert cookie_of(follow(app.test_client(), link_of(learner), **FRAME))["samesite"] == "Lax"
    framed = create_app({**settings, "PROGRESS_FRAME_ANCESTORS": ["https://app.example.com"]})
    cookie = cookie_of(follow(framed.test_client(), link_of(learner), **FRAME))
    assert cookie["samesite"] == "None"
    assert {"secure", "partitioned", "httponly"} <= cookie.keys()
    assert cookie_of(follow(framed.test_client(), link_of(learner)))["samesite"] == "Lax"
    browser = opened(learner, framed)
    policies = [
        follow(one, "/progress?parts=figures").headers["Content-Security-Policy"]
        for one in (browser, opened(learner))
    ]
    assert policies[0].endswith("frame-ancestors https://app.example.com")
    assert policies[1].endswith("frame-ancestors 'none'")


def test_the_page_is_shown_for_a_quarter_of_an_hour(app: Flask, learner: Learner) -> None:
    browser = opened(learner)
    shift(app, "session", 890)
    response = browser.get("/progress?parts=figures")
    assert response.status_code == 200
    # Left open, it loads itself again when it is over.
    assert 1 <= int(response.headers["Refresh"]) <= 11
    shift(app, "session", 11)
    response = browser.get("/progress?parts=figures")
    assert response.status_code == 401
    assert OVER in response.text
    assert "Refresh" not in response.headers
    assert browser.get("/progress/charts/rhythm.svg").status_code == 401


def test_the_secret_of_the_cookie_changes_with_use(app: Flask, learner: Learner) -> None:
    browser = opened(learner)
    thief = app.test_client()
    stolen = browser.get_cookie("vorex_progress", path="/progress")
    assert stolen
    thief.set_cookie("vorex_progress", stolen.value, path="/progress")
    assert "Set-Cookie" not in browser.get("/progress?parts=figures").headers
    shift(app, "secret", 61)
    renewed = cookie_of(browser.get("/progress?parts=figures"))
    assert renewed["value"] != stolen.value
    assert int(renewed["max-age"]) <= 900
    # For charts under way the old one is good for a minute more.
    assert thief.get("/progress/charts/rhythm.svg").status_code == 200
    shift(app, "secret", 61)
    assert thief.get("/progress/charts/rhythm.svg").status_code == 401
    assert thief.get("/progress?parts=figures").status_code == 401
    assert browser.get("/progress/charts/rhythm.svg").status_code == 200


def test_two_tabs_that_are_opened_at_once_both_keep_the_page(app: Flask, learner: Learner) -> None:
    first = opened(learner).get_cookie("vorex_progress", path="/progress")
    assert first
    shift(app, "secret", 61)
    both = [app.test_client(), app.test_client()]
    for browser in both:
        browser.set_cookie("vorex_progress", first.value, path="/progress")
    with app.app_context(), transaction() as connection, ThreadPoolExecutor(2) as pool:
        connection.exec_driver_sql("SELECT 1 FROM page_sessions FOR UPDATE")
        shown = [pool.submit(browser.get, "/progress?parts=figures") for browser in both]
        until = time.monotonic() + 3
        while connection.exec_driver_sql(_WAITING).scalar_one() < 2 and time.monotonic() < until:
            time.sleep(0.02)
        connection.exec_driver_sql("COMMIT")
        responses = [one.result() for one in shown]
    assert [one.status_code for one in responses] == [200, 200]
    assert sum("Set-Cookie" in one.headers for one in responses) == 1
    # They are one browser, which has what the later answer set; until the other one is over, both are good.
    for browser in both:
        assert browser.get("/progress?parts=figures").status_code == 200


def test_signing_out_closes_the_page_everywhere(
    app: Flask, learner: Learner, other: Learner
) -> None:
    browsers = [opened(learner), opened(learner)]
    untouched, link = opened(other), link_of(learner)
    assert learner.request("DELETE", "/api/sessions/page-links").status_code == 204
    assert [one.get("/progress?parts=figures").status_code for one in browsers] == [401, 401]
    assert follow(app.test_client(), link).status_code == 410
    assert untouched.get("/progress?parts=figures").status_code == 200


def test_the_button_closes_the_page_in_this_browser(learner: Learner) -> None:
    browser, another = opened(learner), opened(learner)
    kept = browser.get_cookie("vorex_progress", path="/progress")
    assert kept
    closed = browser.post("/progress/close?locale=de")
    assert "Die Seite ist geschlossen" in closed.text
    assert "/progress/closed.svg" in closed.text
    assert browser.get("/progress/closed.svg").headers["Clear-Site-Data"] == '"cache"'
    assert browser.get_cookie("vorex_progress", path="/progress") is None
    browser.set_cookie("vorex_progress", kept.value, path="/progress")
    assert browser.get("/progress?parts=figures").status_code == 401
    assert another.get("/progress?parts=figures").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_cannot_close_the_page(learner: Learner, site: str) -> None:
    browser = opened(learner)
    refused = browser.post("/progress/close", headers={"Sec-Fetch-Site": site})
    assert refused.status_code == 403
    assert "Set-Cookie" not in refused.headers
    assert "Clear-Site-Data" not in refused.headers
    assert browser.get("/progress?parts=figures").status_code == 200
    closed = browser.post("/progress/close", headers={"Sec-Fetch-Site": "same-origin"})
    assert closed.status_code == 200


def test_after_an_erasure_nothing_is_shown(app: Flask, learner: Learner, other: Learner) -> None:
    learner.save()
    browser, link, untouched = opened(learner), link_of(learner), opened(other)
    assert learner.request("DELETE", "/api/sessions?confirm=true").status_code == 200
    assert browser.get("/progress?parts=figures").status_code == 401
    assert browser.get("/progress/charts/rhythm.svg").status_code == 401
    assert follow(app.test_client(), link).status_code == 410
    assert untouched.get("/progress?parts=figures").status_code == 200


def test_a_closed_account_has_no_page(app: Flask, learner: Learner) -> None:
    headers = {"Authorization": f"Bearer {token(role='service_role')}"}
    app.test_client().delete(f"/api/admin/learners/{learner.id}", headers=headers)
    assert learner.request("POST", "/api/sessions/page-links").status_code == 410


def test_neither_log_nor_database_has_what_opens_the_page(
    app: Flask, learner: Learner, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        path, unused = link_of(learner), link_of(learner)
        browser = app.test_client()
        secret = cookie_of(follow(browser, path))["value"].partition(".")[2]
        follow(browser, path)
        browser.get(unused)
        browser.get("/progress?parts=figures")
    code, waiting = (one.partition("code=")[2] for one in (path, unused))
    logged = json.dumps([repr(vars(record)) for record in caplog.records])
    with app.app_context(), transaction() as connection:
        rows = [
            str([bytes(one) if isinstance(one, memoryview) else one for one in row])
            for table in ("page_links", "page_sessions")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]
    assert len(rows) == 2
    for kept in (code, waiting, secret):
        assert len(kept) == 43
        assert kept not in logged
        assert not any(kept in row for row in rows)


def test_what_is_over_is_removed(app: Flask, learner: Learner, other: Learner) -> None:
    for person in (learner, other):
        opened(person)
        link_of(person)
    shift(app, "link", 100)
    shift(app, "session", 1000)
    link_of(other)

    def count(table: str) -> int:
        with app.app_context(), transaction() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())

    assert (count("page_links"), count("page_sessions")) == (2, 1)
    result = app.test_cli_runner().invoke(args=["live", "sweep"])
    assert result.exit_code == 0, result.output
    assert (count("page_links"), count("page_sessions")) == (1, 0)


def test_a_restored_backup_opens_nothing(app: Flask, learner: Learner) -> None:
    browser, link = opened(learner), link_of(learner)
    result = app.test_cli_runner().invoke(args=["privacy", "replay"])
    assert result.exit_code == 0, result.output
    assert browser.get("/progress?parts=figures").status_code == 401
    assert follow(app.test_client(), link).status_code == 410


def test_the_command_prints_a_link(app: Flask, learner: Learner) -> None:
    result = app.test_cli_runner().invoke(args=["page", "link", learner.id, "--minutes", "1440"])
    shift(app, "link", 86_000)
    assert follow(app.test_client(), result.output.strip()).status_code == 303
    assert access.LINK_LIVES == timedelta(seconds=60)  # that of everybody else


def test_a_person_who_is_refused_reads_a_page_and_not_json(settings: dict) -> None:
    browser = create_app({**settings, "RATELIMIT_READS": 1}).test_client()
    for path in ("/progress", "/progress/"):
        refused = browser.get(path, headers={**NAVIGATION, "Accept-Language": "de"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.mimetype == "text/html"
    assert "Warte eine Minute und lade sie neu." in refused.text
    assert refused.headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert "style-src 'self'" in refused.headers["Content-Security-Policy"]
    program = browser.get("/progress")
    assert (program.status_code, program.mimetype) == (429, "application/problem+json")


# What browsers send of an address that is opened, and of an image.
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
IMAGE = "image/avif,image/webp,image/svg+xml,image/*;q=0.8,*/*;q=0.5"


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/progress/nope", 404, "Hier ist nichts"),
        ("/progress/assets/nope.css", 404, "Hier ist nichts"),
        ("/progress/charts/nope.svg", 404, "Hier ist nichts"),
        ("/progress/charts/rhythm.svg", 401, "Öffne deinen Fortschritt in der App"),
        ("/cards/nope.svg", 404, "Diese Karte wird nicht gezeigt"),
    ],
)
def test_a_person_who_went_astray_reads_what_is_true(
    app: Flask, path: str, status: int, said: str
) -> None:
    browser = app.test_client()
    asked: dict[str, str]
    for asked in ({"Accept": HTML}, {"Accept": HTML, **NAVIGATION}):
        shown = browser.get(path, headers={**asked, "Accept-Language": "de"})
        assert (shown.status_code, shown.mimetype) == (status, "text/html")
        assert said in shown.text
        assert "Warte eine Minute" not in shown.text
        assert "style-src 'self'" in shown.headers["Content-Security-Policy"]
        assert "no-store" in shown.headers["Cache-Control"]
    for asked in ({}, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": IMAGE}):
        told = browser.get(path, headers=asked)
        assert (told.status_code, told.mimetype) == (status, "application/problem+json")


def test_only_what_is_for_people_is_told_as_a_page(app: Flask) -> None:
    for path in ("/nope", "/progressive", "/api/sessions/progress/nope", "/cards"):
        refused = app.test_client().get(path, headers={"Accept": HTML, **NAVIGATION})
        assert refused.mimetype == "application/problem+json", path


def test_who_loads_the_closed_page_again_is_led_to_the_page(learner: Learner) -> None:
    browser = opened(learner)
    again = follow(browser, "/progress/close?locale=de&x=1")
    assert again.status_code == 303
    assert again.headers["Location"] == "/progress?locale=de"
    assert browser.get("/progress?parts=figures").status_code == 200  # nothing is closed
    browser.post("/progress/close")
    assert OVER in browser.get("/progress/close", follow_redirects=True).text


def test_behind_a_proxy_the_cookie_is_secure_whatever_host_it_passes(
    learner: Learner, settings: dict
) -> None:
    behind = create_app({**settings, "TRUSTED_PROXIES": 1})
    opening = behind.test_client().get(
        link_of(learner), base_url="http://localhost:8000", headers=NAVIGATION
    )
    assert "Secure" in opening.headers["Set-Cookie"]
