"""How the service connects: servers that lack a setting, and addresses with several hosts."""

import asyncio
import time

import pytest
import sqlalchemy as sa
from flask import Flask

import config
from tests.black_hole import BlackHole
from tests.factories import Learner
from vorex_sessions import create_app
from vorex_sessions.database import run
from vorex_sessions.database.timeouts import CHECK_CLIENT
from vorex_sessions.extensions import db

pytestmark = pytest.mark.alone

NOBODY = "127.0.0.1:1"  # nothing listens there


class OnWindows(BlackHole):
    """A server that cannot look after its clients, and refuses the setting as PostgreSQL does there."""

    refused = 0

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._connect()
        answers = asyncio.ensure_future(self._pump(far_reader, writer))
        try:
            while data := await reader.read(65536):
                if CHECK_CLIENT.encode() in data:
                    self.refused += 1
                    text = f'invalid value for parameter "{CHECK_CLIENT}": 500'
                    fields = f"SFATAL\0VFATAL\0C22023\0M{text}\0\0".encode()
                    writer.write(b"E" + (len(fields) + 4).to_bytes(4) + fields)
                    await writer.drain()
                    await reader.read(-1)
                    return
                far_writer.write(data)
                await far_writer.drain()
        except asyncio.CancelledError:  # the test is over
            pass
        finally:
            answers.cancel()
            far_writer.transport.abort()


def app_at(settings: dict, address: str) -> Flask:
    read = config.read({"DATABASE_URL": address})
    return create_app({**settings, "DATABASE_URL": read["DATABASE_URL"]})


def close(app: Flask) -> None:
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_a_server_that_refuses_to_look_after_clients_is_used_without(
    app: Flask, settings: dict, database_url: str
) -> None:
    with OnWindows(database_url) as server:
        ours = app_at(settings, server.address)
        Learner(ours).save()
        assert ours.test_client().get("/readyz").status_code == 200
        close(ours)
        Learner(ours).save()
        assert server.refused == 1  # it is remembered
        close(ours)


@pytest.mark.parametrize("first", [True, False])
def test_the_host_that_is_there_is_found(
    app: Flask, settings: dict, database_url: str, first: bool
) -> None:
    with BlackHole(database_url) as server:
        url = sa.make_url(server.address)
        hosts = [f"127.0.0.1:{server.port}", NOBODY][:: 1 if first else -1]
        address = f"postgresql://{url.username}@{','.join(hosts)}/{url.database}"
        several = app_at(settings, address)
        Learner(several).save()
        assert several.test_client().get("/readyz").status_code == 200
        close(several)


def test_a_host_that_is_read_only_is_passed_over_unless_the_address_takes_any(
    app: Flask, settings: dict, database_url: str
) -> None:
    with BlackHole(database_url) as server:
        url = sa.make_url(server.address)
        read_only = "options=-c%20default_transaction_read_only=on"
        place = f"{url.username}@127.0.0.1:{server.port},{NOBODY}/{url.database}?{read_only}"
        writes = app_at(settings, f"postgresql://{place}")
        began = time.monotonic()
        assert writes.test_client().get("/readyz").get_json()["detail"] == (
            "The database does not answer."
        )
        assert time.monotonic() - began < 2
        reads = app_at(settings, f"postgresql://{place}&target_session_attrs=any")
        with reads.app_context():
            assert run(sa.text("SELECT 1 AS one"))[0].one == 1
        close(reads)


def test_a_first_host_that_says_nothing_does_not_use_up_the_deadline(
    app: Flask, settings: dict, database_url: str
) -> None:
    with BlackHole(database_url) as dead, BlackHole(database_url) as alive:
        dead.swallowing = True
        url = sa.make_url(alive.address)
        both = f"{url.username}@127.0.0.1:{dead.port},127.0.0.1:{alive.port}/{url.database}"
        two = app_at(settings, f"postgresql://{both}")
        learner = Learner(two)
        began = time.monotonic()
        learner.save()
        assert time.monotonic() - began < 1.5
        close(two)
        began = time.monotonic()
        learner.save()  # on a new connection, which knows by now where to begin
        assert time.monotonic() - began < 0.4
        alive.swallowing = True
        began = time.monotonic()
        assert learner.request("GET", "/api/sessions/stats").status_code == 503
        assert time.monotonic() - began < 2
        dead.swallowing = alive.swallowing = False
        assert learner.count() == 2
        close(two)
