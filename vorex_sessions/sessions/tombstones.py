"""Tombstones of deleted and erased sessions, which cannot be saved again.

This module alone writes `deleted_sessions` and `erased_learners`.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from vorex_sessions.database import recordset
from vorex_sessions.hooks import versions
from vorex_sessions.models import USER_ID, deleted_sessions, erased_learners, session_results

TABLES = (deleted_sessions, erased_learners)
_deleted, _erased, _stored = deleted_sessions.c, erased_learners.c, session_results.c

# Whether the learner's account is closed.
IS_CLOSED = sa.exists().where(_erased.user_id == USER_ID, _erased.closed)


def erased_at(learner: Any) -> sa.ScalarSelect[Any]:
    """When the learner's data was last erased; NULL: never."""
    return sa.select(_erased.erased_at).where(_erased.user_id == learner).scalar_subquery()


ERASED_AT = erased_at(USER_ID)


def is_deleted(session_result_id: Any, learner: Any = USER_ID) -> sa.ColumnElement[bool]:
    """Whether the learner has deleted a session with this id.

    One look-up for each id. For EXISTS, PostgreSQL may read all that the learner has ever deleted.
    """
    deleted = sa.select(_deleted.deleted_at).where(
        _deleted.user_id == learner, _deleted.session_result_id == session_result_id
    )
    return deleted.scalar_subquery().is_not(None)


def is_erased(completed_at: sa.ColumnElement[Any], learner: Any = USER_ID) -> sa.Exists:
    """Whether a session with this time falls under an erasure, or the learner's account is closed."""
    return sa.exists().where(
        _erased.user_id == learner, sa.or_(_erased.closed, completed_at <= _erased.erased_at)
    )


def is_stored(given: Any) -> sa.Exists:
    """Whether the session that a tombstone of an import names is stored: then it was not deleted here."""
    is_it = _stored.session_result_id == given.session_result_id
    return sa.exists().where(_stored.user_id == USER_ID, is_it)


def add_tombstones(*conditions: sa.ColumnElement[bool]) -> sa.Executable:
    """Add tombstones, as of `:now`, for the learner's stored sessions that meet the conditions.

    The learner's version is raised before.
    """
    names = (_stored.user_id, _stored.session_result_id)
    rows = sa.select(*names, sa.bindparam("now"), versions.CURRENT)
    return _add_deleted(rows.where(_stored.user_id == USER_ID, *conditions))


def _add_deleted(rows: sa.SelectBase) -> sa.Executable:
    names = ["user_id", "session_result_id", "deleted_at", "version"]
    added = insert(deleted_sessions).from_select(names, rows)
    return added.on_conflict_do_nothing(index_elements=names[:2])


def _add_erased(rows: sa.SelectBase, *, has_happened_now: bool) -> sa.Executable:
    """The latest erasure counts, and a closed learner stays closed."""
    names = ["user_id", "erased_at", "closed", "version"]
    added = insert(erased_learners).from_select(names, rows)
    values = {
        "erased_at": sa.func.greatest(_erased.erased_at, added.excluded.erased_at),
        "closed": sa.or_(_erased.closed, added.excluded.closed),
    }
    if has_happened_now:
        values["version"] = added.excluded.version
    return added.on_conflict_do_update(index_elements=["user_id"], set_=values)


# The learner's erasure, as of `:now`; `:close` closes the account. The learner's version is raised before.
ADD_ERASURE = _add_erased(
    versions.beside_learner(sa.bindparam("now"), sa.bindparam("close"), versions.RAISED),
    has_happened_now=True,
)
_given = recordset("given", (_deleted.user_id, _deleted.session_result_id, _deleted.deleted_at))
_given_erased = recordset("given", (_erased.user_id, _erased.erased_at, _erased.closed))
# What is kept happened before whatever is stored: with a later version, an erasure would tell devices to drop
# sessions that came after it. BEGIN_ANEW follows, so every device begins anew.
_BEFORE_ALL: sa.ColumnElement[int] = sa.literal_column("0", sa.BigInteger)
# Tombstones from the JSON objects in `:rows`, of both kinds.
ADD_KEPT = (
    _add_deleted(sa.select(*_given.c, _BEFORE_ALL).where(_given.c.session_result_id.is_not(None))),
    _add_erased(
        sa.select(
            _given_erased.c.user_id,
            sa.func.max(_given_erased.c.erased_at),
            sa.func.bool_or(_given_erased.c.closed),
            _BEFORE_ALL,
        )
        .where(_given_erased.c.erased_at.is_not(None))
        .group_by(_given_erased.c.user_id),
        has_happened_now=False,
    ),
)

# After the restore of a backup.
BEGIN_ANEW = versions.begin_anew(session_results, *TABLES)

# A session that was erased, and is stored again. `created_at` counts, too: a session that was saved after
# the erasure may have been corrected to an earlier time by release 1.0.
_is_restored = sa.or_(
    _erased.closed,
    sa.and_(_stored.completed_at <= _erased.erased_at, _stored.created_at <= _erased.erased_at),
)
RESTORED_LEARNERS = sa.union(
    sa.select(_stored.user_id).join(
        deleted_sessions,
        (_deleted.user_id == _stored.user_id)
        & (_deleted.session_result_id == _stored.session_result_id),
    ),
    sa.select(_stored.user_id)
    .join(erased_learners, _erased.user_id == _stored.user_id)
    .where(_is_restored),
)
_IS_ERASED = sa.exists().where(_erased.user_id == USER_ID, _is_restored)
IS_RESTORED = sa.or_(is_deleted(_stored.session_result_id), _IS_ERASED)
# Whether sessions of the learner are stored that an erasure had removed.
HAS_ERASED = sa.exists().where(_stored.user_id == USER_ID, _IS_ERASED)
