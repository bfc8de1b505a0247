"""The table. In the package it would be a model in models/, and a migration."""

import sqlalchemy as sa

from vorex_sessions.models.columns import Uuid

learner_stickers = sa.Table(
    "learner_stickers",
    sa.MetaData(),
    sa.Column("user_id", Uuid, primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("sessions", sa.Integer, nullable=False),
)
