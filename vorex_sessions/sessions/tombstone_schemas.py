"""Tombstones as the export shows them."""

from vorex_sessions.web import answer_fields
from vorex_sessions.web.schemas import Schema


class DeletedSchema(Schema):
    """The tombstone of a deleted session: it cannot be saved again."""

    session_result_id = answer_fields.session_id("The id of the deleted session.")
    deleted_at = answer_fields.instant("When it was deleted.")


class ErasureSchema(Schema):
    """The learner's erasure: sessions completed before it cannot be saved again."""

    erased_at = answer_fields.instant("When everything was last erased.")
    closed = answer_fields.flag("Whether the account is closed.")
