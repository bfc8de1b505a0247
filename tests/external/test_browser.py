"""The docs pages in a real headless Chromium: Debian's packages chromium and chromium-driver."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import element_to_be_clickable as clickable
from selenium.webdriver.support.expected_conditions import presence_of_element_located as present
from selenium.webdriver.support.wait import WebDriverWait

from tests.external.chromium import chrome as chrome  # a fixture
from tests.external.chromium import errors, hosts, site_of
from tests.factories import Learner, content, token
from tests.serving import gunicorn

pytestmark = pytest.mark.external


@pytest.fixture(scope="module")
def address(app: Flask, database_url: str) -> Iterator[str]:
    with gunicorn(database_url) as (address, _):
        yield address


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A web app's own origin, which serves an empty page."""
    (tmp_path / "index.html").write_text("<!doctype html><title>App</title>")
    with site_of(tmp_path) as port:
        yield f"http://127.0.0.1:{port}"


def click(chrome: Chrome, selector: str, within: str = "") -> WebElement:
    element = WebDriverWait(chrome, 20).until(clickable((By.CSS_SELECTOR, f"{within} {selector}")))
    chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()
    return element


def test_a_save_sent_from_swagger_ui_succeeds(address: str, app: Flask, chrome: Chrome) -> None:
    learner = Learner(app)
    chrome.get(f"{address}/")
    wait = WebDriverWait(chrome, 20)
    tag = wait.until(present((By.CSS_SELECTOR, "[data-tag='Sessions']")))
    assert "Sessions" in tag.text
    click(chrome, ".btn.authorize")
    field = wait.until(present((By.CSS_SELECTOR, ".auth-container input")))
    field.send_keys(token(learner.id))
    click(chrome, ".auth-btn-wrapper .authorize")
    click(chrome, ".auth-btn-wrapper .btn-done")
    click(chrome, ".opblock-summary-control", ".opblock-post")
    click(chrome, ".try-out__btn", ".opblock-post")
    click(chrome, ".execute", ".opblock-post")
    status = wait.until(
        present((By.CSS_SELECTOR, ".live-responses-table tbody .response-col_status"))
    )
    assert status.text.startswith("201")
    assert learner.count() == 1
    assert errors(chrome) == []
    assert hosts(chrome) == {"127.0.0.1"}


def test_redoc_shows_the_reference(address: str, chrome: Chrome) -> None:
    chrome.get(f"{address}/redoc")
    path = (By.XPATH, "//*[contains(text(), '/api/sessions/save')]")
    WebDriverWait(chrome, 30).until(present(path))
    assert errors(chrome) == []
    assert hosts(chrome) == {"127.0.0.1"}


# What a web app that traces its requests sends; the body is compressed by the browser.
CALL = """
const [url, token, session, done] = arguments;
const zipped = new Blob([JSON.stringify(session)]).stream().pipeThrough(new CompressionStream("gzip"));
new Response(zipped).arrayBuffer().then((body) => fetch(url, {method: "POST", body, headers: {
  "Authorization": `Bearer ${token}`, "Content-Type": "application/json", "Content-Encoding": "gzip",
  "Idempotency-Key": "lesson-1", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "tracestate": "a=1", "sentry-trace": "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
  "baggage": "b=2",
}})).then(async (answer) => done({
  status: answer.status, body: await answer.json(), date: answer.headers.get("Date"),
  location: answer.headers.get("Location"), limit: answer.headers.get("RateLimit"),
})).catch((error) => done({error: String(error)}));
"""


def test_a_web_app_of_another_origin_saves_with_tracing_and_reads_the_servers_time(
    app: Flask, database_url: str, chrome: Chrome, site: str
) -> None:
    learner = Learner(app)
    with gunicorn(database_url, CORS_ORIGINS=site) as (address, _):
        chrome.get(site)
        called = [f"{address}/api/sessions/save", token(learner.id), content()]
        answer = chrome.execute_async_script(CALL, *called)
        assert answer.get("status") == 201, answer
        assert None not in (answer["date"], answer["limit"])
        assert answer["location"].endswith(answer["body"]["session_result_id"])
        chrome.get(site.replace("127.0.0.1", "localhost"))  # an origin that is not set
        assert "Failed to fetch" in chrome.execute_async_script(CALL, *called)["error"]
    assert learner.count() == 1
