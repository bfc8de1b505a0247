"""A real browser for tests: Debian's packages chromium and chromium-driver."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Log nothing."""


@contextmanager
def site_of(folder: Path) -> Iterator[int]:
    """Serve a folder as a site of its own; yields the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@contextmanager
def chromium() -> Iterator[Chrome]:
    """Run a browser without a window."""
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "headless",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
        "hide-scrollbars",
        "window-size=1400,2000",
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = Chrome(options, Service("/usr/bin/chromedriver"))
    yield chrome
    chrome.quit()


@pytest.fixture
def chrome() -> Iterator[Chrome]:
    with chromium() as chrome:
        yield chrome


def hosts(chrome: Chrome) -> set[str]:
    """Return every host that the page sent a request to."""
    messages = [json.loads(entry["message"])["message"] for entry in chrome.get_log("performance")]
    urls = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    return {urlsplit(url).hostname for url in urls if url.startswith("http")}


def errors(chrome: Chrome) -> list[dict]:
    return [entry for entry in chrome.get_log("browser") if entry["level"] == "SEVERE"]
