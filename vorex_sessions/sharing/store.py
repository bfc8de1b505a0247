"""Statements on share cards; no other module writes this table."""

import sqlalchemy as sa

from vorex_sessions.database import prepared
from vorex_sessions.models import USER_ID, share_cards
from vorex_sessions.sessions import tombstones

_c = share_cards.c
_id = sa.bindparam("card_id", type_=_c.card_id.type)
_is_it = sa.and_(_c.user_id == USER_ID, _c.card_id == _id)
COLUMNS = tuple(column for column in _c if column.name != "user_id")

BEFORE_ADDING = sa.select(
    tombstones.IS_CLOSED.label("closed"),
    tombstones.ERASED_AT.label("erased_at"),
    sa.select(sa.func.count()).where(_c.user_id == USER_ID).scalar_subquery().label("cards"),
)
LAST_ERASURE = sa.select(tombstones.ERASED_AT.label("erased_at"))
ADD = share_cards.insert().values(
    {
        "user_id": USER_ID,
        **{column.name: sa.bindparam(column.name, type_=column.type) for column in COLUMNS},
        "figures": sa.cast(sa.bindparam("figures"), _c.figures.type),
    }
)
LIST = prepared(
    sa.select(*COLUMNS).where(_c.user_id == USER_ID).order_by(_c.created_at.desc(), _c.card_id)
)
IS_THERE = sa.select(_c.card_id).where(_is_it)
REMOVE = share_cards.delete().where(_is_it)
# Whoever has the address names no learner; on Citus it asks every shard.
FIND = prepared(sa.select(*COLUMNS).where(_c.card_id == _id))
# After a backup was restored nobody knows which of its cards had been revoked.
REMOVE_ALL_LEARNERS = share_cards.delete()
