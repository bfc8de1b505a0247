"""flask-smorest's Api as this service uses it: how `/openapi.json` is written."""

from functools import cached_property

import flask_smorest
import orjson
from flask import Response

from vorex_sessions import compression
from vorex_sessions.web.schemas import ProblemSchema


class Api(flask_smorest.Api):
    """flask-smorest's Api with our error schema. Writes the document once, not at every request."""

    ERROR_SCHEMA = ProblemSchema

    @cached_property
    def _document(self) -> bytes:
        document = self.spec.to_dict()
        # apispec finds them in the order of sets, which is another one in each process.
        parts = document["components"]
        document["components"] = {name: dict(sorted(parts[name].items())) for name in sorted(parts)}
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)

    def _openapi_json(self) -> Response:
        return compression.offer(Response(self._document, content_type="application/json"))

    def _register_pagination_header(self) -> None:
        """Leave out flask-smorest's header: response bodies describe their pages."""
