"""Statements on links to pages, and on the browsers that show them; no other module writes these tables."""

import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.models import USER_ID, page_links, page_sessions
from vorex_sessions.sessions import tombstones

_l, _s = page_links.c, page_sessions.c
_code = sa.bindparam("code_hash", type_=_l.code_hash.type)
_secret = sa.bindparam("secret_hash", type_=_s.secret_hash.type)
_new = sa.bindparam("new_hash", type_=_s.secret_hash.type)
_now = sa.bindparam("now", type_=_l.expires_at.type)
_expires = sa.bindparam("expires_at", type_=_l.expires_at.type)
_grace = sa.bindparam("grace", type_=_s.replaced_at.type)

IS_CLOSED = sa.select(tombstones.IS_CLOSED.label("closed"))
ADD_LINK = page_links.insert().values(user_id=USER_ID, code_hash=_code, expires_at=_expires)
# Whose link it is. It is asked once for each link, so that Citus may ask every shard.
FIND_LINK = sa.select(_l.user_id).where(_l.code_hash == _code, _l.expires_at > _now)
TAKE_LINK = (
    page_links.delete()
    .where(_l.user_id == USER_ID, _l.code_hash == _code, _l.expires_at > _now)
    .returning(_l.user_id)
)
ADD_SESSION = page_sessions.insert().values(
    user_id=USER_ID, secret_hash=_secret, replaced_at=_now, expires_at=_expires
)
_is_previous = sa.and_(_s.previous_hash == _secret, _s.replaced_at > _grace)
# The browser with this secret, or with the one before, which is good for a while.
FIND_SESSION = prepared(
    sa.select((_s.secret_hash == _secret).label("is_current"), _s.replaced_at, _s.expires_at).where(
        _s.user_id == USER_ID,
        _s.expires_at > _now,
        sa.or_(_s.secret_hash == _secret, _is_previous),
    )
)
REPLACE_SECRET = (
    page_sessions.update()
    .where(_s.user_id == USER_ID, _s.secret_hash == _secret)
    .values(secret_hash=_new, previous_hash=_secret, replaced_at=_now)
    .returning(_s.user_id)
)
REMOVE_SESSION = page_sessions.delete().where(
    _s.user_id == USER_ID, sa.or_(_s.secret_hash == _secret, _s.previous_hash == _secret)
)
REMOVE_ALL = tuple(
    table.delete().where(table.c.user_id == USER_ID) for table in (page_links, page_sessions)
)
REMOVE_EXPIRED = tuple(
    table.delete().where(table.c.user_id == USER_ID, table.c.expires_at <= _now)
    for table in (page_links, page_sessions)
)
# Those of every learner, for the sweep.
SWEEP = tuple(
    table.delete().where(table.c.expires_at <= _now) for table in (page_links, page_sessions)
)
FORGET_ALL_LEARNERS = (page_links.delete(), page_sessions.delete())
