"""HTTP: links to the learner's page for apps; the page itself for browsers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import flask
from flask import Response, request

from vorex_sessions import compression
from vorex_sessions.auth.caller import learner_id
from vorex_sessions.charts.chart import KINDS, THEMES
from vorex_sessions.flask_config import setting
from vorex_sessions.page import access, browser, options, reading, rendering, schemas
from vorex_sessions.page.texts import Texts, choose
from vorex_sessions.problems.kinds import Gone, NotFound, NotSignedIn
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response

blueprint = Blueprint("page", __name__, url_prefix="/api/sessions")
pages = flask.Blueprint("progress_page", __name__, url_prefix="/progress")
_YEAR = 365 * 24 * 3600  # seconds
_KINDS = ",".join(KINDS)
# What a person reads of a problem; "Wait a minute" is for those that pass.
_MESSAGES: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "over",
    HTTPStatus.NOT_FOUND: "missing",
}


@blueprint.post("/page-links")
@blueprint.response(201, schemas.PageLinkSchema)
@blueprint.alt_response(410, component_name(Gone))
def create_page_link() -> Response:
    """Make a link that opens my progress page once, within a minute."""
    return json_response(access.create_link(learner_id(), now=_now()), 201)


@blueprint.delete("/page-links")
@blueprint.response(204)
def close_pages() -> Response:
    """Close my progress page in every browser, and end every link to it, as when I sign out."""
    access.close_all(learner_id())
    return Response(status=204)


@pages.get("/open")
def show_link() -> Response:
    """Open the page where a person follows the link; else a button that opens it. HEAD opens nothing."""
    if request.method == "GET" and browser.is_navigation(request.headers):
        return _open()
    text = rendering.message("confirm", _texts(), action=request.full_path)
    return _html(text)


@pages.post("/open")
def press_button() -> Response:
    """Open the page."""
    return _open()


@pages.get("", strict_slashes=False)
def show_progress() -> Response:
    """The page, for the browser that has opened it."""
    visit = _visit(renew=True)
    if visit is None:
        return _html(rendering.message("over", _texts()), HTTPStatus.UNAUTHORIZED)
    asked, texts = options.read(request.args), _texts()
    practice = reading.read(visit.learner_id, asked, locale=texts.tag, now=_now())
    response = _html(rendering.page(practice, asked, texts))
    # Who leaves the page open shows it for no longer than it says: it loads itself again, and is over.
    response.headers["Refresh"] = str(visit.seconds_left + 1)
    return _with_cookie(response, visit)


@pages.post("/close")
def close_progress() -> Response:
    """Forget the browser. Another site's page cannot press the button."""
    if browser.is_from_elsewhere(request.headers):
        return _html(rendering.message("over", _texts()), HTTPStatus.FORBIDDEN)
    access.close(request.cookies.get(browser.COOKIE, ""))
    response = _html(rendering.message("closed", _texts()))
    response.delete_cookie(browser.COOKIE, **_cookie_options())
    return response


@pages.get("/close")
def show_what_is_left() -> Response:
    """Who loads the closed page again, or comes back to it, sees whether it is closed. It closes nothing."""
    address = "/progress" + options.read(request.args).query
    return _private(Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address}))


@pages.get("/closed.svg")
def show_closed() -> Response:
    """The picture on the page that follows a closed one; it removes that one from the browser's memory.

    Chromium keeps pages for its button for going back, also those that are not to be stored. At the moment
    at which it gets the answer to `close_progress`, the page is not among them yet.
    """
    response = Response(rendering.assets()["icon"].content, mimetype="image/svg+xml")
    response.headers["Clear-Site-Data"] = '"cache"'
    return _private(response)


@pages.get(f"/charts/<any({_KINDS}):kind>.svg")
def show_chart(kind: str) -> Response:
    """A chart of the page."""
    visit = _visit(renew=False)
    if visit is None:
        raise NotSignedIn("Open the page again from the app.")
    theme = request.args.get("theme", "")
    drawn = reading.draw(
        visit.learner_id,
        kind,
        options.read(request.args),
        locale=_texts().tag,
        theme=theme if theme in THEMES else THEMES[0],
        width=request.args.get("width", 0, int),
        now=_now(),
    )
    return _private(compression.offer(Response(drawn, mimetype="image/svg+xml")))


@pages.get("/assets/<name>")
def send_asset(name: str) -> Response:
    """The style sheet or the icon. An address with another digest is that of another release."""
    for asset in rendering.assets().values():
        if asset.is_named(name):
            response = Response(asset.content, mimetype=asset.mimetype)
            response.cache_control.public = True
            response.cache_control.max_age = _YEAR if name == asset.name else 0
            response.cache_control.immutable = name == asset.name
            return compression.offer(response)
    raise NotFound


@pages.get("/<path:_address>")
def show_nothing(_address: str) -> Response:
    """An address of no page, so that a person reads a page that says so."""
    raise NotFound


@pages.after_request
def tell_a_person(response: Response) -> Response:
    """Show a problem as a page where a person looks at it."""
    return for_people(response, _MESSAGES.get(response.status_code, "away"))


def for_people(response: Response, message: str) -> Response:
    """The response; where it is a problem and a person looks at it, a page with this message."""
    is_problem = response.mimetype == "application/problem+json"
    if not is_problem or not browser.is_for_a_person(request.headers):
        return response
    response.set_data(rendering.message(message, _texts()))
    response.mimetype = "text/html"
    response.vary.add("Accept")
    return _as_page(response)


def _open() -> Response:
    visit = access.open_page(request.args.get("code", ""), now=_now())
    if visit is None:
        return _html(rendering.message("used", _texts()), HTTPStatus.GONE)
    address = "/progress" + options.read(request.args).query
    response = Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})
    return _with_cookie(_private(response), visit)


def _visit(*, renew: bool) -> access.Visit | None:
    cookie = request.cookies.get(browser.COOKIE)
    return access.visit(cookie, now=_now(), renew=renew) if cookie else None


def _with_cookie(response: Response, visit: access.Visit) -> Response:
    if visit.cookie:
        response.set_cookie(
            browser.COOKIE, visit.cookie, max_age=visit.seconds_left, **_cookie_options()
        )
    return response


def _cookie_options() -> dict[str, Any]:
    may_frame = bool(setting("PROGRESS_FRAME_ANCESTORS"))
    # A proxy may pass its own name of this service, such as localhost, as the host.
    scheme = "https" if setting("TRUSTED_PROXIES") else request.scheme
    return browser.cookie_options(request.headers, scheme=scheme, may_frame=may_frame)


def _texts() -> Texts:
    return Texts(choose(request.args.get("locale"), request.accept_languages.values()))


def _html(text: str, status: int = HTTPStatus.OK) -> Response:
    return _as_page(compression.offer(Response(text, status, mimetype="text/html")))


def _as_page(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = browser.policy(
        setting("PROGRESS_FRAME_ANCESTORS")
    )
    response.vary.add("Accept-Language")
    return _private(response)


def _private(response: Response) -> Response:
    """Nobody keeps it: after the page was closed, no button of the browser brings it back."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _now() -> datetime:
    return datetime.now(UTC)
