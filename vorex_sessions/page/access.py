"""Who may look at a learner's page: a link that opens it once, and the browser that has opened it.

Codes of links and secrets of browsers are random. Only their hashes are stored, so that neither the database
nor a backup of it opens a page.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.page import store
from vorex_sessions.periods import stamp
from vorex_sessions.problems.kinds import Gone
from vorex_sessions.text import UUID_PATTERN

LINK_LIVES = timedelta(seconds=60)
SESSION_LIVES = timedelta(minutes=15)
OPEN_PATH = "/progress/open"
_SECRET_LIVES = timedelta(seconds=60)  # then the next page brings another one
_GRACE = timedelta(seconds=60)  # of a secret that was replaced, for charts under way
_BYTES = 32
_LONGEST = 100  # characters of a code or a secret that are looked at


class Visit(NamedTuple):
    """A browser that may show a learner's page."""

    learner_id: str
    # The cookie it has to send from now on, and for how many seconds; None: the one that it has.
    cookie: str | None
    seconds_left: int


def create_link(learner_id: str, *, now: datetime, lives: timedelta = LINK_LIVES) -> dict[str, Any]:
    """A link that opens the learner's page once. Raises Gone for a closed account."""
    code = secrets.token_urlsafe(_BYTES)
    parameters = {
        "user_id": learner_id,
        "code_hash": _hash(code),
        "now": now,
        "expires_at": now + lives,
    }

    def work(transaction: Transaction) -> None:
        if transaction.run(store.IS_CLOSED, parameters)[0].closed:
            raise Gone("This learner's account is closed; there is no page to open.")
        for statement in (*store.REMOVE_EXPIRED, store.ADD_LINK):
            transaction.defer(statement, parameters)

    run_transaction(work, learner_id=learner_id)
    return {"path": f"{OPEN_PATH}?code={code}", "expires_at": stamp(now + lives)}


def open_page(code: str, *, now: datetime) -> Visit | None:
    """Use a link: from now on this browser may show the page. None where the link is not good."""
    if not 0 < len(code) <= _LONGEST:
        return None
    link = {"code_hash": _hash(code), "now": now}
    owners = run(store.FIND_LINK, link)
    if not owners:
        return None
    learner_id, secret = str(owners[0].user_id), secrets.token_urlsafe(_BYTES)
    session = {
        "user_id": learner_id,
        "now": now,
        "secret_hash": _hash(secret),
        "expires_at": now + SESSION_LIVES,
    }

    def work(transaction: Transaction) -> bool:
        taken = transaction.run(store.TAKE_LINK, {**link, "user_id": learner_id})
        if taken:
            transaction.defer(store.ADD_SESSION, session)
        return bool(taken)

    is_mine = run_transaction(work, learner_id=learner_id)  # of several at once, one has it
    lives = int(SESSION_LIVES.total_seconds())
    return Visit(learner_id, f"{learner_id}.{secret}", lives) if is_mine else None


def visit(cookie: str, *, now: datetime, renew: bool) -> Visit | None:
    """Whose page a browser may show; None: nobody's. With `renew` it may get another secret.

    The end of the visit stays the same. A stolen cookie is worth nothing once the learner has gone on.
    """
    session = _session(cookie)
    if session is None:
        return None
    learner_id = session["user_id"]
    rows = run(store.FIND_SESSION, {**session, "now": now, "grace": now - _GRACE})
    if not rows:
        return None
    seconds_left = int((rows[0].expires_at - now).total_seconds())
    if not (renew and rows[0].is_current and rows[0].replaced_at <= now - _SECRET_LIVES):
        return Visit(learner_id, None, seconds_left)
    secret = secrets.token_urlsafe(_BYTES)
    replaced = run(store.REPLACE_SECRET, {**session, "now": now, "new_hash": _hash(secret)})
    # Of two pages that are opened at once, the other one may have brought the new cookie.
    return Visit(learner_id, f"{learner_id}.{secret}" if replaced else None, seconds_left)


def close(cookie: str) -> None:
    """End the visit of a browser."""
    if session := _session(cookie):
        run(store.REMOVE_SESSION, session)


def close_all(learner_id: str) -> None:
    """End every visit of a learner's page, and every link to it."""

    def work(transaction: Transaction) -> None:
        for statement in store.REMOVE_ALL:
            transaction.defer(statement, {"user_id": learner_id})

    run_transaction(work, learner_id=learner_id)


def _session(cookie: str) -> Mapping[str, Any] | None:
    """The parameters by which the browser with a cookie is found; None for what is no such cookie."""
    learner_id, _, secret = cookie[: 2 * _LONGEST].partition(".")
    if not UUID_PATTERN.fullmatch(learner_id) or not 0 < len(secret) <= _LONGEST:
        return None
    return {"user_id": learner_id.lower(), "secret_hash": _hash(secret)}


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()
