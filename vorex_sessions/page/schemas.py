"""Schemas of links to the page."""

from vorex_sessions.web import answer_fields
from vorex_sessions.web.schemas import Schema


class PageLinkSchema(Schema):
    """A link to the learner's page."""

    path = answer_fields.text(
        "Its address below that of the service, to be opened in a browser at once. `&locale=de` and other "
        "parameters of the page may be appended.",
        "/progress/open?code=k1Yz8Jw0o0m1w6P3cQmX5uYt9sS2bV7nL4hG0dFaEeI",
    )
    expires_at = answer_fields.instant("Until when it can be opened, once.")


class PageLinkRowSchema(Schema):
    """A link that is not used yet, as the export shows it."""

    expires_at = answer_fields.instant("Until when it can be opened.")


class PageVisitRowSchema(Schema):
    """A browser that shows the page, as the export shows it."""

    expires_at = answer_fields.instant("Until when it shows it.")
