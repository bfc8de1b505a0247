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


class MachineSchema(Schema):
    """A machine of Citus. While one is away its learners get 503, and the others are served."""

    address = answer_fields.text("Host and port, as Citus knows it.", "db1.example.com:5432")
    state = answer_fields.text(
        "`there` or `away`; `unknown`: it has neither answered nor refused in time.", "there"
    )


class ReadinessSchema(StatusSchema):
    """The service is ready; any other response is a problem."""

    standby = answer_fields.nested(StandbySchema, "Only with `DATABASE_READ_URL`.", required=False)
    machines = answer_fields.items(MachineSchema, "Only with `DB_DISTRIBUTED`.", required=False)
