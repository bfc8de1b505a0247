"""The TypeScript client in a real browser: two tabs of a page of another origin share a localStorage."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver import Chrome

from tests.external.clients import typescript_client
from tests.external.test_browser import chrome
from tests.factories import Learner, token
from tests.serving import gunicorn

pytestmark = pytest.mark.external
__all__ = ["chrome"]

QUEUE = """
const [url, token, learner, done] = arguments;
import(location.origin + "/dist/index.js").then(async ({ PracticeQueue, SessionsClient, webStorage }) => {
  const client = new SessionsClient({ url, token: () => token });
  const storage = webStorage(localStorage);
  window.queue = new PracticeQueue({ client, learner, storage });
  const ids = [];
  for (let number = 0; number < 5; number++) {
    const added = await queue.add({ session_type: "roleplay", duration_seconds: number });
    ids.push(added.session_result_id);
  }
  return ids;
}).then(done, (error) => done(String(error)));
"""
FLUSH = """
const done = arguments[0];
window.queue.flush({ force: true }).then(done, (error) => done(String(error)));
"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *values: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>An app</title>")
        return None


@pytest.fixture
def app_origin() -> Iterator[str]:
    handler = partial(QuietHandler, directory=str(typescript_client()))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_two_tabs_of_another_origin_lose_and_double_nothing(
    app: Flask, database_url: str, learner: Learner, chrome: Chrome, app_origin: str
) -> None:
    with gunicorn(database_url, CORS_ORIGINS=app_origin) as (address, _):
        tabs, ids = [], []
        for _ in range(2):
            chrome.switch_to.new_window("tab")
            chrome.get(app_origin)
            tabs.append(chrome.current_window_handle)
            added = chrome.execute_async_script(QUEUE, address, token(learner.id), learner.id)
            assert isinstance(added, list), added
            ids += added
        for tab in tabs:
            chrome.switch_to.window(tab)
            report = chrome.execute_async_script(FLUSH)
            assert report == {"waiting": 0, "retryInMs": None, "stopped": None}, report
        assert chrome.execute_script("return localStorage.length") == 0
    stored = learner.get("/history", limit=100)["sessions"]
    assert sorted(session["session_result_id"] for session in stored) == sorted(ids)
