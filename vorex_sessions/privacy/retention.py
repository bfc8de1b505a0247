"""Retention: sessions completed too long ago are removed, in small batches."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import run, run_long
from vorex_sessions.models import session_results
from vorex_sessions.sessions.purge_batches import PurgeResult, purge_batches

_PAGE = 20_000  # index entries a query
_COUNT_TIMEOUT = 3600  # seconds for the dry run, which counts all at once
_s = session_results.c
_is_old = _s.completed_at < sa.bindparam("cutoff")
_COUNT = sa.select(
    sa.func.count().label("sessions"), sa.func.count(_s.user_id.distinct()).label("learners")
).where(_is_old)


def _page(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The learners in a page of index entries, in order, with `old`: whether it has old sessions of them."""
    page = sa.select(_s.user_id, _is_old.label("old")).where(*where).order_by(_s.user_id)
    rows = page.limit(sa.literal_column(str(_PAGE))).subquery("page").c
    old = sa.func.bool_or(rows.old).label("old")
    return sa.select(rows.user_id, old).group_by(rows.user_id).order_by(rows.user_id)


_FIRST = _page()
_is_after = _s.user_id > sa.bindparam("after", type_=_s.user_id.type)
_NEXT = _page(_is_after)


def due(cutoff: datetime) -> PurgeResult:
    """What `purge` would remove; changes nothing."""
    (row,) = run_long(_COUNT, {"cutoff": cutoff}, timeout=_COUNT_TIMEOUT)
    return PurgeResult(row.sessions, row.learners)


def purge(cutoff: datetime) -> PurgeResult:
    """Remove what was completed before `cutoff`. Safe to stop, to run again, and to run twice at once.

    It leaves no tombstones, since nothing is to be kept. A session that a phone sends again after that is
    stored as new, and removed by the next purge.
    """
    return purge_batches(_learners(cutoff), _is_old, {"cutoff": cutoff}, by_age=True)


def _learners(cutoff: datetime) -> Iterator[str]:
    """Every learner who may have old sessions. Pages follow the index, so each costs the same."""
    rows = run(_FIRST, {"cutoff": cutoff})
    while rows:
        yield from (str(row.user_id) for row in rows if row.old)
        # The page may end within a learner, whose oldest sessions come last.
        last = str(rows[-1].user_id)
        if not rows[-1].old:
            yield last
        rows = run(_NEXT, {"cutoff": cutoff, "after": last})
