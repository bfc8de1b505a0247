"""How the cost grows: with the table, with the page, with the learner's sessions, with a batch, an export."""

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
from vorex_sessions.sessions import cursors

_EXPORTED = 200_000
_SENT = 10_000  # requests in a file: more than a run sends
_FEW = 40_000  # sessions: so few learners have them that each has saved within the first runs
# Learners of their own, so that what they have makes nobody else's answers longer.
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
    """The median latency on the larger table as a multiple of that on the smaller one."""
    found = {}
    for name in traffic.ENDPOINTS:
        runs: dict[int, list[Any]] = {size: [] for size in sizes}
        files = {}
        for size in sizes:
            (folder / str(size)).mkdir(exist_ok=True)
            made = traffic.tokens(size, recurring=True, newcomers=name == "save")
            files[size] = traffic.write(folder / str(size), name, made)
        for _ in range(times):
            for size, running in zip(sizes, (small, large), strict=True):
                runs[size].append(drive(running, files[size], clients=8, seconds=seconds))
        found[name] = ratio(runs[sizes[1]], runs[sizes[0]], "p50")
        ours = [middle(runs[size]) for size in sizes]
        print(
            f"{name}: p50 {found[name]:.2f} x with {sizes[1]:,} sessions "
            f"({ours[0].p50:.1f}, {ours[1].p50:.1f} ms)",
            flush=True,
        )
    return found


def deep_pages(running: Running, address: str, folder: Path, *, seconds: int) -> dict[str, Any]:
    """Page 250 by cursor beside page 1, of a learner with 5,000 sessions; buffers that page 250 reads."""
    made = traffic.token(0, random.Random(0))
    header = {"Authorization": f"Bearer {made}"}
    path, page = "/api/sessions/history?limit=20", {"next_cursor": None}
    for _ in range(249):
        at = f"{path}&cursor={page['next_cursor']}" if page["next_cursor"] else path
        page = requests.get(running.address + at, headers=header, timeout=10).json()
    deep = f"{path}&cursor={page['next_cursor']}"
    runs: dict[str, list[Any]] = {path: [], deep: []}
    for _ in range(3):
        for place in (path, deep):
            file = traffic.once(place, made, folder)
            runs[place].append(drive(running, file, clients=8, seconds=seconds))
    found = {"ratio p50": ratio(runs[deep], runs[path], "p50"), "buffers": _buffers(address, deep)}
    print(f"history, page 250 of 5,000 sessions: {found}", flush=True)
    return found


def _buffers(address: str, deep: str) -> int:
    """Of the page itself; the exact total that goes with it costs the same on every page."""
    instant, after = cursors.read(deep.partition("cursor=")[2], {})
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
    """`all` of learners with 5,000 sessions beside `week` of ordinary ones: processor time and latency."""
    rng = random.Random(1)
    heavy = [number for number in range(data.learners(sessions)) if data.is_heavy(number)]
    tokens = [traffic.token(rng.choice(heavy), rng) for _ in range(2000)]
    week = traffic.write(
        folder, "stats week", traffic.tokens(sessions, recurring=True, count=_SENT)
    )
    whole = folder / "all.txt"
    whole.write_text("".join(f"GET\t/api/sessions/stats?period=all\t{one}\t\n" for one in tokens))
    runs: dict[str, list[Any]] = {"week": [], "all": []}
    for _ in range(3):
        runs["week"].append(drive(running, week, clients=1, seconds=seconds))
        runs["all"].append(drive(running, whole, clients=1, seconds=seconds))
    found = {
        "ratio p50": ratio(runs["all"], runs["week"], "p50"),
        "ratio cost": median(
            (one.server_cpu + one.database_cpu) / (other.server_cpu + other.database_cpu)
            for one, other in zip(runs["all"], runs["week"], strict=True)
        ),
    }
    print(f"stats, all of 5,000 sessions beside an ordinary week: {found}", flush=True)
    return found


def batches(running: Running, sessions: int, folder: Path, *, seconds: int) -> dict[str, float]:
    """Sessions/s in batches of 100 beside single saves, by one client each."""
    made = traffic.tokens(sessions, recurring=True, count=4000, newcomers=True)
    single = traffic.write(folder, "save", made)
    rng = random.Random(2)
    counts = []
    for _ in range(3):
        one = drive(running, single, clients=1, seconds=seconds)
        counts.append(_batches(running, rng, seconds) / one.per_second)
    found = {"ratio": median(counts)}
    print(f"batch of 100 beside 100 saves: {found}", flush=True)
    return found


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
            said = [{**content, "session_result_id": str(uuid4())} for content in contents]
            body = json.dumps({"sessions": said})
            began = time.perf_counter()
            answer = client.post(url, body, headers=header, timeout=10)
            spent += time.perf_counter() - began
            stored += answer.json()["created"]
    return stored / spent


def export(running: Running, address: str) -> dict[str, float]:
    """MB/s of an export of 200,000 sessions beside COPY of the same rows to the same client."""
    with closing(psycopg2.connect(address)) as connection:
        with connection, connection.cursor() as cursor:
            _make_giant(cursor)
        rates = [(_download(running), _copy(connection)) for _ in range(3)]
        with connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM session_results WHERE user_id = %s", [_GIANT])
    found = {
        "ratio": median(one / other for one, other in rates),
        "export MB/s": median(one for one, _ in rates),
        "COPY MB/s": median(other for _, other in rates),
    }
    print(f"export of {_EXPORTED:,} sessions: {found}", flush=True)
    return found


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
    """A file that only counts."""

    size = 0

    def write(self, piece: Any) -> int:
        """Count."""
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
    """Saves beside those of a service that derives nothing from them, by 8 clients."""
    runs: dict[str, list[Any]] = {"with": [], "without": []}
    few = min(sessions, _FEW)
    for _ in range(times + 2):
        made = traffic.tokens(few, recurring=True, count=_SENT)
        file = traffic.write(folder, "save", made)
        runs["with"].append(drive(ours, file, clients=8, seconds=seconds))
        runs["without"].append(drive(without, file, clients=8, seconds=seconds))
    # The first pairs are left out: each learner's first save looks at everything before it.
    with_, without_ = runs["with"][2:], runs["without"][2:]
    found = {
        "ratio p50": ratio(with_, without_, "p50"),
        "ratio per second": ratio(with_, without_),
    }
    print(f"saves beside those of which nothing is derived: {found}", flush=True)
    return found


def full_saves(
    ours: Running, sessions: int, folder: Path, *, seconds: int, times: int
) -> dict[str, float]:
    """Saves with 20 words with outcomes and 5 skills beside plain ones, by 8 clients.

    Of learners whom nobody else reads, since the peer would suggest other words to them.
    """
    runs: dict[bool, list[Any]] = {True: [], False: []}
    for _ in range(times + 1):
        made = traffic.tokens(sessions, recurring=True, count=_SENT, newcomers=True)
        for full in (False, True):
            file = traffic.write(folder, "save", made, full=full)
            runs[full].append(drive(ours, file, clients=8, seconds=seconds))
    # The first pair is left out: it warms up.
    full_, plain = runs[True][1:], runs[False][1:]
    found = {"ratio p50": ratio(full_, plain, "p50"), "ratio per second": ratio(full_, plain)}
    print(f"saves with 20 words and 5 skills beside plain ones: {found}", flush=True)
    return found
