"""Cells of a CSV export, read back without loss."""

import csv
import io
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from vorex_sessions.privacy.formats import as_csv, unguarded

TEXTS = st.text("'=+-@\t\r\n\",a;ü ", max_size=8) | st.text()


@given(st.lists(st.fixed_dictionaries({"a": TEXTS, "b": TEXTS.map(lambda text: [text])})))
def test_every_text_is_read_back_as_it_was(rows: list[dict[str, Any]]) -> None:
    written = b"".join(as_csv(["a", "b"], [list(map(json.dumps, rows))])).decode()
    _, *cells = csv.reader(io.StringIO(written, newline=""), strict=True)
    assert [unguarded(a) for a, _ in cells] == [row["a"] for row in rows]
    assert [json.loads(b) for _, b in cells] == [row["b"] for row in rows]
    assert not [cell for row in cells for cell in row if cell.startswith(tuple("=+-@\t\r\n"))]


def test_a_cell_of_an_earlier_release_is_read_as_it_was_meant() -> None:
    assert unguarded("'=1+1") == "=1+1"
    assert unguarded("'quoted'") == "'quoted'"
    assert unguarded("don't") == "don't"
