"""The schema of a session result that an import takes back."""

from vorex_sessions.sessions.schemas import SaveSchema
from vorex_sessions.web import answer_fields, body_fields


class RestoredSessionSchema(SaveSchema):
    """A session result as the export has it. What an earlier release did not have may be left out."""

    session_result_id = body_fields.Id(
        required=True,
        description="The session result's id, under which it is stored once.",
        example=answer_fields.SESSION_ID,
    )
    user_id = body_fields.Id(
        description="The learner's own id; another learner's session is refused.",
        example="9b2f4f0e-52b0-4b1c-8b54-0d6c2a1e6a11",
    )
    completed_at = body_fields.Instant(
        required=True, description="When the session ended.", example=answer_fields.STAMP
    )
    practiced_on = body_fields.Day(
        description="The calendar day that it counts on, within a day of `completed_at`. By default that of "
        "`completed_at` in `timezone`, as in a save.",
        example="2026-03-01",
    )
    created_at = body_fields.Instant(
        description="When it was first stored; kept. By default the time of the import.",
        example=answer_fields.STAMP,
    )
    updated_at = body_fields.Instant(
        description="When it was last changed; kept. By default `created_at`.",
        example=answer_fields.STAMP,
    )
    version = body_fields.Whole(
        -1, 2**63 - 1, description="Ignored: the session gets a new version.", example=17
    )
