"""Response schemas of this capability."""

from vorex_sessions.web import answer_fields
from vorex_sessions.web.schemas import Schema


class StatusSchema(Schema):
    """The service is well; any other response is a problem."""

    status = answer_fields.text("Always `ok`.", "ok")


class StandbySchema(Schema):
    """The standby of `DATABASE_READ_URL`; without it, reads that may lag are answered by the primary."""

    state = answer_fields.text(
        "`used`; or why it is not: `behind`, `away`, `busy`, `failed`.", "used"
    )
    lag_seconds = answer_fields.number(
        "How far it is behind the primary; null where that is not known.", 0.0, allow_none=True
    )


class ReadinessSchema(StatusSchema):
    """The service is ready; any other response is a problem."""

    standby = answer_fields.nested(StandbySchema, "Only with `DATABASE_READ_URL`.", required=False)
