"""The docs pages, with assets from pinned packages: nothing comes from another host."""

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from flask import Blueprint, Response, redirect, render_template, request, send_from_directory

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
_WEEK = 7 * 24 * 3600  # seconds a browser may keep an asset


@pages.get("/")
def redirect_to_docs() -> Response:
    """Redirect browsers to the docs."""
    return redirect("/docs")  # type: ignore[return-value]  # Werkzeug's Response; Flask returns its own


@pages.get("/docs")
def show_swagger_ui() -> str:
    """Swagger UI over /openapi.json."""
    return render_template("swagger-ui.html")


@pages.get("/redoc")
def show_redoc() -> str:
    """Redoc over /openapi.json."""
    return render_template("redoc.html")


@pages.get("/docs/assets/<path:name>")
def send_swagger_asset(name: str) -> Response:
    """Swagger UI's scripts and styles."""
    return send_from_directory(_SWAGGER, name, max_age=_WEEK)


@pages.get("/redoc/assets/js/redoc.standalone.js")
def send_redoc_script() -> Response:
    """Redoc's script, changed to load nothing from another host."""
    response = Response(_redoc_script(), content_type="text/javascript; charset=utf-8")
    response.cache_control.max_age = _WEEK
    response.add_etag()
    return cast(Response, response.make_conditional(request))


@lru_cache(maxsize=1)
def _redoc_script() -> bytes:
    script = (_REDOC / "js" / "redoc.standalone.js").read_bytes()
    return _FOREIGN_LOGO.sub(b"/redoc/assets/images/redoc.svg", script)


@pages.get("/redoc/assets/<path:name>")
def send_redoc_asset(name: str) -> Response:
    """Redoc's images."""
    return send_from_directory(_REDOC, name, max_age=_WEEK)
