"""HTTP: the handshake of a socket, which then has the connection for itself (server/sockets.py)."""

from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, g, request

from server.sockets import Upgraded, sockets
from vorex_sessions import compression
from vorex_sessions.current import current_flask
from vorex_sessions.flask_config import extension, setting
from vorex_sessions.live import asyncapi, handshakes, hub
from vorex_sessions.live.conversations import Conversation
from vorex_sessions.live.relays import relay_of
from vorex_sessions.live.websockets import WebSocket
from vorex_sessions.problems.kinds import Unavailable

blueprint = Blueprint("live_socket", __name__, url_prefix="/api/sessions/live")

documents = Blueprint("live_documents", __name__)

_CONNECTION = "gunicorn.socket"
_SERVE = "vorex.serve_socket"


def init_app(app: Flask) -> None:
    """Serve sockets, and tell them what changes."""
    app.extensions[hub.NAME] = hub.Hub(app.app_context, relay_of(app.config))
    app.register_blueprint(blueprint)
    app.register_blueprint(documents)
    app.wsgi_app = partial(_upgrading, app.wsgi_app)  # type: ignore[method-assign]  # Flask's way


def _upgrading(
    inner: Callable[..., Iterable[bytes]], environ: dict[str, Any], start_response: Any
) -> Iterable[bytes]:
    """Call the app; where it wants a socket, return that. Nothing of the request is kept for its hours."""
    body = inner(environ, start_response)
    serve = environ.get(_SERVE)
    if serve is None:
        return body
    environ.clear()
    return Upgraded(serve)


@documents.get("/asyncapi.json")
def show_asyncapi() -> Response:
    """The document of the socket's messages."""
    return compression.offer(Response(_document(), content_type="application/json"))


@cache
def _document() -> bytes:
    return orjson.dumps(asyncapi.document(), option=orjson.OPT_INDENT_2)


@blueprint.route("/socket", websocket=True)
def open_socket() -> Response:
    """Open a socket, by which live sessions are told and heard of."""
    wanted = handshakes.wanted(request.headers.get)
    handshakes.check_origin(request.headers.get("Origin"), request.host, setting("CORS_ORIGINS"))
    connection = request.environ.get(_CONNECTION)
    if connection is None:
        raise Unavailable("This server has no sockets; use the HTTP endpoints.")
    if not sockets.has_room:
        raise Unavailable("Too many sockets are open; use the HTTP endpoints.", retry_after=10)
    app = current_flask()
    gathering, request_id = extension(hub.NAME), g.request_id

    def serve() -> None:
        talk = Conversation(WebSocket(connection), gathering, app.app_context, request_id)
        talk.run(*wanted)

    request.environ[_SERVE] = serve
    return Response(status=101)
