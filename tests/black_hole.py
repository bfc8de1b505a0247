"""A way to PostgreSQL that can turn into a black hole: connected, and silent for ever."""

import asyncio
import threading
from types import TracebackType

import sqlalchemy as sa


class BlackHole:
    """Forwards TCP connections to the database of an address; swallows everything while `open_hole` says so.

    What was swallowed is gone: a connection from that time stays silent afterwards, too.
    """

    def __init__(self, database_url: str) -> None:
        self.url = sa.make_url(database_url)
        self.swallowing = False
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.tasks: set[asyncio.Task] = set()

    def __enter__(self) -> "BlackHole":
        self.thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.server = asyncio.run_coroutine_threadsafe(starting, self.loop).result(10)
        port = self.server.sockets[0].getsockname()[1]
        through = self.url.set(host="127.0.0.1", port=port).difference_update_query(["host"])
        self.address = through.render_as_string(hide_password=False)
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
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.tasks.add(task)
        try:
            if self.swallowing:
                await reader.read(-1)  # until who waits gives up
                return
            far_reader, far_writer = await self._connect()
            ways = [
                asyncio.ensure_future(self._pump(reader, far_writer)),
                asyncio.ensure_future(self._pump(far_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                far_writer.transport.abort()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            self.tasks.discard(task)
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        socket_folder = self.url.query.get("host")
        if socket_folder:
            port = self.url.port or 5432
            return await asyncio.open_unix_connection(f"{socket_folder}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self.url.host, self.url.port or 5432)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lost = False
        while data := await reader.read(65536):
            lost = lost or self.swallowing
            if not lost:
                writer.write(data)
                await writer.drain()
