"""Measure how cost grows with the table, the page, a learner's sessions, a batch and an export."""

import io
import json
import random
import time
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import psycopg2
import requests

from bench import data, traffic
from bench.measure import drive, middle, ratio
from bench.services import Running
from vorex_sessions.sessions.history import read_cursor

_EXPORTED = 200_000
_SENT = 10_000  # requests in a file: more than a run sends
_FEW = 40_000  # sessions of so few learners that each saves within the first runs
# Separate learners, so that their sessions make no other answers longer.
_GIANT = data.learner_id(-1)
_BATCHER = -2


def growth(
    small: Running,
    large: Running,
    sizes: tuple[int, int],
    folder: Path,
    *,
    seconds: int,
    times: int,
) -> dict[str, float]:
    """Return the ratio of the median latencies on the larger and on the smaller table."""
    results = {}
    for name in traffic.ENDPOINTS:
        runs: dict[int, list[Any]] = {size: [] for size in sizes}
        files = {}
        for size in sizes:
            (folder / str(size)).mkdir(exist_ok=True)
            access_tokens = traffic.tokens(size, recurring=True, newcomers=name == "save")
            files[size] = traffic.write(folder / str(size), name, access_tokens)
        for _ in range(times):
            for size, running in zip(sizes, (small, large), strict=True):
                runs[size].append(drive(running, files[size], clients=8, seconds=seconds))
        results[name] = ratio(runs[sizes[1]], runs[sizes[0]], "p50")
        ours = [middle(runs[size]) for size in sizes]
        print(
            f"{name}: p50 {results[name]:.2f} x with {sizes[1]:,} sessions "
            f"({ours[0].p50:.1f}, {ours[1].p50:.1f} ms)",
            flush=True,
        )
    return results


def deep_pages(running: Running, address: str, folder: Path, *, seconds: int) -> dict[str, Any]:
    """Compare page 250 by cursor with page 1 for 5,000 sessions; count the buffers that page 250 reads."""
    access_token = traffic.token(0, random.Random(0))
    header = {"Authorization": f"Bearer {access_token}"}
    path, page = "/api/sessions/history?limit=20", {"next_cursor": None}
    for _ in range(249):
        at = f"{path}&cursor={page['next_cursor']}" if page["next_cursor"] else path
        page = requests.get(running.address + at, headers=header, timeout=10).json()
    deep = f"{path}&cursor={page['next_cursor']}"
    runs: dict[str, list[Any]] = {path: [], deep: []}
    for _ in range(3):
        for place in (path, deep):
            file = traffic.once(place, access_token, folder)
            runs[place].append(drive(running, file, clients=8, seconds=seconds))
    results = {
        "ratio p50": ratio(runs[deep], runs[path], "p50"),
        "buffers": _buffers(address, deep),
    }
    print(f"history, page 250 of 5,000 sessions: {results}", flush=True)
    return results


