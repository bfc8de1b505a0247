"""Tombstones as the export shows them."""

from typing import Any

import marshmallow as ma

from vorex_sessions.web.schemas import Schema

ID = "3f0c9f6e-7a41-4c54-9f0b-2f6d5f3f7f10"
STAMP = "2026-03-01T17:30:00.000000Z"


def _required(description: str, example: Any) -> dict[str, Any]:
    return {"required": True, "metadata": {"description": description, "example": example}}


class DeletedSchema(Schema):
    """The tombstone of a deleted session: it cannot be saved again."""

    session_result_id = ma.fields.UUID(**_required("The id of the deleted session.", ID))
    deleted_at = ma.fields.DateTime(**_required("When it was deleted.", STAMP))


class ErasureSchema(Schema):
    """The learner's erasure: sessions completed before it cannot be saved again."""

    erased_at = ma.fields.DateTime(**_required("When everything was last erased.", STAMP))
    closed = ma.fields.Boolean(**_required("Whether the account is closed.", False))
