"""A TCP proxy that cuts connections at chosen points of the exchange, like a bad network."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Cut:
    """Where to cut a connection: after this many bytes of requests or of answers."""

    requests: int | None = None
    answers: int | None = None


NO_CUT = Cut()


class Relay:
    """A TCP server on its own port, in its own thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.connections: set[asyncio.Task] = set()

    def __enter__(self) -> Self:
        self.thread.start()
        started = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self.loop
        )
        self.server = started.result(10)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    async def _stop(self) -> None:
        self.server.close()
        for task in self.connections:
            task.cancel()
        await asyncio.gather(*self.connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.connections.add(task)
        try:
            await self.forward(reader, writer)
        except asyncio.CancelledError:
            pass  # the proxy stops; asyncio would print a traceback for each connection
        finally:
            self.connections.discard(task)
            writer.transport.abort()  # sends a reset, like a network failure

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        raise AssertionError("a subclass must implement forward()")


class Proxy(Relay):
    """Forwards to a port. `plan` returns the cut of each new connection."""

    def __init__(self, target: int, plan: Callable[[], Cut]) -> None:
        super().__init__()
        self.target, self.plan = target, plan

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._forward(reader, writer, self.plan())

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: Cut
    ) -> None:
        if cut.requests == 0:
            return
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            try:
                pumps = [
                    asyncio.ensure_future(self._pump(reader, far_writer, cut.requests)),
                    asyncio.ensure_future(self._pump(far_reader, writer, cut.answers)),
                ]
                _, pending = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
                if cut.answers is None and cut.requests is not None:
                    await asyncio.sleep(0.05)  # the server may still handle what has passed
                for pump in pending:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
            finally:
                far_writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None
    ) -> None:
        passed = 0
        while limit is None or passed < limit:
            data = await reader.read(65536 if limit is None else min(65536, limit - passed))
            if not data:
                return
            passed += len(data)
            writer.write(data)
            await writer.drain()
        if limit == 0:
            await reader.read(1)
