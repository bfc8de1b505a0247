"""Response schemas of this capability."""

import marshmallow as ma

from vorex_sessions.web.schemas import Schema


class StatusSchema(Schema):
    """The service is well; any other response is a problem."""

    status = ma.fields.String(
        required=True,
        validate=ma.validate.Equal("ok"),
        metadata={"description": "Always `ok`.", "example": "ok"},
    )
