"""Everything that is stored about a learner, as a download."""

import csv
import io
import json
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psutil
import pytest
import requests
import sqlalchemy as sa
from flask import Flask

from tests.factories import Learner, content, pointers, token
from tests.postgres import transaction
from tests.serving import gunicorn
from tests.statements import recorded
from tests.timing import tries
from vorex_sessions import create_app
from vorex_sessions.database import Transaction, run_transaction
from vorex_sessions.extensions import db
from vorex_sessions.growth.store import store
from vorex_sessions.growth.totals import Totals
from vorex_sessions.hooks.projections import VERSION
from vorex_sessions.hooks.registry import registry
from vorex_sessions.privacy import export
from vorex_sessions.privacy.formats import as_csv

EXPORT = "/api/sessions/export"


def download(learner: Learner, file_format: str) -> bytes:
    response = learner.request("GET", f"{EXPORT}?format={file_format}")
    assert response.status_code == 200
    return response.data


@pytest.mark.one_and_several
def test_json_holds_everything_that_is_stored(learner: Learner, other: Learner) -> None:
    learner.save(completed_at="2026-01-01T10:00:00Z")
    erased = learner.request("DELETE", "/api/sessions?confirm=true")
    assert erased.status_code == 200
    gone = learner.save()
    learner.request("DELETE", f"/api/sessions/{gone['session_result_id']}")
    kept = learner.save(topics=["travel"], metadata={"a": [1, None, "ü"]}, fluency_score=80.5)
    other.save()
    body = orjson.loads(download(learner, "json"))
    assert body["user_id"] == learner.id
    assert body["sessions"] == [kept]
    assert [row["session_result_id"] for row in body["deleted_sessions"]][-1] == (
        gone["session_result_id"]
    )
    assert len(body["deleted_sessions"]) == 2
    assert [row["closed"] for row in body["erasures"]] == [False]


def test_json_is_the_default_and_a_learner_without_anything_gets_empty_lists(
    learner: Learner,
) -> None:
    response = learner.request("GET", EXPORT)
    assert response.content_type == "application/json"
    body = orjson.loads(response.data)
    assert (body["sessions"], body["deleted_sessions"], body["erasures"]) == ([], [], [])
    assert download(learner, "ndjson") == b""
    assert download(learner, "csv").startswith(b"user_id,session_result_id,session_type,")


@pytest.mark.parametrize(
    "metadata", [{"n": [1e300, -0.5, 1e-7, 2**63 - 1]}, {"ü\u2028": {'"': "\\"}}]
)
def test_what_is_exported_is_what_the_api_shows(learner: Learner, metadata: dict) -> None:
    saved = learner.save(
        metadata=metadata,
        topics=[],
        vocabulary_learned=["c'est\tça"],
        fluency_score=33.333333333333336,
    )
    assert orjson.loads(download(learner, "ndjson")) == saved
    (row,) = csv.DictReader(io.StringIO(download(learner, "csv").decode(), newline=""))
    assert orjson.loads(row["metadata"]) == metadata


@pytest.mark.limits_of_time
@pytest.mark.parametrize("file_format", ["json", "csv", "ndjson", "xapi"])
def test_a_table_that_cannot_be_read_is_told_before_anything_is_sent(
    learner: Learner, file_format: str
) -> None:
    learner.save()
    with learner.app.app_context(), transaction(60) as connection:
        connection.execute(sa.text("LOCK TABLE session_results IN ACCESS EXCLUSIVE MODE"))
        response = learner.request("GET", f"{EXPORT}?format={file_format}")
    assert response.status_code == 503
    assert response.headers["Retry-After"]


