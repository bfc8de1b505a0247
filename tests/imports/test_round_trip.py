"""What comes back equals what was exported."""

from random import Random

import orjson
import pytest
from flask import Flask

from tests.factories import Learner
from tests.imports.practice import counts, download, lasting, practise, take_back
from tests.postgres import empty_tables

pytestmark = pytest.mark.one_and_several


@pytest.mark.parametrize("seed", range(4))
def test_a_json_export_comes_back_whole_into_another_database(
    app: Flask, learner: Learner, seed: int
) -> None:
    practise(learner, Random(seed))
    export = download(learner)
    before = lasting(export)
    assert len(before["preferences"]) == 3
    assert before["achievements"]
    assert before["comparison"]
    assert len(before["deleted_sessions"]) == 1
    empty_tables(app)
    answer = take_back(learner, export)
    assert counts(answer) == (31, 0, 0)
    assert {row["status"] for row in answer["other_results"]} == {"created"}
    assert answer["unknown_members"] == []
    after = download(learner)
    assert lasting(after) == before
    again = take_back(learner, after)
    assert counts(again) == (0, 31, 0)
    assert {row["status"] for row in again["other_results"]} == {"replayed"}
    assert download(learner)[-2000:] == after[-2000:]
    assert orjson.loads(download(learner))["sessions"] == orjson.loads(after)["sessions"]


@pytest.mark.parametrize("file_format", ["ndjson", "csv"])
def test_sessions_come_back_exactly_from_every_format(
    app: Flask, learner: Learner, file_format: str
) -> None:
    practise(learner, Random(file_format))
    before = lasting(download(learner))
    export = download(learner, file_format)
    empty_tables(app)
    assert counts(take_back(learner, export, file_format)) == (31, 0, 0)
    after = lasting(download(learner))
    assert after["sessions"] == before["sessions"]
    for member in ("words", "memories", "skills"):
        assert after[member] == before[member]
    assert counts(take_back(learner, export, file_format)) == (0, 31, 0)
