"""What the endpoints of this capability answer."""

import marshmallow as ma

from vorex_sessions.web.schemas import Schema


class StatusSchema(Schema):
    """All is well; anything else is a problem."""

    status = ma.fields.String(
        required=True,
        validate=ma.validate.Equal("ok"),
        metadata={"description": "Always `ok`.", "example": "ok"},
    )