@pytest.mark.parametrize("how", ["PATCH", "DELETE"])
def test_what_is_derived_agrees_with_the_sessions_also_after_a_change(
    app: Flask, learner: Learner, how: str
) -> None:
    practice = {
        "vocabulary_results": [{"word": "essen", "outcome": "good"}],
        "skills": [{"skill": "past-simple", "score": 70}],
    }
    kept, changed = learner.save(**practice), learner.save(words_spoken=5, duration_seconds=7)
    changes = {"words_spoken": 6, "vocabulary_results": [{"word": "gehen", "outcome": "again"}]}
    options = {"json": changes} if how == "PATCH" else {}
    learner.request(how, f"/api/sessions/{changed['session_result_id']}", **options)
    body = orjson.loads(download(learner, "json"))
    (totals,) = body["totals"]
    assert totals["sessions"] == len(body["sessions"])
    for name, field in (("seconds", "duration_seconds"), ("words_spoken", "words_spoken")):
        assert totals[name] == sum(session[field] for session in body["sessions"])
    words = ["essen", "gehen"] if how == "PATCH" else ["essen"]
    assert [row["word"] for row in body["words"]] == words
    assert [row["word"] for row in body["memories"]] == words
    assert [row["skill"] for row in body["skills"]] == ["past-simple"]
    assert kept in body["sessions"]


def test_no_export_shows_the_marks_of_what_is_current(app: Flask, learner: Learner) -> None:
    learner.save()
    assert {"counted", "derived_version"}.isdisjoint(
        orjson.loads(download(learner, "json"))["totals"][0]
    )


def test_an_export_of_a_learner_from_before_brings_everything_up_to_date(
    app: Flask, learner: Learner
) -> None:
    learner.save(vocabulary_learned=["essen"])
    with app.app_context(), transaction() as connection:
        connection.execute(
            sa.text("UPDATE learner_totals SET derived_version = 0, counted = false")
        )
        connection.execute(sa.text("DELETE FROM learner_words"))
    body = orjson.loads(download(learner, "json"))
    assert [row["word"] for row in body["words"]] == ["essen"]


@pytest.mark.one_and_several
def test_ndjson_is_one_session_a_line_newest_first(learner: Learner) -> None:
    saved = [learner.save(completed_at=f"2026-01-0{day}T10:00:00Z") for day in (1, 3, 2)]
    lines = download(learner, "ndjson").splitlines()
    assert [orjson.loads(line) for line in lines] == [saved[1], saved[2], saved[0]]


@pytest.mark.one_and_several
def test_only_one_machine_is_asked_for_a_cursor(
    app: Flask, learner: Learner, machines: str
) -> None:
    learner.save()
    with recorded(app) as sent:
        download(learner, "json")
    assert any("DECLARE documents_" in text for text in sent) == (machines == "one")


def test_no_two_rows_of_an_export_have_the_same_place(in_app: Flask) -> None:
    """Where there are several machines, a portion begins after the place of the last one's end."""
    for one in registry().exports.values():
        (table,) = one.rows.get_final_froms()
        place = {"user_id", *map(ordered_by, one.rows._order_by_clauses)}
        with transaction() as connection:
            indexes = sa.inspect(connection).get_indexes(table.name)
        keys = [[column.name for column in table.primary_key]]
        keys += [one["column_names"] for one in indexes if one["unique"]]
        assert any(place.issuperset(key) for key in keys), one.member


def ordered_by(clause: Any) -> str:
    return str(getattr(clause, "element", clause).name)


@pytest.mark.one_and_several
def test_more_sessions_than_a_portion_come_whole_and_in_order(learner: Learner) -> None:
    fill(learner, 1001)
    exported = orjson.loads(download(learner, "json"))["sessions"]
    assert len(exported) == 1001
    assert exported == [orjson.loads(line) for line in download(learner, "ndjson").splitlines()]
    assert exported == sorted(exported, key=lambda session: session["completed_at"], reverse=True)
    rows = list(csv.DictReader(io.StringIO(download(learner, "csv").decode())))
    assert [row["session_result_id"] for row in rows] == [
        session["session_result_id"] for session in exported
    ]


def fill(learner: Learner, count: int) -> None:
    with learner.app.app_context(), transaction(60) as connection:
        connection.execute(
            sa.text("""
            INSERT INTO session_results (user_id, session_result_id, session_type,
                duration_seconds, topics, completed_at, timezone, practiced_on, fingerprint,
                version)
            SELECT CAST(:user_id AS uuid), gen_random_uuid(), 'conversation', 300,
                ARRAY['travel', 'number ' || n], moment, 'UTC', CAST(moment AS date),
                decode(repeat('00', 16), 'hex'), 0
            FROM generate_series(1, :count) AS n,
                LATERAL (SELECT timestamptz '2026-01-01 00:00+00' - n * interval '1 minute' AS moment) t
            """),
            {"user_id": learner.id, "count": count},
        )


