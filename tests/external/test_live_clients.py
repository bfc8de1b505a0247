"""Live sessions behind nginx: the page /docs/live, and clients/typescript in a browser and in Node."""

import http.server
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
from flask import Flask
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.external.clients import typescript_client
from tests.external.test_browser import chrome, click, errors, hosts
from tests.external.test_clients_browser import QuietHandler
from tests.external.test_nginx import nginx
from tests.factories import Learner, token
from tests.serving import ROOT, gunicorn

pytestmark = pytest.mark.external
__all__ = ["chrome"]

QUIET = 3  # seconds of silence after which this nginx closes a connection


class Places(NamedTuple):
    proxy: str
    hasty: str  # a proxy that closes what is silent for QUIET seconds
    app: str  # the origin of a web app
    master: int


@pytest.fixture(scope="module")
def places(
    app: Flask, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Places]:
    handler = partial(QuietHandler, directory=str(typescript_client()))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_address[1]}"
        with (
            gunicorn(database_url, RATELIMIT_ENABLED="false", CORS_ORIGINS=origin) as (
                address,
                run,
            ),
            nginx(tmp_path_factory.mktemp("nginx"), address, [QUIET]) as (proxy, hasty),
        ):
            yield Places(proxy, hasty, origin, run.pid)
        server.shutdown()


def saved(learner: Learner) -> list[dict[str, Any]]:
    return learner.get("/history")["sessions"]


