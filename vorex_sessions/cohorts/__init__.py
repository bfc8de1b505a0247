"""Comparison of a learner with others who take part, without revealing anyone."""

from vorex_sessions.cohorts.cli import cohorts as commands
from vorex_sessions.cohorts.pages import MEASURES, PERIODS
from vorex_sessions.cohorts.routes import blueprint
from vorex_sessions.cohorts.schemas import (
    MEASURE_STATUSES,
    STATUSES,
    KeptParticipantSchema,
    ParticipantRowSchema,
    StandingRowSchema,
)
from vorex_sessions.hooks.personal_data import erase_after_restore, export_of
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.models import cohort_participants, cohort_snapshots, cohort_standings, cohorts

_participant, _standing = cohort_participants.c, cohort_standings.c

CAPABILITY = Capability(
    blueprints=(blueprint,),
    # In this order: a running snapshot locks rows of the first table while it stores a page.
    learner_tables=(cohort_participants, cohort_standings),
    other_tables=(cohorts, cohort_snapshots),
    unversioned_tables=(cohort_standings,),
    exports=(
        export_of(
            cohort_participants,
            "comparison",
            "Since when the learner takes part in comparisons; empty if not.",
            [],
            row=ParticipantRowSchema,
        ),
        export_of(
            cohort_standings,
            "standings",
            "The learner's own values in the last snapshot; `published`: the published ones, if different.",
            [],
            *(_standing.language, _standing.period, _standing.level, _standing.measure),
            row=StandingRowSchema,
        ),
    ),
    taken_back=(TakenBack("comparison", cohort_participants, KeptParticipantSchema(), at="since"),),
    after_restore=(
        erase_after_restore(cohort_participants, _participant.since),
        erase_after_restore(cohort_standings, _standing.since),
    ),
    enumerations={
        "MonthOrYear": PERIODS,
        "ComparisonStatus": STATUSES,
        "MeasureStatus": MEASURE_STATUSES,
        "MeasureName": MEASURES,
    },
    commands=(commands,),
)
