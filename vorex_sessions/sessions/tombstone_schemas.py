"""Tombstones as the export shows them."""

from vorex_sessions.web import answer_fields, body_fields
from vorex_sessions.web.schemas import Schema


class DeletedSchema(Schema):
    """The tombstone of a deleted session: it cannot be saved again."""

    session_result_id = answer_fields.session_id("The id of the deleted session.")
    deleted_at = answer_fields.instant("When it was deleted.")


class KeptDeletionSchema(Schema):
    """The tombstone of a deleted session, as an import takes it back."""

    session_result_id = body_fields.Id(
        required=True,
        description="The id of the deleted session, which is not saved again.",
        example=answer_fields.SESSION_ID,
    )
    deleted_at = body_fields.Instant(
        required=True, description="When it was deleted.", example=answer_fields.STAMP
    )


class ErasureSchema(Schema):
    """The learner's erasure: sessions completed before it cannot be saved again."""

    erased_at = answer_fields.instant("When everything was last erased.")
    closed = answer_fields.flag("Whether the account is closed.")