def test_a_node_client_keeps_or_renews_its_connection_and_loses_nothing(
    places: Places, learner: Learner
) -> None:
    driver = (ROOT / "tests" / "external" / "live_client.mjs").read_text()
    settings = {"URL": places.hasty, "TOKEN": token(learner.id), "LEARNER": learner.id}
    process = subprocess.Popen(
        ["node", "--experimental-websocket", "--input-type=module", "-e", driver],
        cwd=typescript_client(),
        env={**os.environ, **settings, "QUIET": str(QUIET)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == "restart\n"
        os.kill(
            places.master, signal.SIGHUP
        )  # the old workers say 1012; new ones take some seconds
        result = json.loads(process.stdout.readline())
    assert (result["whileBusy"], result["saved"], result["waiting"]) == (0, 1, 0)
    assert set(result["whileQuiet"]) == {1006}
    words = {session["session_type"]: session["words_spoken"] for session in saved(learner)}
    assert words == {"conversation": 9, "roleplay": 3}


TEXT = """
const found = [...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility());
return found.map((one) => one.innerText).join("\\n");
"""


class Window:
    """A window with the page of live sessions."""

    def __init__(self, chrome: Chrome, address: str, access_token: str) -> None:
        self.chrome = chrome
        chrome.switch_to.new_window("window")
        self.handle = chrome.current_window_handle
        chrome.get(f"{address}/docs/live")
        chrome.find_element(By.NAME, "token").send_keys(access_token)
        click(chrome, "button", "#sign-in")
        self.sees("#connection", "live, by socket")

    def use(self) -> "Window":
        self.chrome.switch_to.window(self.handle)
        return self

    def text(self, selector: str) -> str:
        return str(self.chrome.execute_script(TEXT, selector))  # at one moment: it moves

    def wait(self, is_so: Callable[[], bool]) -> None:
        WebDriverWait(self.chrome, 20, poll_frequency=0.1).until(lambda _: is_so())

    def sees(self, selector: str, text: str) -> None:
        self.wait(lambda: text in self.text(selector))


def test_a_live_session_moves_on_two_windows_of_the_page(
    places: Places, learner: Learner, chrome: Chrome
) -> None:
    one, two = (Window(chrome, places.proxy, token(learner.id)) for _ in range(2))
    one.use()
    click(chrome, "button", "#begin")
    one.sees("#sessions", "this device")
    chrome.find_element(By.NAME, "word").send_keys("reserva")
    click(chrome, "button", "#learn")
    two.use().sees("#sessions", "another device")
    two.sees("#sessions .words", "reserva")
    before = two.text("#sessions .facts")
    two.wait(lambda: two.text("#sessions .facts") != before)
    one.use()
    click(chrome, "#finish")
    one.sees("#unlocked", "Saved:")
    one.sees("#unlocked", "Unlocked: First step.")
    two.use().sees("#unlocked", "Unlocked: First step.")
    two.sees("#all", "Nothing is live.")
    (session,) = saved(learner)
    assert session["vocabulary_learned"] == ["reserva"]
    assert errors(chrome) == []
    assert hosts(chrome) == {"127.0.0.1"}


def test_the_page_carries_a_session_on_when_its_connection_was_cut_and_cancels_it(
    places: Places, learner: Learner, chrome: Chrome
) -> None:
    one = Window(chrome, places.hasty, token(learner.id))
    click(chrome, "button", "#begin")
    one.sees("#sessions", "this device")
    click(chrome, "#pause")
    one.sees("#connection", "by HTTP")  # nothing was said, so nginx has closed it
    one.sees("#connection", "live, by socket")
    click(chrome, "#pause")
    one.wait(lambda: "heartbeat 5" in one.text("#sessions"))
    two = Window(chrome, places.proxy, token(learner.id))
    click(chrome, ".buttons button:first-child", "#sessions")  # carry on here
    two.sees("#sessions", "this device")
    click(chrome, "#cancel")
    two.sees("#all", "Nothing is live.")
    one.use().wait(lambda: one.text("#practice") == "")  # it was cancelled on the other device
    assert saved(learner) == []


def test_the_page_says_when_a_token_is_no_good(places: Places, chrome: Chrome) -> None:
    chrome.get(f"{places.proxy}/docs/live")
    wait = WebDriverWait(chrome, 20)
    for text in ("not a token", "nonsense"):
        field = chrome.find_element(By.NAME, "token")
        field.clear()
        field.send_keys(text)
        click(chrome, "button", "#sign-in")
        wait.until(lambda _: chrome.find_element(By.ID, "complaint").text)
        assert chrome.find_element(By.NAME, "token").is_displayed()


# A web app: it practises until its tab is closed, and once more after that.
APP = """
const [url, token, learner, words, done] = arguments;
import(location.origin + "/dist/index.js").then(async ({ PracticeQueue, SessionsClient, webStorage }) => {
  const client = new SessionsClient({ url, token: () => token });
  const options = { learner, storage: webStorage(localStorage) };
  const [unfinished] = await client.unfinished(options);
  const session = unfinished || { session_type: "roleplay" };
  const kinds = (window.kinds = []);
  const opened = new Promise((resolve) => {
    const onEvent = (event) => { kinds.push(event.kind); if (event.open) resolve(); };
    const totals = () => ({ active_seconds: 0, words_spoken: words });
    window.live = client.live({ ...options, session, totals, onEvent });
  });
  window.queue = new PracticeQueue({ client, ...options });
  live.start();
  await opened;
  await live.beat();
  return [live.id, unfinished ? unfinished.words_spoken : null];
}).then(done, (error) => done(String(error)));
"""
FINISH = """
const done = arguments[0];
live.finish(queue, { session_type: "roleplay", duration_seconds: 60 })
  .then(async () => [kinds.includes("saved"), (await queue.flush()).waiting, localStorage.length])
  .then(done, (error) => done(String(error)));
"""


def test_a_web_app_of_another_origin_practises_by_socket_and_goes_on_after_its_tab_was_closed(
    places: Places, learner: Learner, chrome: Chrome
) -> None:
    def practise(words: int) -> Any:
        chrome.switch_to.new_window("tab")
        chrome.get(places.app)
        arguments = [places.proxy, token(learner.id), learner.id, words]
        return chrome.execute_async_script(APP, *arguments)

    first_window = chrome.current_window_handle
    id, before = practise(4)
    assert before is None
    chrome.close()
    chrome.switch_to.window(first_window)
    assert practise(7) == [id, 4]
    assert learner.get("/live")["sessions"][0]["words_spoken"] == 7
    assert chrome.execute_async_script(FINISH) == [True, 0, 0]
    assert [session["session_result_id"] for session in saved(learner)] == [id]
