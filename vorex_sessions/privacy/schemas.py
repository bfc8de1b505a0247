"""What the endpoints of this capability take and answer."""

import marshmallow as ma

from vorex_sessions import fields
from vorex_sessions.schemas import Schema


class EraseQuerySchema(Schema):
    """The confirmation, so that a client's slip erases nothing."""

    confirm = fields.Choice(
        ("true",),
        required=True,
        metadata={"description": "Exactly `true`.", "example": "true"},
    )


class ErasedSchema(Schema):
    """What was erased."""

    deleted = ma.fields.Integer(
        required=True,
        validate=ma.validate.Range(0),
        metadata={"description": "How many sessions were erased.", "example": 57},
    )
