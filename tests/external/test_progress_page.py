"""The progress page in a real browser, examined by axe-core (`make external` installs it)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.external.chromium import chromium, hosts, site_of
from tests.postgres import empty_tables, transaction
from tests.serving import gunicorn
from vorex_sessions.demo import practice, tokens
from vorex_sessions.page import access

pytestmark = pytest.mark.external
AXE = Path(__file__).parent / "page" / "node_modules" / "axe-core" / "axe.min.js"
EXAMINE = """
const done = arguments[arguments.length - 1];
axe.run({resultTypes: ["violations"]}).then((found) => done(found.violations.map(
  (one) => [one.id, one.nodes.map((node) => node.html.slice(0, 200))])));
"""
# Width of the window in CSS pixels, media features, parameters of the page. 640 pixels are 1,280 at 200 %.
LOOKS = [
    (1440, {}, ""),
    (1440, {"prefers-color-scheme": "dark"}, "locale=ar"),
    (640, {}, "locale=fr&period=year"),
    (320, {"prefers-color-scheme": "dark"}, "locale=de"),
    (320, {}, "locale=ar"),
    (1000, {"forced-colors": "active", "prefers-color-scheme": "dark"}, "locale=es"),
    (375, {}, "parts=streak,trend&embed=1"),
]


@pytest.fixture(autouse=True)
def _clean_tables() -> None:
    """Replace the fixture that empties the tables: the learner keeps the data."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    with chromium() as chrome:
        yield chrome


@pytest.fixture
def chrome(browser: Chrome) -> Chrome:
    """The browser, that knows nothing of the tests before."""
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    for log in ("browser", "performance"):
        browser.get_log(log)
    return browser


@pytest.fixture(scope="module")
def practised(app: Flask) -> Iterator[str]:
    with app.app_context():
        practice.fill(tokens.DEMO_LEARNER, now=datetime.now(UTC))
    yield tokens.DEMO_LEARNER
    empty_tables(app)


@pytest.fixture(scope="module")
def address(practised: str, database_url: str) -> Iterator[str]:
    with gunicorn(database_url, RATELIMIT_ENABLED="false") as (address, _):
        yield address


def link(app: Flask, query: str = "") -> str:
    with app.app_context():
        path = access.create_link(tokens.DEMO_LEARNER, now=datetime.now(UTC))["path"]
    return f"{path}&{query}" if query else str(path)


def look(chrome: Chrome, width: int, media: str = "screen", **features: str) -> None:
    """Show pages in a window of this width, to a reader with these preferences."""
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    named = [{"name": name, "value": value} for name, value in features.items()]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": named})


def wait_for_images(chrome: Chrome) -> None:
    loaded = "return [...document.images].every((one) => one.complete && one.naturalWidth > 0)"
    WebDriverWait(chrome, 20).until(lambda _: chrome.execute_script(loaded))


def violations(chrome: Chrome) -> Any:
    chrome.execute_script(AXE.read_text())
    return chrome.execute_async_script(EXAMINE)


