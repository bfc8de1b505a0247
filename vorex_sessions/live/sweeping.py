"""Removes live sessions that are gone; saves abandoned ones where the operator wants it.

Removes also what other capabilities keep for a short time (`sweeps` of a Capability).
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import locks, run, run_long
from vorex_sessions.hooks.registry import registry
from vorex_sessions.live import heartbeats, states, store
from vorex_sessions.models import BEFORE_ALL
from vorex_sessions.problems.kinds import Conflict, Gone, Invalid
from vorex_sessions.sessions import service as sessions
from vorex_sessions.sessions.saving import NotAnyMore

log = logging.getLogger(__name__)

_PAGE = store.due(500)
_TIMEOUT = 600  # seconds to remove what is gone


@dataclass
class Swept:
    """How many live sessions a sweep has saved and removed, and how many it has to leave to the next."""

    saved: int = 0
    removed: int = 0
    busy: int = 0


def sweep(now: datetime, *, save_abandoned: bool) -> Swept:
    """Save what is abandoned, if wanted, and remove what is gone. Safe to stop, and to run twice at once."""
    swept = Swept()
    for row in _abandoned(now) if save_abandoned else ():
        live = {**row._asdict(), "session_result_id": str(row.session_result_id)}
        _save(str(row.user_id), live, now, swept)
    if not swept.busy:
        limit = {"gone_before": now - states.GONE_AFTER}
        swept.removed += run_long(store.REMOVE_GONE, limit, timeout=_TIMEOUT)[0].removed
    for statement in registry().sweeps:
        run_long(statement, {"now": now}, timeout=_TIMEOUT)
    return swept


def _abandoned(now: datetime) -> Iterator[Any]:
    """Every abandoned live session, in pages by key, so that each page costs the same."""
    place = {"after_user": BEFORE_ALL, "after_session": BEFORE_ALL}
    limits = {"abandoned_before": now - states.ABANDONED_AFTER}
    while rows := run(_PAGE, {**place, **limits}):
        yield from rows
        last = rows[-1]
        place = {
            "after_user": str(last.user_id),
            "after_session": str(last.session_result_id),
        }


def _save(learner_id: str, live: dict[str, Any], now: datetime, swept: Swept) -> None:
    """Save a live session, unless a heartbeat, a save or another sweep comes first."""
    is_still = {name: live[name] for name in ("session_result_id", "heartbeat_at")}
    key = {"user_id": learner_id, **is_still}
    condition = (store.IS_STILL_ABANDONED, key)
    try:
        sessions.save(learner_id, heartbeats.as_abandoned(live), now=now, only_if=condition)
        swept.saved += 1
    except NotAnyMore:
        pass
    except (Conflict, Gone, Invalid) as problem:  # an import may have brought the id, or deleted it
        log.warning("an abandoned session cannot be saved: %s", problem.detail)
        run(store.REMOVE, key)
        swept.removed += 1
    except DBAPIError as error:
        if not locks.is_of_one(error):
            raise
        swept.busy += 1
