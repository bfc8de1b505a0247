"""The modules that the gunicorn master loads for its workers before gevent patches them."""

import ast
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import requests

from tests.serving import ROOT, environment, gunicorn

# Lists objects that gevent replaces but that the master's modules, besides gunicorn's own, still hold.
_FIND_ORIGINALS = textwrap.dedent("""
    import _thread, json, runpy, sys
    import gunicorn.workers.ggevent
    theirs = set(sys.modules)
    runpy.run_path("gunicorn.conf.py")
    loaded = set(sys.modules) - theirs
    from gevent import monkey
    monkey.patch_all()
    originals = {id(value): name for names in monkey.saved.values() for name, value in names.items()
                 if callable(value)}
    locks = (monkey.get_original("_thread", "LockType"), monkey.get_original("_thread", "_local"),
             type(monkey.get_original("threading", "_CRLock")()))
    def held(module, holder, path):
        for name, value in list(vars(holder).items()):
            if id(value) in originals or isinstance(value, locks):
                yield f"{path}.{name}"
            elif isinstance(value, type) and value.__module__ == module and path == module:
                yield from held(module, value, f"{path}.{name}")
    print(json.dumps(sorted({place for name in loaded
                             for place in held(name, sys.modules[name], name)})))
""")

_HARMLESS = {
    "_posixsubprocess.fork_exec",  # the standard library's own, for starting processes
    "asyncio.base_futures.get_ident",  # asyncio is not used
    "asyncio.events._lock",
    "asyncio.mixins._global_lock",
    "asyncio.events._running_loop",
    "jwt.jwks_client.SSLContext",  # a type of an argument; published_keys.py fetches keys itself
    "click.globals._local",  # for the command line
    "click.globals.local",
    # Locks held without waiting for anything in between, so no other greenlet meets them.
    "jinja2.utils.Lock",
    "sqlalchemy.util.langhelpers.symbol._lock",
    "sqlalchemy.orm.collections.__instrumentation_mutex",
    "sqlalchemy.orm.mapper._CONFIGURE_MUTEX",
    "sqlalchemy.sql.lambdas.AnalyzedCode._generation_mutex",
    "werkzeug.routing.map.Lock",
    "werkzeug.routing.map.Map.lock_class",
    "subprocess._waitpid",
}


def test_what_the_workers_share_holds_nothing_that_gevent_replaces(database_url: str) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _FIND_ORIGINALS],
        cwd=ROOT,
        env=environment(database_url),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(json.loads(result.stdout)) - _HARMLESS == set()


def test_workers_begin_without_a_warning(database_url: str, tmp_path: Path) -> None:
    with gunicorn(database_url, log=tmp_path / "log") as (address, _):
        assert requests.get(f"{address}/healthz", timeout=5).ok
    assert "Warning" not in (tmp_path / "log").read_text()


def test_what_only_commands_need_is_not_loaded_by_the_app(database_url: str) -> None:
    loaded = "import sys, wsgi; print({name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-c", loaded],
        cwd=ROOT,
        env=environment(database_url),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "sqlalchemy" in result.stdout
    assert not {"alembic", "flask_migrate", "redis"} & ast.literal_eval(result.stdout)
    assert "babel" not in ast.literal_eval(result.stdout)  # comes with the first insight


def test_a_worker_has_less_than_48_megabytes_for_itself(database_url: str) -> None:
    with gunicorn(database_url) as (address, server):
        assert requests.get(f"{address}/openapi.json", timeout=5).ok
        workers = psutil.Process(server.pid).children()
        assert workers
        own = [worker.memory_full_info().uss / 1e6 for worker in workers]
    assert max(own) < 48