def _buffers(address: str, deep: str) -> int:
    """Return the buffers of the page itself; the exact total costs the same on every page."""
    instant, after = read_cursor(deep.partition("cursor=")[2], {})
    shown = (
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM session_results "
        "WHERE user_id = %s AND (completed_at, session_result_id) < (%s, %s) "
        "ORDER BY completed_at DESC, session_result_id DESC LIMIT 21"
    )
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute(shown, [data.learner_id(0), instant, after])
        plan = cursor.fetchone()[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def everything(running: Running, sessions: int, folder: Path, *, seconds: int) -> dict[str, float]:
    """Compare `all` for 5,000 sessions with `week` of ordinary learners: processor time and latency."""
    rng = random.Random(1)
    heavy = [number for number in range(data.learners(sessions)) if data.is_heavy(number)]
    tokens = [traffic.token(rng.choice(heavy), rng) for _ in range(2000)]
    week = traffic.write(
        folder, "stats week", traffic.tokens(sessions, recurring=True, count=_SENT)
    )
    all_time = folder / "all.txt"
    lines = (f"GET\t/api/sessions/stats?period=all\t{token}\t\n" for token in tokens)
    all_time.write_text("".join(lines))
    runs: dict[str, list[Any]] = {"week": [], "all": []}
    for _ in range(3):
        runs["week"].append(drive(running, week, clients=1, seconds=seconds))
        runs["all"].append(drive(running, all_time, clients=1, seconds=seconds))
    results = {
        "ratio p50": ratio(runs["all"], runs["week"], "p50"),
        "ratio cost": median(
            (heavy_run.server_cpu + heavy_run.database_cpu) / (run.server_cpu + run.database_cpu)
            for heavy_run, run in zip(runs["all"], runs["week"], strict=True)
        ),
    }
    print(f"stats, all of 5,000 sessions compared with an ordinary week: {results}", flush=True)
    return results


def batches(running: Running, sessions: int, folder: Path, *, seconds: int) -> dict[str, float]:
    """Compare the sessions/s of batches of 100 with single saves, by one client each."""
    access_tokens = traffic.tokens(sessions, recurring=True, count=4000, newcomers=True)
    single = traffic.write(folder, "save", access_tokens)
    rng = random.Random(2)
    counts = []
    for _ in range(3):
        saves = drive(running, single, clients=1, seconds=seconds)
        counts.append(_batches(running, rng, seconds) / saves.per_second)
    results = {"ratio": median(counts)}
    print(f"batch of 100 compared with 100 saves: {results}", flush=True)
    return results


def _batches(running: Running, rng: random.Random, seconds: int) -> float:
    header = {
        "Authorization": f"Bearer {traffic.token(_BATCHER, rng)}",
        "Content-Type": "application/json",
    }
    url = f"{running.address}/api/sessions/batch"
    contents = [data.content(rng) for _ in range(100)]
    stored = 0
    spent = 0.0
    with requests.Session() as client:
        while spent < seconds:
            sessions = [{**content, "session_result_id": str(uuid4())} for content in contents]
            body = json.dumps({"sessions": sessions})
            began = time.perf_counter()
            answer = client.post(url, body, headers=header, timeout=10)
            spent += time.perf_counter() - began
            stored += answer.json()["created"]
    return stored / spent


def export(running: Running, address: str) -> dict[str, float]:
    """Compare the MB/s of an export of 200,000 sessions with COPY of the same rows to the same client."""
    with closing(psycopg2.connect(address)) as connection:
        with connection, connection.cursor() as cursor:
            _make_giant(cursor)
        rates = [(_download(running), _copy(connection)) for _ in range(3)]
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM session_results WHERE user_id = %s", [_GIANT])
    results = {
        "ratio": median(exported / copied for exported, copied in rates),
        "export MB/s": median(exported for exported, _ in rates),
        "COPY MB/s": median(copied for _, copied in rates),
    }
    print(f"export of {_EXPORTED:,} sessions: {results}", flush=True)
    return results


def _make_giant(cursor: psycopg2.extensions.cursor) -> None:
    cursor.execute(
        "INSERT INTO session_results SELECT (jsonb_populate_record(session, jsonb_build_object("
        "'user_id', %s, 'session_result_id', gen_random_uuid()))).* FROM session_results AS session LIMIT %s",
        [_GIANT, _EXPORTED],
    )


def _download(running: Running) -> float:
    header = {"Authorization": f"Bearer {traffic.token(-1, random.Random())}"}
    began = time.perf_counter()
    url = f"{running.address}/api/sessions/export"
    with requests.get(url, headers=header, stream=True, timeout=60) as answer:
        size = sum(len(piece) for piece in answer.iter_content(1 << 16))
    return size / 1e6 / (time.perf_counter() - began)


class _Counting(io.RawIOBase):
    """A file that only counts bytes."""

    size = 0

    def write(self, piece: Any) -> int:
        """Count the bytes."""
        self.size += len(piece)
        return len(piece)


def _copy(connection: psycopg2.extensions.connection) -> float:
    counting = _Counting()
    began = time.perf_counter()
    with connection, connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT * FROM session_results WHERE user_id = '{_GIANT}' "
            "ORDER BY completed_at DESC, session_result_id DESC) TO STDOUT",
            counting,
        )
    return counting.size / 1e6 / (time.perf_counter() - began)


def derived(
    ours: Running, without: Running, sessions: int, folder: Path, *, seconds: int, times: int
) -> dict[str, float]:
    """Compare saves with those of a service without projections, by 8 clients."""
    runs: dict[str, list[Any]] = {"with": [], "without": []}
    few = min(sessions, _FEW)
    for _ in range(times + 2):
        access_tokens = traffic.tokens(few, recurring=True, count=_SENT)
        file = traffic.write(folder, "save", access_tokens)
        runs["with"].append(drive(ours, file, clients=8, seconds=seconds))
        runs["without"].append(drive(without, file, clients=8, seconds=seconds))
    # The first pairs are left out: each learner's first save reads all earlier sessions.
    with_, without_ = runs["with"][2:], runs["without"][2:]
    results = {
        "ratio p50": ratio(with_, without_, "p50"),
        "ratio per second": ratio(with_, without_),
    }
    print(f"saves compared with saves without projections: {results}", flush=True)
    return results


def full_saves(
    ours: Running, sessions: int, folder: Path, *, seconds: int, times: int
) -> dict[str, float]:
    """Compare saves with 20 word outcomes and 5 skills with plain saves, by 8 clients.

    No other run reads these learners, since the peer would suggest other words to them.
    """
    runs: dict[bool, list[Any]] = {True: [], False: []}
    for _ in range(times + 1):
        access_tokens = traffic.tokens(sessions, recurring=True, count=_SENT, newcomers=True)
        for full in (False, True):
            file = traffic.write(folder, "save", access_tokens, full=full)
            runs[full].append(drive(ours, file, clients=8, seconds=seconds))
    # The first pair is left out: it warms up.
    full_, plain = runs[True][1:], runs[False][1:]
    results = {"ratio p50": ratio(full_, plain, "p50"), "ratio per second": ratio(full_, plain)}
    print(f"saves with 20 words and 5 skills compared with plain ones: {results}", flush=True)
    return results