def test_csv_is_rfc_4180_with_lists_and_metadata_as_json(learner: Learner) -> None:
    saved = learner.save(
        topics=['with "quotes"', "a, comma"], metadata={"note": "line\nbreak"}, grammar_score=82.5
    )
    text = download(learner, "csv")
    assert text.count(b"\r\n") == 2
    (row,) = csv.DictReader(io.StringIO(text.decode(), newline=""), strict=True)
    assert json.loads(row["topics"]) == saved["topics"]
    assert json.loads(row["metadata"]) == saved["metadata"]
    assert row["grammar_score"] == "82.5"
    assert row["fluency_score"] == ""
    for name in ("user_id", "session_type", "completed_at", "timezone", "practiced_on"):
        assert row[name] == saved[name]


def test_no_cell_of_a_csv_runs_as_a_formula() -> None:
    live = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]
    portion = [json.dumps({"cell": cell}) for cell in live]
    rows = list(csv.reader(io.StringIO(b"".join(as_csv(["cell"], [portion])).decode(), newline="")))
    assert [row[0] for row in rows[1:]] == [f"'{cell}" for cell in live]


def test_a_topic_that_is_a_formula_starts_no_cell(learner: Learner) -> None:
    learner.save(topics=["=HYPERLINK(1)"], vocabulary_learned=["@x"], areas_to_improve=["-1+2"])
    _, row = csv.reader(io.StringIO(download(learner, "csv").decode(), newline=""))
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("file_format", "media"),
    [
        ("json", "application/json"),
        ("csv", "text/csv"),
        ("ndjson", "application/x-ndjson"),
        ("xapi", "application/x-ndjson"),
    ],
)
def test_a_download_says_what_it_is_and_what_to_call_it(
    learner: Learner, file_format: str, media: str
) -> None:
    for method in ("GET", "HEAD"):
        response = learner.request(method, f"{EXPORT}?format={file_format}")
        assert response.mimetype == media
        name = f"vorex-sessions-{datetime.now(UTC).date()}.{file_format}"
        ending = ".ndjson" if file_format == "xapi" else ""
        assert response.headers["Content-Disposition"] == (f'attachment; filename="{name}{ending}"')
        assert response.headers["Cache-Control"] == "no-store"


def test_dates_narrow_a_download_to_sessions_of_these_days(learner: Learner) -> None:
    days = ["2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01"]
    for day in days:
        learner.save(completed_at=f"{day}T00:00:00Z", timezone="UTC")
    learner.save(completed_at="2026-02-28T12:00:00Z", timezone="Pacific/Kiritimati")  # 1 March
    for query, shown in [
        ("date_from=2026-02-01&date_to=2026-02-28", ["2026-02-28", "2026-02-01"]),
        ("date_from=2026-02-02", ["2026-03-01", "2026-03-01", "2026-02-28"]),
        ("date_to=2026-02-01", ["2026-02-01", "2026-01-31"]),
        ("date_from=2027-01-01&date_to=9999-12-31", []),
    ]:
        body = learner.request("GET", f"{EXPORT}?{query}").get_json()
        assert sorted(session["practiced_on"] for session in body["sessions"]) == sorted(shown)
        lines = learner.request("GET", f"{EXPORT}?format=ndjson&{query}").data.splitlines()
        assert [orjson.loads(line) for line in lines] == body["sessions"]
        text = learner.request("GET", f"{EXPORT}?format=csv&{query}").text
        assert len(list(csv.DictReader(io.StringIO(text)))) == len(shown)


def test_a_download_of_some_days_says_so_and_holds_nothing_derived(learner: Learner) -> None:
    learner.save(vocabulary_learned=["word"], completed_at="2026-02-01T10:00:00Z")
    body = orjson.loads(learner.request("GET", f"{EXPORT}?date_from=2026-01-01").data)
    assert list(body) == ["user_id", "exported_at", "date_from", "date_to", "sessions"]
    assert (body["date_from"], body["date_to"]) == ("2026-01-01", None)
    assert len(learner.get("/export")["words"]) == 1


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("date_from=2026-02-02&date_to=2026-02-01", "date_from"),
        ("date_from=yesterday", "date_from"),
        ("date_to=2026-02-30", "date_to"),
    ],
)
def test_broken_dates_of_a_download_are_named(learner: Learner, query: str, named: str) -> None:
    assert pointers(learner.request("GET", f"{EXPORT}?{query}")) == [named]


