"""A learner's share cards: made, listed and revoked by the learner; shown to whoever has the address."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.database.recordset import as_rows
from vorex_sessions.hooks import versions
from vorex_sessions.periods import stamp
from vorex_sessions.problems.kinds import Gone, NotFound, TooManyCards, Unavailable
from vorex_sessions.sharing import drawing, figures, store

MOST = 20  # cards of a learner
ID_PATTERN = r"^[A-Za-z0-9_-]{22}$"
_ID = re.compile(ID_PATTERN)
_BYTES = 16


def make_card(
    learner_id: str, *, names: list[str], locale: str, theme: str, now: datetime
) -> dict[str, Any]:
    """Make a card of the figures as they are now. Raises Gone, TooManyCards or Unavailable."""
    erased_at = run(store.LAST_ERASURE, {"user_id": learner_id})[0].erased_at
    card: dict[str, Any] = {
        "card_id": secrets.token_urlsafe(_BYTES),
        "figures": figures.read(learner_id, names, now=now),
        "locale": locale,
        "theme": theme,
        "created_at": now,
    }
    parameters = {"user_id": learner_id, **card, "figures": as_rows(card["figures"])}

    def work(transaction: Transaction) -> None:
        (row,) = transaction.run(store.BEFORE_ADDING, parameters)
        if row.closed:
            raise Gone("This learner's account is closed; nothing more can be shared.")
        if row.erased_at != erased_at:  # an erasure since would be outlived by what it erased
            raise Unavailable("Your data was erased meanwhile; please try again in a moment.")
        if row.cards >= MOST:
            raise TooManyCards
        transaction.defer(versions.RAISE, parameters)
        transaction.defer(store.ADD, parameters)

    run_transaction(work, learner_id=learner_id)
    return _shown(card)


def list_cards(learner_id: str) -> dict[str, Any]:
    """The learner's cards, the newest first."""
    rows = run(store.LIST, {"user_id": learner_id})
    return {"share_cards": [_shown(row._asdict()) for row in rows]}


def revoke_card(learner_id: str, card_id: str) -> None:
    """End a card: its address shows nothing any more. To repeat it is no error. Raises NotFound."""
    if not _ID.fullmatch(card_id):
        raise NotFound("There is no share card with this id.")
    parameters = {"user_id": learner_id, "card_id": card_id}

    def work(transaction: Transaction) -> None:
        if transaction.run(store.IS_THERE, parameters):
            transaction.defer(versions.RAISE, parameters)
            transaction.defer(store.REMOVE, parameters)

    run_transaction(work, learner_id=learner_id)


def show_card(card_id: str) -> str:
    """A card as SVG, for whoever has its address. Raises NotFound, also for one that was revoked."""
    rows = run(store.FIND, {"card_id": card_id}) if _ID.fullmatch(card_id) else ()
    if not rows:
        raise NotFound("This card does not exist, or is not shared any more.")
    return drawing.draw(rows[0]._asdict())


def _shown(card: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **card,
        "path": f"/cards/{card['card_id']}.svg",
        "created_at": stamp(card["created_at"]),
    }
