"""Exports of release 1.0, as it wrote them: without language, version and preferences."""

from pathlib import Path

import orjson
import pytest
from flask import Flask

from tests.factories import Learner
from tests.imports.practice import counts, download, take_back

FILES = Path(__file__).parent / "first_release"
LEARNER = "6f1c2a34-8a4e-4c5b-9d2f-0a1b2c3d4e5f"


@pytest.mark.parametrize("file_format", ["json", "ndjson", "csv"])
def test_a_file_of_the_first_release_is_taken(app: Flask, file_format: str) -> None:
    learner = Learner(app, LEARNER)
    old = orjson.loads((FILES / "export.json").read_bytes())
    file = (FILES / f"export.{file_format}").read_bytes()
    answer = take_back(learner, file, file_format)
    assert counts(answer) == (7, 0, 0)
    assert answer["unknown_members"] == []
    new = orjson.loads(download(learner))
    assert [_old(session) for session in new["sessions"]] == old["sessions"]
    assert {session["language"] for session in new["sessions"]} == {"en"}
    met = {row["word"]: row["times_seen"] for row in new["words"]}
    assert met == {"reservation": 7, **{f"word {day}": 1 for day in range(1, 8)}}
    assert (len(new["memories"]), len(new["skills"])) == (1, 1)
    if file_format == "json":
        assert new["deleted_sessions"] == old["deleted_sessions"]
        assert new["comparison"] == old["comparison"]
        kept = {row["achievement"] for row in old["achievements"]}
        assert kept <= {row["achievement"] for row in new["achievements"]}
    assert counts(take_back(learner, file, file_format)) == (0, 7, 0)


def _old(row: dict) -> dict:
    later = ("language", "version")
    return {name: value for name, value in row.items() if name not in later}
