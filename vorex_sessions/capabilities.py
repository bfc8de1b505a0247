"""The capabilities of the service. Adding one: a folder with a `CAPABILITY`, and one word here."""

from vorex_sessions import (
    charts,
    cohorts,
    events,
    founding,
    growth,
    imports,
    insights,
    languages,
    live,
    operations,
    overview,
    page,
    preferences,
    privacy,
    progress,
    recall,
    sessions,
    sharing,
    skills,
    trends,
)

# From older to newer: a capability may import those before it.
CAPABILITIES = tuple(
    part.CAPABILITY
    for part in (
        sessions,
        preferences,
        progress,
        trends,
        growth,
        languages,
        recall,
        skills,
        cohorts,
        events,
        live,
        insights,
        charts,
        overview,
        page,
        sharing,
        privacy,
        founding,
        imports,
        operations,
    )
)
