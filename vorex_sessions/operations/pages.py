"""The docs pages, with assets from pinned packages: nothing comes from another host."""

import mimetypes
import re
from dataclasses import asdict
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from flask import Blueprint, Response, redirect, render_template, request, send_from_directory
from werkzeug.http import generate_etag
from werkzeug.security import safe_join

from vorex_sessions import compression
from vorex_sessions.problems.catalogue import explain
from vorex_sessions.problems.kinds import NotFound
from vorex_sessions.web.blueprint import json_response

pages = Blueprint(
    "pages",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/docs/own",
)


def _packaged(package: str, folder: str) -> Path:
    """Return a folder of a package's assets, without importing (and running) the package."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"{package} is not installed; run pip install -r requirements.txt.")
    return Path(spec.submodule_search_locations[0]) / folder


_SWAGGER = _packaged("flask_swagger_ui", "dist")
_REDOC = _packaged("flask_openapi_redoc", "templates/redoc")
# Redoc would load its logo from another host; the package contains it too.
_FOREIGN_LOGO = re.compile(rb"https://cdn\.redoc\.ly/redoc/logo-mini(-full)?\.svg")
_TEXTS = (".css", ".html", ".js", ".json", ".svg")
_WEEK = 7 * 24 * 3600  # seconds a browser may keep an asset


@pages.get("/")
def redirect_to_docs() -> Response:
    """Redirect browsers to the docs."""
    return redirect("/docs")  # type: ignore[return-value]  # Werkzeug's Response; Flask returns its own


@pages.get("/docs")
def show_swagger_ui() -> Response:
    """Swagger UI over /openapi.json."""
    return _page("swagger-ui.html")


@pages.get("/docs/live")
def show_live() -> Response:
    """A page that shows live sessions, for who tries them."""
    return _page("live.html")


@pages.get("/redoc")
def show_redoc() -> Response:
    """Redoc over /openapi.json."""
    return _page("redoc.html")


@pages.get("/problems/<name>")
def explain_problem(name: str) -> Response:
    """What the `type` of a problem means: a page for browsers, JSON for others."""
    explanation = explain(name)
    if explanation is None:
        raise NotFound("There is no problem of this type.")
    kind = request.accept_mimetypes.best_match(["application/json", "text/html"])
    if kind == "text/html":
        response = _page("problem.html", problem=explanation)
    else:
        response = json_response(asdict(explanation))
    response.headers.add("Vary", "Accept")
    return response


def _page(template: str, **values: Any) -> Response:
    return compression.offer(Response(render_template(template, **values), mimetype="text/html"))


@pages.get("/docs/assets/<path:name>")
def send_swagger_asset(name: str) -> Response:
    """Swagger UI's scripts and styles."""
    return _send(_SWAGGER, name)


@pages.get("/redoc/assets/<path:name>")
def send_redoc_asset(name: str) -> Response:
    """Redoc's script and images."""
    return _send(_REDOC, name)


def _send(folder: Path, name: str) -> Response:
    """Send a file, a text from memory: compressed if the client asks, and without foreign addresses."""
    if Path(name).suffix not in _TEXTS:
        return send_from_directory(folder, name, max_age=_WEEK)
    path = safe_join(str(folder), name)
    if path is None or not Path(path).is_file():
        raise NotFound
    compressed = compression.is_asked()
    content, etag = _text(path, compressed)
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    response = Response(content, mimetype=kind)
    compression.mark(response, compressed=compressed)
    response.cache_control.max_age = _WEEK
    response.set_etag(etag)
    return cast(Response, response.make_conditional(request))


@lru_cache(maxsize=16)
def _text(path: str, compressed: bool) -> tuple[bytes, str]:
    """Return the content of an asset, and its ETag."""
    content = _FOREIGN_LOGO.sub(b"/redoc/assets/images/redoc.svg", Path(path).read_bytes())
    if compressed:
        content = compression.compress(content)
    return content, generate_etag(content)