def is_wider_than_its_window(chrome: Chrome) -> bool:
    wide: bool = chrome.execute_script(
        "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wide


def messages(chrome: Chrome) -> list[str]:
    return [entry["message"] for entry in chrome.get_log("browser")]


@pytest.mark.parametrize(("width", "features", "query"), LOOKS)
def test_everybody_can_read_the_page(
    app: Flask, address: str, chrome: Chrome, width: int, features: dict[str, str], query: str
) -> None:
    look(chrome, width, **features)
    chrome.get(address + link(app, query))
    wait_for_images(chrome)
    assert "code" not in chrome.current_url
    assert chrome.find_elements(By.TAG_NAME, "img")
    assert not is_wider_than_its_window(chrome)
    # No message of a kind: nothing broke the policy, and nothing was missing.
    assert messages(chrome) == []
    assert hosts(chrome) == {"127.0.0.1"}
    for details in chrome.find_elements(By.TAG_NAME, "details"):
        chrome.execute_script("arguments[0].open = true", details)
    assert not is_wider_than_its_window(chrome)
    assert violations(chrome) == []
    theme = features.get("prefers-color-scheme", "light")
    sources = chrome.execute_script("return [...document.images].map((one) => one.currentSrc)")
    assert all(f"theme={theme}" in source for source in sources)


def test_with_letters_of_twice_the_size_nothing_is_cut_off(
    app: Flask, address: str, chrome: Chrome
) -> None:
    look(chrome, 1280)
    chrome.get(address + link(app))
    chrome.execute_script("document.documentElement.style.fontSize = '200%'")
    wait_for_images(chrome)
    assert not is_wider_than_its_window(chrome)
    hidden = """
      return [...document.querySelectorAll("h1,h2,h3,dt,dd,p,li,summary,figcaption,button")]
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1)
        .map((one) => one.textContent)"""
    assert chrome.execute_script(hidden) == []


def test_on_paper_charts_are_light_and_closed_tables_are_left_out(
    app: Flask, address: str, chrome: Chrome
) -> None:
    look(chrome, 1000, media="print", **{"prefers-color-scheme": "dark"})
    chrome.get(address + link(app))
    wait_for_images(chrome)
    sources = chrome.execute_script("return [...document.images].map((one) => one.currentSrc)")
    assert all("theme=light" in source for source in sources)
    assert not [one for one in chrome.find_elements(By.TAG_NAME, "summary") if one.is_displayed()]
    assert not is_wider_than_its_window(chrome)
    colour = chrome.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(255, 255, 255)"


def press(chrome: Chrome, *keys: str) -> Any:
    """Press keys; return what has the focus then."""
    for key in keys:
        ActionChains(chrome).send_keys(key).perform()
    return chrome.switch_to.active_element


def test_a_keyboard_is_enough(app: Flask, address: str, chrome: Chrome) -> None:
    look(chrome, 1280)
    chrome.get(address + link(app))
    wait_for_images(chrome)
    skip = press(chrome, Keys.TAB)
    assert skip.get_attribute("class") == "skip"
    assert skip.rect["y"] >= 0  # it comes into view with the focus
    press(chrome, Keys.ENTER)
    assert chrome.current_url.endswith("#content")
    summary = press(chrome, Keys.TAB)
    assert summary.tag_name == "summary"
    outline = chrome.execute_script("return getComputedStyle(arguments[0]).outlineStyle", summary)
    assert outline == "solid"
    press(chrome, Keys.ENTER)
    assert chrome.find_element(By.CSS_SELECTOR, "#streak table").is_displayed()
    assert press(chrome, Keys.TAB).get_attribute("role") == "group"  # it scrolls by arrow keys
    for _ in range(20):
        if press(chrome, Keys.TAB).tag_name == "button":
            break
    assert messages(chrome) == []
    press(chrome, Keys.ENTER)
    WebDriverWait(chrome, 20).until(lambda _: "closed" in chrome.title)
    # Nobody who uses the browser afterwards gets back to the page.
    chrome.back()
    WebDriverWait(chrome, 20).until(lambda _: "Open your progress from" in chrome.title)


def test_a_page_that_is_left_open_is_over_in_time(app: Flask, address: str, chrome: Chrome) -> None:
    chrome.get(address + link(app, "parts=figures"))
    assert chrome.find_elements(By.ID, "figures")
    with app.app_context(), transaction() as connection:
        soon = "UPDATE page_sessions SET expires_at = now() + interval '3 s'"
        connection.exec_driver_sql(soon)
    chrome.refresh()
    assert chrome.find_elements(By.ID, "figures")
    WebDriverWait(chrome, 20).until(lambda _: "Open your progress from" in chrome.title)


def test_a_used_link_says_what_to_do_in_the_readers_language(
    app: Flask, address: str, chrome: Chrome
) -> None:
    path = link(app, "locale=de")
    chrome.get(address + path)
    chrome.delete_all_cookies()
    chrome.get(address + path)
    assert chrome.title == "Dieser Link gilt nicht mehr"
    assert violations(chrome) == []
    chrome.get(f"{address}/progress?locale=ar")
    assert chrome.find_element(By.TAG_NAME, "html").get_attribute("dir") == "rtl"
    assert violations(chrome) == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Another site than that of the service."""
    with site_of(tmp_path) as port:
        yield f"http://localhost:{port}"


def test_a_link_on_another_site_opens_the_page(
    app: Flask, address: str, chrome: Chrome, site: str, tmp_path: Path
) -> None:
    target = address + link(app, "parts=figures")
    (tmp_path / "index.html").write_text(f'<!doctype html><title>App</title><a href="{target}">Go')
    chrome.get(site)
    chrome.find_element(By.TAG_NAME, "a").click()
    WebDriverWait(chrome, 20).until(lambda _: chrome.title == "Your progress")
    assert chrome.current_url == f"{address}/progress?parts=figures"
    assert chrome.execute_script("return document.referrer") == ""


def test_another_site_shows_the_page_in_a_frame_where_it_may(
    app: Flask, address: str, database_url: str, chrome: Chrome, site: str, tmp_path: Path
) -> None:
    def framed(address: str) -> Chrome:
        target = address + link(app, "embed=1&parts=figures,rhythm")
        page = f'<!doctype html><title>App</title><iframe src="{target}" width=800 height=800>'
        (tmp_path / "index.html").write_text(page)
        chrome.get(site)
        chrome.switch_to.frame(0)
        return chrome

    framed(address)
    assert not chrome.find_elements(By.ID, "figures")
    refused = messages(chrome)
    assert "frame-ancestors 'none'" in refused[0]
    with gunicorn(database_url, PROGRESS_FRAME_ANCESTORS=site) as (allowed, _):
        framed(allowed)
        WebDriverWait(chrome, 20).until(lambda _: chrome.find_elements(By.ID, "figures"))
        wait_for_images(chrome)
        assert messages(chrome) == []
        cookies = chrome.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
        assert [one["sameSite"] for one in cookies if "partitionKey" in one] == ["None"]
