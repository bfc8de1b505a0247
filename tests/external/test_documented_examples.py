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

from tests.external.clients import typescript_client
from tests.factories import Learner, token
from tests.serving import ROOT, gunicorn
from vorex_sessions.extensions import db

pytestmark = pytest.mark.external

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
        ["node", "--input-type=module", "-e", script],
        cwd=typescript_client(),  # where its name means the library
        env=environment(learner, address),
        check=True,
        timeout=60,
    )
    assert learner.count() >= 3


def test_the_sql_of_the_troubleshooting_works(app: Flask, learner: Learner) -> None:
    learner.save()
    statements = examples("docs/api.md", "sql")
    assert len(statements) >= 3
    with app.app_context(), db.engine.begin() as connection:
        for block in statements:
            for statement in filter(str.strip, block.split(";")):
                connection.exec_driver_sql(statement.replace("LEARNER_ID", learner.id))
