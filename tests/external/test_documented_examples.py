"""Every example of docs/api.md and of the README's tour is run against the live service."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from selenium.webdriver import Chrome
from selenium.webdriver.support.wait import WebDriverWait

from tests.external.clients import typescript_client
from tests.external.test_browser import chrome
from tests.factories import Learner, token
from tests.serving import ROOT, gunicorn
from vorex_sessions.extensions import db

pytestmark = pytest.mark.external
__all__ = ["chrome"]

# Node 22 has WebSocket without the option.
NODE = ["node", "--experimental-websocket", "--no-warnings", "--input-type=module", "-e"]
PAGES = ["README.md", "docs/api.md"]


@pytest.fixture(scope="module")
def address(app: Flask, database_url: str) -> Iterator[str]:
    with gunicorn(database_url) as (address, _):
        yield address


def examples(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def environment(learner: Learner, address: str) -> dict[str, str]:
    return {**os.environ, "URL": address, "TOKEN": token(learner.id)}


@pytest.mark.parametrize("page", PAGES)
def test_every_curl_example_works(
    page: str, address: str, learner: Learner, tmp_path: Path
) -> None:
    answers = run(page, environment(learner, address), tmp_path)
    for answer in answers:
        assert not str(answer.get("type", "")).startswith("/problems/"), answer


def run(page: str, environment: dict[str, str], folder: Path) -> list[dict[str, Any]]:
    """Run the page's examples; return their JSON answers."""
    scripts = [script for script in examples(page, "sh") if "curl" in script]
    assert len(scripts) >= 4
    # One shell for all of them, since later examples use what earlier ones have set.
    strict = 'set -eu\ncurl() { command curl -sS --fail-with-body "$@"; echo; }\n'
    finished = subprocess.run(
        ["bash", "-c", strict + "\n".join(scripts)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines() if line.startswith("{")]


def test_every_question_of_the_tour_has_an_answer(
    address: str, learner: Learner, tmp_path: Path
) -> None:
    answers = run("README.md", environment(learner, address), tmp_path)
    answered = {name: value for answer in answers for name, value in answer.items() if value}
    assert answered["total_sessions"] == answered["current"] == 1
    expected = ["achievements", "focus_areas", "next", "sessions", "vocabulary_review", "words"]
    assert not [name for name in expected if name not in answered]


def test_the_javascript_examples_work(address: str, learner: Learner) -> None:
    script = "\n".join(examples("docs/api.md", "js"))
    assert "fetch(" in script
    subprocess.run(
        [*NODE, script],
        cwd=typescript_client(),  # where its name means the library
        env=environment(learner, address),
        check=True,
        timeout=60,
    )
    assert learner.count() >= 4
    assert learner.get("/live")["sessions"] == []


# What the example for React Native takes from the app and the phone; then the app goes to the background and
# comes back, and the learner finishes.
PHONE = """
const signedIn = { access_token: process.env.TOKEN, user: { id: process.env.LEARNER } };
const auth = async () => ({ data: { session: signedIn } });
const supabase = { auth: { getSession: auth, refreshSession: auth } };
const texts = new Map();
const AsyncStorage = {
  getItem: async (key) => texts.get(key) ?? null, setItem: async (key, text) => { texts.set(key, text); },
  removeItem: async (key) => { texts.delete(key); }, getAllKeys: async () => [...texts.keys()],
};
let change;
const addEventListener = (name, work) => {
  change = (state) => { AppState.currentState = state; work(state); };
  return { remove: () => { change = null; } };
};
const AppState = { addEventListener, currentState: "active" };
"""
USE = """
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
await sleep(1);
counted.words_spoken = 5;
change("background");
await sleep(0.5);
const [shown] = await client.liveSessions();
console.log("in the background", shown.words_spoken);
change("active");
await sleep(1);
change("background");
change("active"); // before the heartbeat is answered
await sleep(0.5);
console.log("goes on", live.running);
await finish();
console.log("left", texts.size);
"""


def test_the_react_native_example_works(address: str, learner: Learner) -> None:
    (example,) = examples("docs/api.md", "jsx")
    foreign = r'^import .* from "(@react-native|react-native|\./supabase).*;\n'
    script = re.sub(foreign, "", example, flags=re.MULTILINE)
    script = PHONE + script.replace("https://sessions.example.com", address) + USE
    finished = subprocess.run(
        [*NODE, script],
        cwd=typescript_client(),
        env={**environment(learner, address), "LEARNER": learner.id},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "live now" in finished.stdout  # the socket was open
    assert "in the background 5" in finished.stdout
    assert "goes on true" in finished.stdout
    assert "left 0" in finished.stdout
    (session,) = learner.get("/history")["sessions"]
    assert session["words_spoken"] == 5


def test_the_socket_example_works_in_a_browser(
    address: str, learner: Learner, chrome: Chrome
) -> None:
    (example,) = [one for one in examples("docs/api.md", "js") if "new WebSocket" in one]
    chrome.get(f"{address}/docs/live")  # a page that may connect to its host
    chrome.execute_script("const [url, token] = arguments;\n" + example, address, token(learner.id))
    WebDriverWait(chrome, 20).until(lambda _: learner.count() == 1)


def test_the_sql_of_the_troubleshooting_works(app: Flask, learner: Learner) -> None:
    learner.save()
    statements = examples("docs/api.md", "sql")
    assert len(statements) >= 3
    with app.app_context(), db.engine.begin() as connection:
        for block in statements:
            for statement in filter(str.strip, block.split(";")):
                connection.exec_driver_sql(statement.replace("LEARNER_ID", learner.id))