def test_another_format_is_422(learner: Learner) -> None:
    assert learner.request("GET", f"{EXPORT}?format=xml").status_code == 422


def test_http_1_0_is_refused_since_a_cut_download_would_look_whole(learner: Learner) -> None:
    environ = {"SERVER_PROTOCOL": "HTTP/1.0"}
    assert learner.request("GET", EXPORT, environ_overrides=environ).status_code == 505


def test_downloads_beyond_the_limit_are_503_and_saves_go_on(
    app: Flask, settings: dict, learner: Learner
) -> None:
    few = create_app({**settings, "EXPORT_CONNECTIONS": 1})
    reader = Learner(few, learner.id)
    fill(learner, 1000)
    first = few.test_client().get(EXPORT, headers=bearer(learner), buffered=False)
    second = reader.request("GET", EXPORT)
    assert second.status_code == 503
    assert second.headers["Retry-After"] == "10"
    assert "downloads" in second.get_json(force=True)["detail"]
    reader.save()
    first.close()
    assert reader.request("GET", EXPORT).status_code == 200


def bearer(learner: Learner) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(learner.id)}"}


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_failure_half_way_breaks_the_connection_off(
    app: Flask, database_url: str, coding: str
) -> None:
    learner = Learner(app)
    count = 150_000 if coding == "gzip" else 60_000  # more than fits between server and client
    fill(learner, count)
    mark_current(learner)
    with gunicorn(database_url, WEB_CONCURRENCY="1", EXPORT_CONNECTIONS="1") as (address, _):
        for file_format in ("json", "csv", "xapi", "ndjson"):
            url = f"{address}{EXPORT}?format={file_format}"
            headers = {**bearer(learner), "Accept-Encoding": coding}
            with requests.get(url, headers=headers, stream=True, timeout=30) as response:
                assert response.status_code == 200
                assert response.headers.get("Content-Encoding", "identity") == coding
                pieces = response.iter_content(10_000)
                next(pieces)
                end_backends(app, "FETCH%")
                with pytest.raises(requests.exceptions.ChunkedEncodingError):
                    list(pieces)
        whole = requests.get(url, headers=bearer(learner), timeout=30).content
        assert whole.count(b"\n") == count


def end_backends(app: Flask, query: str) -> None:
    """End every connection that runs such a query, as a fail-over of the database does."""
    statement = sa.text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE :query AND pid <> pg_backend_pid()"
    )
    with app.app_context(), db.engine.connect() as connection:
        deadline = time.monotonic() + 5
        while connection.execute(statement, {"query": query}).scalar_one() != 1:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_download_that_is_given_up_frees_its_connection(app: Flask, database_url: str) -> None:
    learner = Learner(app)
    fill(learner, 60_000)
    mark_current(learner)
    with gunicorn(database_url, WEB_CONCURRENCY="1", EXPORT_CONNECTIONS="1") as (address, _):
        for _ in range(5):
            with start_download(address, learner):
                pass
            deadline = time.monotonic() + 5
            while running(address) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert running(address) == 0
        exported = requests.get(f"{address}{EXPORT}", headers=bearer(learner), timeout=30).json()
        assert len(exported["sessions"]) == 60_000


def start_download(address: str, learner: Learner) -> socket.socket:
    """Return a client that has requested an export and read only its first bytes."""
    host, port = address.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    authorization = bearer(learner)["Authorization"]
    client.sendall(
        f"GET {EXPORT} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n".encode()
    )
    assert b"200 OK" in client.recv(1024)
    return client


def running(address: str) -> float:
    text = requests.get(f"{address}/metrics", timeout=5).text
    (line,) = [line for line in text.splitlines() if line.startswith("vorex_exports_running ")]
    return float(line.split()[1])


