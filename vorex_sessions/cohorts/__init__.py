"""Comparison of a learner with others who take part, without revealing anyone."""

from vorex_sessions.cohorts.cli import cohorts as commands
from vorex_sessions.cohorts.routes import blueprint
from vorex_sessions.hooks.personal_data import erase_after_restore, export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import cohort_participants, cohort_snapshots, cohort_standings, cohorts

_participant, _standing = cohort_participants.c, cohort_standings.c

CAPABILITY = Capability(
    blueprints=(blueprint,),
    # In this order: a running snapshot locks rows of the first table while it stores a page.
    learner_tables=(cohort_participants, cohort_standings),
    other_tables=(cohorts, cohort_snapshots),
    exports=(
        export_of(
            cohort_participants,
            "comparison",
            "Since when the learner takes part in comparisons; empty if not.",
            [{"since": "2026-03-01T17:30:00.000000Z"}],
        ),
        export_of(
            cohort_standings,
            "standings",
            "The learner's own values in the last snapshot; `published`: the published ones, if different.",
            [{"level": "B1"}],
            *(_standing.period, _standing.level, _standing.measure),
        ),
    ),
    after_restore=(
        erase_after_restore(cohort_participants, _participant.since),
        erase_after_restore(cohort_standings, _standing.since),
    ),
    commands=(commands,),
)
