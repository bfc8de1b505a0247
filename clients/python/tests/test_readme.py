"""The README's examples, as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from device import URL, Device, access_token, history

README = (Path(__file__).parent.parent / "README.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_there_are_five_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES, ids=["ask", "queue", "kiosk", "live", "copy"])
def test_the_example_works(example: str, tmp_path: Path) -> None:
    learner = Device().learner
    finished = subprocess.run(
        [sys.executable, "-c", example],
        cwd=tmp_path,
        env={
            **os.environ,
            "VOREX_URL": URL,
            "VOREX_TOKEN": access_token(learner),
            "LEARNER": learner,
        },
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert finished.returncode == 0, finished.stderr
    if "PracticeQueue" in example:
        assert len(history(learner)) == 1
    else:
        assert "422 duration_seconds" in finished.stdout
