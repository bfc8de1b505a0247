"""A TCP proxy to PostgreSQL that can stop answering while its connections stay open."""

import asyncio
from typing import Self

import sqlalchemy as sa

from tests.proxy import Relay


class BlackHole(Relay):
    """Forwards TCP connections to a database; drops all data while `swallowing` is set.

    A connection that lost data stays silent afterwards. `address` is the proxy's database URL.
    """

    def __init__(self, database_url: str) -> None:
        super().__init__()
        self.url = sa.make_url(database_url)
        self.swallowing = False

    def __enter__(self) -> Self:
        super().__enter__()
        proxied = self.url.set(host="127.0.0.1", port=self.port).difference_update_query(["host"])
        self.address = proxied.render_as_string(hide_password=False)
        return self

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.swallowing:
            await reader.read(-1)  # until the client gives up
            return
        far_reader, far_writer = await self._connect()
        pumps = [
            asyncio.ensure_future(self._pump(reader, far_writer)),
            asyncio.ensure_future(self._pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            far_writer.transport.abort()
            await asyncio.gather(*pumps, return_exceptions=True)

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
