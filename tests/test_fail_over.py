"""Two real PostgreSQL servers, switched under load: nothing is lost or stored twice, and the gap is short."""

import random
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import config
from tests.factories import SECRET
from tests.proxy import NO_CUT, Proxy
from tests.replication import Pair
from tests.serving import gunicorn
from tests.soak import Client, compare
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db

pytestmark = pytest.mark.alone

WAYS = ["crashes", "stops", "becomes read-only"]
FULL_SERVICE = 2  # seconds after the new primary


class Witness(Client):
    """A client that notes when it was refused, and when it was answered."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.refused: list[tuple[float, str]] = []
        self.answered: list[float] = []

    def post(self, *arguments: Any, **options: Any) -> requests.Response:
        response = super().post(*arguments, **options)
        if response.ok:
            self.answered.append(time.monotonic())
        else:
            self.refused.append((time.monotonic(), response.text))
        return response


@pytest.fixture
def pair() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="vorex-pair-"))
    folder.chmod(0o755)
    pair = Pair(folder)
    yield pair
    pair.stop()
    shutil.rmtree(folder)


def migrate(address: str) -> None:
    app = create_app(config.read({"DATABASE_URL": address, "SUPABASE_JWT_SECRET": SECRET}))
    with app.app_context():
        upgrade()
        for engine in db.engines.values():
            engine.dispose()


def test_the_primary_is_switched_at_random_under_load_and_no_save_is_lost_or_doubled(
    pair: Pair,
) -> None:
    migrate(pair.primary.address)
    both = f"127.0.0.1:{pair.primary.port},127.0.0.1:{pair.standby.port}"
    settings = {"RATELIMIT_ENABLED": "false", "DB_POOL_SIZE": "4"}
    with (
        Proxy(pair.primary.port, lambda: NO_CUT) as proxy,
        gunicorn(f"postgresql://postgres@{both}/postgres", **settings) as (several, _),
        gunicorn(f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres", **settings) as (one, _),
    ):
        stopping = threading.Event()
        clients = [
            Witness(address, stopping, seed) for seed in (1, 2, 3) for address in (several, one)
        ]
        for client in clients:
            client.start()
        gaps = []
        for how in random.sample(WAYS, len(WAYS)):
            pair.replicate()
            gaps.append(switch(pair, proxy, how, (several, one)))
        stopping.set()
        for client in clients:
            client.join(20)
            assert not client.is_alive(), client.last_failure
            assert client.error is None, client.error
        for address in (several, one):
            assert compare(address, [client for client in clients if client.address == address])
        for client in clients:
            check_gaps(client, gaps)


def switch(
    pair: Pair, proxy: Proxy, how: str, services: tuple[str, str]
) -> tuple[str, float, float]:
    """Switch the primary; return how, and between what instants there was none."""
    time.sleep(random.uniform(0.2, 1))
    gone = time.monotonic()
    pair.lose(how)
    time.sleep(random.uniform(0.2, 1.5))
    assert {readiness(service) for service in services} == {503}
    pair.promote()
    proxy.target = pair.primary.port  # for new connections; the others stay where they are
    back = time.monotonic()
    time.sleep(FULL_SERVICE)
    assert {readiness(service) for service in services} == {200}
    time.sleep(1)
    return how, gone, back


def readiness(service: str) -> int:
    return requests.get(f"{service}/readyz", timeout=5).status_code


def check_gaps(client: Witness, gaps: list[tuple[str, float, float]]) -> None:
    """Compare when a client was refused with when there was no primary."""
    for at, text in client.refused:
        # What was sent while there was none may be refused when there is one.
        assert any(gone <= at <= back + FULL_SERVICE for _, gone, back in gaps), text
    for how, _, back in gaps:
        served = [
            at for at in client.answered if back + FULL_SERVICE < at < back + FULL_SERVICE + 1
        ]
        assert served, f"no save in the third second after the primary {how}"