def test_a_large_export_starts_at_once_and_takes_no_more_memory_than_a_small_one(
    app: Flask, database_url: str
) -> None:
    small, large = Learner(app), Learner(app)
    fill(small, 200)
    fill(large, 200_000)
    peaks = {}
    for learner in (small, large):
        with gunicorn(database_url, WEB_CONCURRENCY="1", RATELIMIT_ENABLED="false") as (
            address,
            master,
        ):
            for _ in range(20):  # warm up both alike
                requests.get(f"{address}{EXPORT}", headers=bearer(small), timeout=30)
            url = f"{address}{EXPORT}"
            size = download_that_starts_at_once(url, learner)
            (worker,) = psutil.Process(master.pid).children()
            peaks[learner.id] = peak(worker.pid)
    assert size > 50_000_000
    assert peaks[large.id] - peaks[small.id] < 4_000_000


@pytest.mark.parametrize("file_format", ["json", "csv", "ndjson", "xapi"])
def test_the_largest_sessions_start_at_once_and_take_little_memory(
    app: Flask, database_url: str, file_format: str
) -> None:
    small, large = Learner(app), Learner(app)
    fill(small, 200)
    fill(large, 300)
    grow(large)
    mark_current(large)
    with gunicorn(database_url, WEB_CONCURRENCY="1") as (address, master):
        (worker,) = psutil.Process(master.pid).children()
        url = f"{address}{EXPORT}?format={file_format}"
        for _ in range(3):
            requests.get(url, headers=bearer(small), timeout=30)
        before = peak(worker.pid)
        size = download_that_starts_at_once(url, large)
        grown = peak(worker.pid) - before
    assert size > 60_000_000
    assert grown < 16_000_000


def download_that_starts_at_once(url: str, learner: Learner) -> int:
    """Return the size of an export, whose head comes at once."""
    for attempt in tries():
        with requests.get(url, headers=bearer(learner), stream=True, timeout=60) as response:
            assert response.status_code == 200
            attempt.check(response.elapsed.total_seconds(), 0.2)  # until the header was read
            size = sum(len(piece) for piece in response.iter_content(65536))
    return size


def grow(learner: Learner) -> None:
    """Make every session as large as may be: 500 words of 100 characters, 50 topics of 200, metadata."""
    with learner.app.app_context(), transaction(60) as connection:
        connection.execute(
            sa.text("""
            UPDATE session_results SET
                vocabulary_learned = array_fill(repeat('ü', 100), ARRAY[500]),
                topics = array_fill(repeat('ü', 200), ARRAY[50]),
                areas_to_improve = array_fill(repeat('ü', 200), ARRAY[50]),
                metadata = jsonb_build_object('text', repeat('x', 65000))
            WHERE user_id = CAST(:user_id AS uuid)
            """),
            {"user_id": learner.id},
        )


def mark_current(learner: Learner) -> None:
    """Store totals, so that an export has nothing to rebuild."""

    def work(transaction: Transaction) -> None:
        totals = Totals(sessions=1)
        store(transaction, learner.id, totals, [], kind="first", derived_version=VERSION)

    with learner.app.app_context():
        run_transaction(work)


def peak(pid: int) -> int:
    """Return the peak memory of a process in bytes (VmHWM, see proc(5))."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_a_download_that_takes_too_long_is_broken_off(
    in_app: Flask, learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(learner, 1000)
    monkeypatch.setattr(export, "LONGEST", 0)
    started = export.Download(learner.id, file_format="ndjson", now=datetime.now(UTC))
    with pytest.raises(TimeoutError):
        list(started)
    started.close()


def test_saves_go_on_beside_slow_downloads(app: Flask, database_url: str) -> None:
    learner, slow = Learner(app), Learner(app)
    fill(slow, 60_000)
    mark_current(slow)
    with gunicorn(database_url, WEB_CONCURRENCY="1", DB_POOL_SIZE="1") as (address, _):
        clients = [start_download(address, slow) for _ in range(2)]
        for attempt in tries():
            for _ in range(50):
                saved = requests.post(
                    f"{address}/api/sessions/save",
                    json=content(session_result_id=str(uuid4())),
                    headers=bearer(learner),
                    timeout=5,
                )
                assert saved.status_code == 201
                attempt.check(saved.elapsed.total_seconds(), 1)
        assert running(address) == 2
        for client in clients:
            client.close()
