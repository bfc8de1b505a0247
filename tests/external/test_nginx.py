"""Live sessions through a real nginx, set up as docs/operating.md says."""

import asyncio
import grp
import os
import pwd
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import requests
import websocket
from flask import Flask

from tests.factories import content, token
from tests.live.practising import heartbeat, new_id
from tests.live.sockets import OPEN, Phone, phone
from tests.proxy import NO_CUT, Proxy
from tests.serving import ROOT, free_port, gunicorn
from tests.timing import wait_until

pytestmark = pytest.mark.external

USUAL = 60  # seconds of silence after which nginx closes, unless it is told otherwise
# Ours pings after 25 s. The one is a little longer; the other shows that nginx does close.
LONGER, SHORTER = 29, 12


class Places(NamedTuple):
    """Addresses: of the service, and of nginx with its usual, a longer and a shorter timeout."""

    direct: str
    usual: str
    longer: str
    shorter: str


def documented() -> str:
    """The locations that docs/operating.md has."""
    (snippet,) = re.findall(
        r"```nginx\n(.*?)```", (ROOT / "docs" / "operating.md").read_text(), re.DOTALL
    )
    return str(snippet)


@contextmanager
def nginx(
    folder: Path, service: str, seconds: Sequence[int] = (LONGER, SHORTER)
) -> Iterator[list[str]]:
    """Run nginx; yields its addresses: with its usual timeout, and with each of these."""
    limits = ["", *(f"proxy_read_timeout {one}s;" for one in seconds)]
    ports = [free_port() for _ in limits]
    servers = [
        f"server {{ listen 127.0.0.1:{port}; {limit}\n{documented()}}}"
        for port, limit in zip(ports, limits, strict=True)
    ]
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    upstream = service.removeprefix("http://")
    (folder / "nginx.conf").write_text(
        # As who runs the test: nobody else may write to its folder.
        f"user {pwd.getpwuid(os.getuid()).pw_name} {grp.getgrgid(os.getgid()).gr_name};\n"
        f"daemon off; pid {folder}/pid; worker_processes 1; events {{ worker_connections 256; }}\n"
        f"http {{ access_log off; {temporary}\n upstream service {{ server {upstream}; }}\n"
        + "\n".join(servers)
        + "}"
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stderr=log)
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        wait_until(lambda: process.poll() is not None or answers(addresses[0]))
        assert process.poll() is None, (folder / "log").read_text()
        yield addresses
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def places(
    app: Flask, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Places]:
    folder = tmp_path_factory.mktemp("nginx")
    with (
        gunicorn(database_url, RATELIMIT_ENABLED="false") as (address, _),
        nginx(folder, address) as proxies,
    ):
        yield Places(address, *proxies)


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while OPEN:
        OPEN.pop().socket.shutdown()


class Vanishing(Proxy):
    """Passes everything on until `has_vanished`; then nothing, and no connection is closed."""

    has_vanished = False

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None
    ) -> None:
        while data := await reader.read(65536):
            if self.has_vanished:
                await asyncio.Event().wait()
            writer.write(data)
            await writer.drain()


def stay(device: Phone, seconds: float) -> float:
    """Read until the socket is closed, or for some seconds, as an app that has nothing to say."""
    began = time.monotonic()
    device.socket.settimeout(0.5)
    while time.monotonic() - began < seconds:
        try:
            opcode, _ = device.socket.recv_data()  # it answers pings
        except websocket.WebSocketTimeoutException:
            continue
        except websocket.WebSocketConnectionClosedException:
            break
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            break
    return time.monotonic() - began


def sockets_closed(address: str, code: str) -> float:
    page = requests.get(f"{address}/metrics", timeout=10).text
    found = re.search(rf'sockets_closed_total{{code="{code}"}} (\S+)', page)
    return float(found[1]) if found else 0


def test_idle_sockets_outlive_nginx_and_a_client_that_has_vanished_is_found(
    places: Places,
) -> None:
    """All at once, since each takes up to a minute."""
    learner_ids = [str(uuid4()) for _ in range(3)]
    with (
        phone(places.usual, learner_ids[0]) as usual,
        phone(places.longer, learner_ids[1]) as longer,
        phone(places.shorter, learner_ids[2]) as shorter,
        Vanishing(int(places.direct.rpartition(":")[2]), lambda: NO_CUT) as network,
        ThreadPoolExecutor(4) as pool,
    ):
        lost = Phone(f"http://127.0.0.1:{network.port}", str(uuid4()))
        lost.hear("ready")
        network.has_vanished = True
        began = time.monotonic()
        stays = [pool.submit(stay, one, USUAL + 2) for one in (usual, longer, shorter)]
        # nginx closes both sides of the one that it finds idle.
        wait_until(lambda: sockets_closed(places.direct, "1006") == 1, SHORTER + 5)
        wait_until(lambda: sockets_closed(places.direct, "1006") == 2, 60)
        assert 40 < time.monotonic() - began < 55  # 25 s of silence, and 20 for the pong
        seconds = [one.result() for one in stays]
        assert min(seconds[:2]) >= USUAL + 2
        assert SHORTER - 1 < seconds[2] < 25
        for device in (usual, longer):
            device.beat()
            device.hear("ack")


def call(address: str, learner_id: str, method: str, path: str, **options: Any) -> Any:
    headers = {"Authorization": f"Bearer {token(learner_id)}"}
    url = f"{address}/api/sessions{path}"
    answer = requests.request(method, url, headers=headers, timeout=10, **options)
    assert answer.ok, answer.text
    return answer


def test_a_session_goes_through_nginx_by_socket_and_http(places: Places) -> None:
    learner_id, session_id = str(uuid4()), new_id()
    with phone(places.usual, learner_id) as one, phone(places.usual, learner_id) as two:
        one.beat(session_id)
        one.hear("ack")
        two.until(lambda message: message["type"] == "state" and message["sessions"])
        body = heartbeat(2, metadata={"text": "x" * 15_000})
        call(places.usual, learner_id, "PUT", f"/live/{session_id}", json=body)
        for device in (one, two):
            device.until(
                lambda message: (
                    message["type"] == "state"
                    and [one["seq"] for one in message["sessions"]] == [2]
                )
            )
        one.say("finish", session=content(session_result_id=session_id))
        one.hear("saved")
        two.until(lambda message: message["type"] == "state" and not message["sessions"])
    history = call(places.usual, learner_id, "GET", "/history").json()
    assert [one["session_result_id"] for one in history["sessions"]] == [session_id]


def test_a_page_of_the_proxys_host_may_open_a_socket_and_another_may_not(places: Places) -> None:
    with phone(places.usual, str(uuid4()), suppress_origin=False, origin=places.usual):
        pass
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        Phone(places.usual, str(uuid4()), suppress_origin=False, origin="https://example.com")
    assert refused.value.status_code == 403


def test_a_stop_is_told_through_nginx(app: Flask, database_url: str, tmp_path: Path) -> None:
    with gunicorn(database_url) as (address, master), nginx(tmp_path, address) as (proxy, *_):
        phones = [Phone(proxy, str(uuid4())) for _ in range(5)]
        for device in phones:
            device.hear("ready")
        master.terminate()
        assert {device.closed() for device in phones} == {1012}
