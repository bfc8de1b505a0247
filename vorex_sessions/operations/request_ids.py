"""Adds an X-Request-ID to every response: the client's id, else a new one."""

import re
from uuid import uuid4

from flask import Flask, Response

from vorex_sessions.current import current_g, current_request

HEADER = "X-Request-ID"
_VARIABLE = "HTTP_X_REQUEST_ID"
_USABLE = re.compile(r"[\x20-\x7e]{1,128}")


def init_app(app: Flask) -> None:
    """Choose the id before the request is handled, and send it with every response."""
    app.before_request(_choose)
    app.after_request(_send)


def _choose() -> None:
    sent = current_request().environ.get(_VARIABLE, "").strip()
    current_g().request_id = sent if _USABLE.fullmatch(sent) else str(uuid4())


def _send(response: Response) -> Response:
    response.headers.add(HEADER, current_g().request_id)
    return response
