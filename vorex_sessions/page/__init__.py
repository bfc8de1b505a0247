"""The learner's progress page, for browsers."""

from vorex_sessions.hooks.personal_data import export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import page_links, page_sessions
from vorex_sessions.page import store
from vorex_sessions.page.cli import page as commands
from vorex_sessions.page.routes import blueprint, pages
from vorex_sessions.page.schemas import PageLinkRowSchema, PageVisitRowSchema

CAPABILITY = Capability(
    blueprints=(blueprint,),
    pages=(pages,),
    learner_tables=(page_links, page_sessions),
    # They change no answer but the export.
    unversioned_tables=(page_links, page_sessions),
    exports=(
        export_of(
            page_links,
            "page_links",
            "Links to the learner's page that are not used yet.",
            [],
            page_links.c.expires_at,
            page_links.c.code_hash,
            columns=(page_links.c.expires_at,),
            row=PageLinkRowSchema,
        ),
        export_of(
            page_sessions,
            "page_visits",
            "Browsers that show the learner's page.",
            [],
            page_sessions.c.expires_at,
            page_sessions.c.secret_hash,
            columns=(page_sessions.c.expires_at,),
            row=PageVisitRowSchema,
        ),
    ),
    sweeps=store.SWEEP,
    # What a restored backup brings back opens nothing any more.
    after_restore=store.FORGET_ALL_LEARNERS,
    commands=(commands,),
)
