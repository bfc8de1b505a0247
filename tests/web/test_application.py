"""What our application class leaves out of Flask's changes no answer."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder

from tests.factories import Learner
from vorex_sessions.web.blueprint import json_response

HOSTS = [
    "sessions.example.com",
    "Sessions.Example.com:8443",
    "sessions.example.com:80",
    "127.0.0.1:8000",
    "[::1]:8000",
    "xn--bcher-kva.example",
    "bücher.example",
    "no host",
    "a" * 300,
    "",
    None,
]


def environ_of(host: str | None, path: str = "/api/sessions/stats", **more: str) -> dict[str, Any]:
    environ = EnvironBuilder(path=path, query_string="period=week", method="GET").get_environ()
    environ.update(more)
    environ.pop("HTTP_HOST")
    if host is not None:
        environ["HTTP_HOST"] = host
    return environ


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_routes_are_bound_to_a_request_as_flask_binds_them(
    app: Flask, host: str | None, scheme: str
) -> None:
    environ = environ_of(host, **{"SCRIPT_NAME": "/below", "wsgi.url_scheme": scheme})

    def bound(application: Any) -> dict[str, Any] | str:
        request = app.request_class(environ)
        try:
            return {**vars(application.create_url_adapter(request)), "host": request.host}
        except Exception as error:
            return type(error).__name__

    assert bound(app) == bound(super(type(app), app))


@pytest.mark.parametrize("host", HOSTS)
def test_whatever_host_is_sent_the_answer_is_no_500(app: Flask, host: str | None) -> None:
    statuses = []
    for path in ("/healthz", "/api/sessions/stats", "/api/sessions/stats/", "//healthz", "/none"):
        environ = {**environ_of(host), "PATH_INFO": path}
        answered = app(environ, lambda status, headers, error=None: statuses.append(status[:3]))
        b"".join(answered)
    is_refused = host is not None and len(host) > 255
    usual = ["200", "401", "404", "404", "404"]
    assert statuses == (["400", "400", "400", "404", "400"] if is_refused else usual)


def test_the_answer_to_head_has_headers_and_no_body(learner: Learner) -> None:
    learner.save()
    whole = learner.request("GET", "/api/sessions/stats")
    head = learner.request("HEAD", "/api/sessions/stats")
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == str(len(whole.data))


def test_what_waits_for_the_end_of_a_json_answer_is_called_once(app: Flask) -> None:
    called = []
    with app.test_request_context():
        response = json_response({"one": 1})
        response.call_on_close(lambda: called.append(True))
        body = response(environ_of("x"), lambda *_: None)
        assert (b"".join(body), called) == (b'{"one":1}', [])
        body.close()  # as a WSGI server does
    assert called == [True]
