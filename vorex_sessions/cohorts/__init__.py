"""A fair comparison: where a learner stands among those who take part, without showing anyone."""

from vorex_sessions.cohorts.routes import blueprint
from vorex_sessions.learner_data import eraser_of, export_of, reburial_of
from vorex_sessions.models import cohort_participants, cohort_standings

__all__ = ["blueprints", "erase", "exports", "reburials"]

blueprints = (blueprint,)
_standing = cohort_standings.c
exports = (
    export_of("comparison", cohort_participants),
    export_of("standings", cohort_standings, _standing.period, _standing.level, _standing.measure),
)
# In this order: a snapshot under way holds the first while it stores a page.
erase = eraser_of(cohort_participants, cohort_standings)
reburials = (
    reburial_of(cohort_participants, cohort_participants.c.since),
    reburial_of(cohort_standings, _standing.since),
)
