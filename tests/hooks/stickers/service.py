"""Answers: how many stickers do I have."""

from typing import Any

import sqlalchemy as sa

from tests.hooks.stickers.projection import STICKERS
from vorex_sessions.hooks.projections import DERIVED_VERSION
from vorex_sessions.hooks.rebuild import run_current

_ALL = sa.select(DERIVED_VERSION.label("derived_version"), STICKERS.label("stickers"))


def show_stickers(learner_id: str) -> dict[str, Any]:
    """The number of the learner's stickers."""
    (row,) = run_current(_ALL, {"user_id": learner_id})
    return {"total": len(row.stickers or {})}
