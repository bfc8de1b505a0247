"""`python -m bench.sockets`: what saves take beside 2,000 sockets of live sessions on the same worker.

Two services of one database, each of one worker; on one of them a second process holds the sockets and
answers its pings. One client sends a save to each service in turn, so that a pair shares whatever else the
machine does. First the sockets are silent; then each sends a heartbeat every 20 s, as apps do.
"""

import asyncio
import multiprocessing
import random
import resource
import struct
import sys
import time
from base64 import b64encode
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import median, quantiles
from urllib.parse import urlsplit
from uuid import uuid4

import orjson

from bench import traffic
from bench.databases import Server
from bench.saves import LEARNERS, Side
from bench.services import service

SOCKETS = 2000
CONNECTIONS = 2900  # WORKER_CONNECTIONS: 70 % of them may be sockets
EVERY = 20.0  # seconds between heartbeats
_SETTINGS = {
    "WEB_CONCURRENCY": "1",
    "WORKER_CONNECTIONS": str(CONNECTIONS),
    "RATELIMIT_HEARTBEATS": "10000",
}
_ROUNDS, _SAVES = 10, 250  # of each side
_OPENING = 15  # seconds, at most, for all sockets to open
_WARM = 45  # seconds, until pings have begun
_NAME = "bench_sockets"
_MASK = bytes(4)  # it may be of zeros


class Held:
    """A socket of a learner."""

    def __init__(self, number: int, beats: bool) -> None:
        self._number, self._beats = number, beats
        self._started_at = datetime.now(UTC).isoformat()

    async def hold(self, host: str, port: int, opened: asyncio.Semaphore, ready: list[int]) -> None:
        """Open it and keep it open; it beats a while later."""
        async with opened:
            reader, self._writer = await asyncio.open_connection(host, port)
            token = traffic.token(10_000 + self._number, random.Random(self._number))
            key = b64encode(random.randbytes(16)).decode()
            self._writer.write(
                f"GET /api/sessions/live/socket HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n"
                f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                f"Sec-WebSocket-Protocol: vorex.live.v1, bearer.{token}\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(head.decode())
            await self._answer(reader)  # `ready`
            ready.append(self._number)
        beating = asyncio.ensure_future(self._beat()) if self._beats else None
        try:
            while True:
                await self._answer(reader)
        finally:
            if beating:
                beating.cancel()

    async def _answer(self, reader: asyncio.StreamReader) -> None:
        kind, length = await reader.readexactly(2)
        if length == 126:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
        payload = await reader.readexactly(length)
        if kind == 0x89:  # ping
            self._writer.write(bytes((0x8A, 0x80 | length)) + _MASK + payload)
        elif kind == 0x88:
            raise RuntimeError(f"closed: {payload!r}")

    async def _beat(self) -> None:
        await asyncio.sleep(_OPENING + random.uniform(0, EVERY))
        session_id, seq = str(uuid4()), 0
        while True:
            seq += 1
            text = orjson.dumps(
                {
                    **{"type": "heartbeat", "session_result_id": session_id, "seq": seq},
                    **{"session_type": "conversation", "started_at": self._started_at},
                    "active_seconds": 0,
                }
            )
            head = bytes((0x81, 0xFE)) + struct.pack(">H", len(text))
            self._writer.write(head + _MASK + text)
            await asyncio.sleep(EVERY)


def hold(address: str, count: int, beats: bool, ready: "multiprocessing.synchronize.Event") -> None:
    """Hold so many sockets until the process is ended."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 200, count + 200))

    async def all_of_them() -> None:
        url, done = urlsplit(address), list[int]()
        opened = asyncio.Semaphore(20)
        ones = [
            asyncio.ensure_future(
                Held(number, beats).hold(url.hostname or "", url.port or 0, opened, done)
            )
            for number in range(count)
        ]
        while len(done) < count:
            await asyncio.sleep(0.1)
            for failed in [one for one in ones if one.done()]:
                failed.result()
        ready.set()
        await asyncio.gather(*ones)

    asyncio.run(all_of_them())


def p99(taken: list[float]) -> float:
    """The 99th percentile, in milliseconds."""
    return quantiles(taken, n=100)[98] * 1e3


def measure(title: str, sides: tuple[Side, Side]) -> None:
    """Send pairs of saves, and print how long they take."""
    ratios, all_taken = [], ([], [])  # type: tuple[list[float], tuple[list[float], list[float]]]
    for _ in range(_ROUNDS):
        for side in sides:
            side.taken.clear()
        for number in range(_SAVES):
            for side in sides if number % 2 else reversed(sides):
                side.save(number)
            time.sleep(0.002)
        ratios.append(p99(sides[1].taken) / p99(sides[0].taken))
        for taken, side in zip(all_taken, sides, strict=True):
            taken += side.taken
    without, beside = all_taken
    print(
        f"{title}, {len(without)} pairs: median {median(beside) * 1e3:.2f} ms beside "
        f"{median(without) * 1e3:.2f}; "
        f"p99 {p99(beside):.2f} beside {p99(without):.2f}, {p99(beside) / p99(without):.2f} x; "
        f"median of the rounds {median(ratios):.2f} x",
        flush=True,
    )


def beside_sockets(sides: tuple[Side, Side], count: int, *, beats: bool) -> None:
    """Measure while one service has sockets."""
    ready = multiprocessing.Event()
    running = sides[1].running
    before = sum(running.memory())
    holder = multiprocessing.Process(
        target=hold, args=(running.address, count, beats, ready), daemon=True
    )
    holder.start()
    if not ready.wait(120):
        raise RuntimeError("the sockets do not open")
    time.sleep(_WARM)
    each = (sum(running.memory()) - before) / count / 1000
    what = f"{count} sockets that {'beat' if beats else 'are silent'}, {each:.1f} kB each"
    measure(what, sides)
    if not holder.is_alive():
        raise RuntimeError("a socket was closed")
    holder.kill()
    holder.join()
    time.sleep(2)


def main(count: int) -> None:
    """Start the database and both services, and measure."""
    server = Server()
    try:
        address = server.empty(_NAME)
        with ExitStack() as stack:
            sides = (
                Side(stack.enter_context(service(address, **_SETTINGS)), 1),
                Side(stack.enter_context(service(address, **_SETTINGS)), 2),
            )
            for number in range(5 * LEARNERS):  # all have saved; plans and pages are there
                for side in sides:
                    side.save(number)
            measure("no sockets", sides)
            beside_sockets(sides, count, beats=False)
            beside_sockets(sides, count, beats=True)
    finally:
        server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SOCKETS)
