"""Every example of docs/api.md and of the README's tour is run against the live service."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

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
    scripts = [script for script in examples(page, "sh") if "curl" in script]
    assert len(scripts) >= 4
    # One shell for all of them, since later examples use what earlier ones have set.
    strict = 'set -eu\ncurl() { command curl -sS --fail-with-body "$@"; echo; }\n'
    finished = subprocess.run(
        ["bash", "-c", strict + "\n".join(scripts)],
        cwd=tmp_path,
        env=environment(learner, address),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr
    for line in finished.stdout.splitlines():
        if line.startswith("{"):
            assert not str(json.loads(line).get("type", "")).startswith("/problems/"), line


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
