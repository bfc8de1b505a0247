"""Tombstones as the export shows them."""

from typing import Any

import marshmallow as ma

from vorex_sessions.web.schemas import Schema

ID = "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"
STAMP = "2026-03-01T17:30:00.000000Z"


def _always(description: str, example: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": description, "example": example}}


class DeletedSchema(Schema):
    """What is kept of a session that was deleted: that it may not come back."""

    session_result_id = ma.fields.UUID(**_always("The id that it had.", ID))
    deleted_at = ma.fields.DateTime(**_always("When it was deleted.", STAMP))


class ErasureSchema(Schema):
    """The learner's erasure: what was completed before may not come back."""

    erased_at = ma.fields.DateTime(**_always("When everything was last erased.", STAMP))
    closed = ma.fields.Boolean(**_always("Whether nothing more can be saved.", False))
