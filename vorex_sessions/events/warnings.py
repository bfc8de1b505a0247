"""Writes `streak.at_risk`, at most once for a day of a learner: in the evening, when the streak would end."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database import Transaction, locks, run, run_transaction
from vorex_sessions.flask_config import setting
from vorex_sessions.growth import risk
from vorex_sessions.hooks import events as outbox
from vorex_sessions.models import USER_ID, events

_e = events.c
_is_warning = _e.type == sa.literal_column(f"'{outbox.AT_RISK}'")
_IDS = sa.cast(sa.bindparam("ids"), ARRAY(sa.Uuid(as_uuid=False)))
# Who was warned in the last hours need not be judged again.
_LATELY = sa.func.now() - sa.cast("12 hours", sa.Interval)
_WARNED = sa.select(_e.user_id).where(
    _e.user_id == sa.any_(_IDS), _is_warning, _e.occurred_at > _LATELY
)
_IS_WARNED = sa.select(
    sa.exists()
    .where(_e.user_id == USER_ID, _is_warning, _e.data["day"].astext == sa.bindparam("day"))
    .label("warned")
)


def warn(now: datetime) -> int:
    """Write the warnings that are due; returns how many. Safe to stop, and to run twice at once."""
    if not outbox.are_kept():
        return 0
    pages = risk.in_danger(now, setting("STREAK_WARNING_HOUR"))
    return sum(_warn_if_due(learner_id, now) for page in pages for learner_id in _unwarned(page))


def _unwarned(learners: Sequence[str]) -> list[str]:
    warned = {str(row.user_id) for row in run(_WARNED, {"ids": list(learners)})}
    return [one for one in learners if one not in warned]


def _warn_if_due(learner_id: str, now: datetime) -> bool:
    try:
        work = partial(_warn, learner_id=learner_id, now=now)
        return run_transaction(work, learner_id=learner_id)
    except DBAPIError as error:
        if not locks.is_of_one(error):
            raise
        return False  # the learner is practising just now, or the next run finds the streak again


def _warn(transaction: Transaction, *, learner_id: str, now: datetime) -> bool:
    streak: dict[str, Any] | None = risk.ending_today(transaction, learner_id, now)
    parameters = {"user_id": learner_id, "day": streak and streak["day"]}
    if streak is None or transaction.run(_IS_WARNED, parameters)[0].warned:
        return False
    outbox.record(transaction, learner_id, [outbox.Happened(outbox.AT_RISK, data=streak)])
    return True
