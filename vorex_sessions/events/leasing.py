"""Leasing queues that are due: on one machine all with one statement, on several one learner after the other.

There, `DB_DISTRIBUTED`, rows of many learners cannot be locked. So others may have come first, and whoever's
machine is away is left for later.
"""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import Transaction, run, run_transaction
from vorex_sessions.events import statements
from vorex_sessions.flask_config import setting

log = logging.getLogger(__name__)
_TRIES = 3  # pages of queues, where other deliverers take all of one


def lease(parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Lease up to `queues` queues; returns their rows, each learner's in order, an event in each if any."""
    if not setting("DB_DISTRIBUTED"):
        return _lease_at_once(parameters)
    for _ in range(_TRIES):
        due = _due(parameters)
        most = max(1, parameters["batch"] // max(1, len(due)))
        found = [_lease_one(one, {**parameters, "events": most}) for one in due]
        leased = [row for rows in found for row in rows or ()]
        if leased or not due or None in found:
            return leased
    return []


def _lease_at_once(parameters: Mapping[str, Any]) -> Sequence[Any]:
    return run(statements.LEASE, parameters)


def _due(parameters: Mapping[str, Any]) -> list[str]:
    try:
        return [str(row.user_id) for row in run(statements.DUE, parameters)]
    except DBAPIError as error:
        log.warning("not all machines say what is due: %s", type(error.orig).__name__)
    found = run_transaction(partial(_due_of_each, parameters=parameters))
    due = sorted(one for row in found for one in orjson.loads(row.result or "null") or ())
    return [learner_id for _, learner_id in due[: parameters["queues"]]]


def _due_of_each(transaction: Transaction, *, parameters: Mapping[str, Any]) -> Sequence[Any]:
    transaction.defer(statements.DO_NOT_WAIT, {})
    return transaction.run(statements.DUE_OF_EACH, parameters)


def _lease_one(learner_id: str, parameters: Mapping[str, Any]) -> Sequence[Any] | None:
    """Lease a learner's queue; returns its rows, none where somebody else has it, None where it fails."""
    given = {**parameters, "user_id": learner_id}

    def work(transaction: Transaction) -> Sequence[Any]:
        transaction.defer(statements.LEASE_ONE, given)
        return transaction.finish(statements.LEASED, given)

    try:
        return run_transaction(work)
    except DBAPIError as error:
        log.warning("a learner's events wait: %s", type(error.orig).__name__)
        return None
