"""gunicorn's gevent worker, with bounds on what a client can cost, and a quick end."""

import socket
from contextlib import suppress
from functools import cache
from typing import Any
from uuid import uuid4

import gevent
import orjson
from gunicorn.glogging import Logger
from gunicorn.http import errors, wsgi
from gunicorn.workers import ggevent
from gunicorn.workers.ggevent import GeventWorker

from logs import chain
from server import refusals, requests, shared_metrics  # requests: gunicorn takes our class from it
from server.answers import OnePacketResponse
from server.bodies import BadBody
from server.body_limits import limits
from server.listener import Listener
from server.sockets import SHARE, Upgraded, sockets

SPARE = 100  # connections that gunicorn accepts beyond WORKER_CONNECTIONS: room is made for each
SLOW_CLIENT = 30  # seconds without a byte in either direction, within a request

_REFUSED = {
    errors.LimitRequestLine: refusals.URI_TOO_LONG,
    errors.LimitRequestHeaders: refusals.HEADER_TOO_LARGE,
    errors.ExpectationFailed: refusals.EXPECTATION_FAILED,
}
# Where gunicorn looks for them.
wsgi.Response = OnePacketResponse
wsgi.WSGIErrorsWrapper = cache(wsgi.WSGIErrorsWrapper)  # one for all requests of a worker
ggevent.StreamServer = Listener


class NoAccessLog(Logger):
    """gunicorn's logger without the access log: operations/observing.py logs each request."""

    def access(self, *args: Any) -> None:
        """Skip a record that gunicorn would build only to discard it."""


class Worker(GeventWorker):
    """Serves many slow phones; ends in a moment.

    With more connections than WORKER_CONNECTIONS it makes room by closing the longest idle one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.most_open: int = self.cfg.worker_connections - SPARE
        sockets.most = int(self.most_open * SHARE)
        self.idle: dict[
            Any, None
        ] = {}  # sockets that wait for a request, the longest waiting first
        self.metrics_slot: int | None = None  # set by gunicorn.conf.py

    def patch(self) -> None:
        """Patch the standard library; then open the slot for metrics, whose library creates locks."""
        super().patch()
        # Each look at a setting is two calls, and a request takes twenty-two of them.
        self.cfg.__dict__.update((name, one.get()) for name, one in self.cfg.settings.items())
        from server import shared_values

        if shared_metrics.shared and self.metrics_slot is not None:
            slot = shared_metrics.shared.slot(self.metrics_slot)
            shared_values.install(shared_metrics.shared, slot)
        from server import connections  # its metrics are in the slot

        self.counts = connections
        limits.on_give_up = connections.GIVEN_UP.inc
        self.open = 0

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection."""
        self._count_open(+1)
        if self.open > self.most_open:
            self._close_longest_idle()
        self.idle[client] = None
        try:
            super().handle(listener, client, addr)
        finally:
            self.idle.pop(client, None)
            self._count_open(-1)

    def _count_open(self, change: int) -> None:
        self.open += change
        self.counts.OPEN.set(self.open)

    def _close_longest_idle(self) -> None:
        client = next(iter(self.idle), None)
        if client is not None:
            del self.idle[client]
            self.counts.CLOSED_IDLE.inc()
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> Any:
        """Serve one request of a connection."""
        self.idle.pop(sock, None)
        sock.settimeout(SLOW_CLIENT)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        except TimeoutError:  # the client reads nothing; gunicorn would log an error
            raise StopIteration from None
        finally:
            req.end_body(sock)
            sock.settimeout(None)
            self.idle[sock] = None

    def is_already_handled(self, respiter: Any) -> bool:
        """Let an upgraded connection be served by what the app has returned, then end it."""
        if not isinstance(respiter, Upgraded):
            return False
        respiter.serve()
        raise StopIteration

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what is not HTTP, or what went wrong outside of the app, with a problem."""
        if isinstance(exc, SystemExit | gevent.GreenletExit):
            return
        is_clients = isinstance(exc, errors.ParseException | BadBody)
        refusal = _REFUSED.get(type(exc), refusals.MALFORMED) if is_clients else refusals.BUG
        status, title = refusal.status, refusal.title
        request_id, kind = str(uuid4()), type(exc).__name__
        if is_clients:
            self.counts.REFUSED.labels(status).inc()
            self.log.info("not HTTP: %s", kind, extra={"fields": {"request_id": request_id}})
        else:
            fields = {"request_id": request_id, "error": chain(exc)}
            self.log.error("unhandled error: %s", kind, extra={"fields": fields})
        kind_and_title = {"type": f"/problems/{refusal.slug}", "title": title}
        body = orjson.dumps({**kind_and_title, "status": status, "detail": refusal.detail})
        head = (
            f"HTTP/1.1 {status} {title}\r\nConnection: close\r\nX-Request-ID: {request_id}\r\n"
            f"Content-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with suppress(OSError):
            client.sendall(head.encode() + body)
            requests.linger(client)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """Start the shutdown: finish running requests, close idle connections.

        GeventWorker waits for idle connections until the graceful timeout ends: every stop took 30 s.
        """
        super().handle_exit(sig, frame)
        gevent.spawn(sockets.stop)
        gevent.spawn(self._close_idle)

    def _close_idle(self) -> None:
        while True:
            for client in list(self.idle):
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RD)
            limits.hang_up_stalled()
            gevent.sleep(0.1)
