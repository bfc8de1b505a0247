"""Response schemas of this capability."""

from vorex_sessions.web import answer_fields
from vorex_sessions.web.schemas import Schema


class StatusSchema(Schema):
    """The service is well; any other response is a problem."""

    status = answer_fields.text("Always `ok`.", "ok")
