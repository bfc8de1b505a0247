"""Every response carries an X-Request-ID: the caller's own, else a new one."""

import re
from uuid import uuid4

from flask import Flask, Response, g, request

HEADER = "X-Request-ID"
_USABLE = re.compile(r"[\x20-\x7e]{1,128}")


def init_app(app: Flask) -> None:
    """Choose the id before the request is judged, and send it with whatever is answered."""
    app.before_request(_choose)
    app.after_request(_send)


def _choose() -> None:
    given = request.headers.get(HEADER, "").strip()
    g.request_id = given if _USABLE.fullmatch(given) else str(uuid4())


def _send(response: Response) -> Response:
    response.headers.add(HEADER, g.request_id)
    return response
