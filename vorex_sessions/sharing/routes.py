"""HTTP: share cards, and the address that shows one to anybody."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import flask
from flask import Response

from vorex_sessions.auth.caller import learner_id
from vorex_sessions.hooks.answers import Asked
from vorex_sessions.page.routes import for_people
from vorex_sessions.problems.kinds import Gone, NotFound, TooManyCards
from vorex_sessions.sharing import schemas, service
from vorex_sessions.web.blueprint import Blueprint, component_name, json_response

blueprint = Blueprint("sharing", __name__, url_prefix="/api/sessions")
cards = flask.Blueprint("cards", __name__)

# A card that was revoked is gone from every cache after so many seconds.
_CACHED = 60
_ID = {
    "in": "path",
    "name": "card_id",
    "required": True,
    "description": "The card's id.",
    "schema": {"type": "string", "pattern": service.ID_PATTERN, "example": schemas.EXAMPLE_ID},
}


@blueprint.answer("/share-cards", schemas.ShareCardsSchema)
def list_share_cards(asked: Asked) -> Any:
    """List what I share."""
    return service.list_cards(asked.learner_id)


@blueprint.post("/share-cards")
@blueprint.arguments(schemas.ShareCardBodySchema())
@blueprint.response(201, schemas.ShareCardSchema)
@blueprint.alt_response(409, component_name(TooManyCards))
@blueprint.alt_response(410, component_name(Gone))
def make_share_card(body: dict[str, Any]) -> Response:
    """Share some figures: an image at an address that nobody can guess, until I revoke it."""
    card = service.make_card(learner_id(), now=datetime.now(UTC), **body)
    return json_response(card, 201, {"Location": card["path"]})


@blueprint.delete("/share-cards/<card_id>", parameters=[_ID])
@blueprint.response(204)
@blueprint.alt_response(404, component_name(NotFound))
def revoke_share_card(card_id: str) -> Response:
    """Share a card no more: its address shows nothing from now on."""
    service.revoke_card(learner_id(), card_id)
    return Response(status=204)


@cards.get("/cards/<card_id>.svg")
def show_card(card_id: str) -> Response:
    """A card, for whoever has its address; no search engine may list it."""
    response = Response(service.show_card(card_id), mimetype="image/svg+xml")
    response.headers["X-Robots-Tag"] = "noindex"
    response.cache_control.public = True
    response.cache_control.max_age = _CACHED
    return response


@cards.after_request
def tell_a_person(response: Response) -> Response:
    """Show a page to a person who follows an address at which there is no card, or none any more."""
    is_missing = response.status_code == HTTPStatus.NOT_FOUND
    return for_people(response, "unshared") if is_missing else response
