"""How well each skill is mastered, updated with each save. This module alone writes `learner_skills`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from vorex_sessions.database import Transaction
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.learner_rows import LearnerRows
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.models import USER_ID, learner_skills
from vorex_sessions.skills.tracing import Trace, evidence_of, in_time, trace

_ROWS = LearnerRows(learner_skills, "skill")
_MOST_READ = 500  # sessions that a save reads again for a late one
_s = learner_skills.c
_is_of_learner = _s.user_id == USER_ID
# The learner's traces as one JSON object, by skill; NULL where there is none.
TRACES = (
    sa.select(
        sa.func.json_object_agg(_s.skill, sa.func.to_json(sa.literal_column("learner_skills")))
    )
    .where(_is_of_learner)
    .scalar_subquery()
)


class SkillsProjection(Projection):
    """The traces of a learner."""

    derived_from = frozenset({"skills", "areas_to_improve", "completed_at"})
    may_follow = True
    invalidate = (learner_skills.delete().where(_is_of_learner),)

    def applies_to(self, row: Mapping[str, Any]) -> bool:
        """Only scores of skills and areas to improve matter."""
        return bool(row["skills"] or row["areas_to_improve"])

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """All traces of the learner."""
        return TRACES

    def on_save(self, event: SaveEvent, context: Mapping[str, Any] | None) -> AnswerExtras:
        """Trace the skills of the saved sessions. A skill with later evidence is traced from the start."""
        if event.is_current:
            stored = traces(context)
            late = {
                skill
                for session in event.saved_rows
                for skill in evidence_of(session)
                if skill in stored and session.completed_at <= stored[skill].last_at
            }
            changed = trace(sorted(event.saved_rows, key=in_time), stored)
            if late:
                event.take_time()
                history = list(islice(_with_evidence(event.all_sessions), _MOST_READ + 1))
                if len(history) > _MOST_READ:
                    event.leave_stale()
                    return {}
                changed |= trace(history, only=late)
            if changed:
                _ROWS.defer_put(event.transaction, event.learner_id, _as_rows(changed))
        return {}

    def rebuild(self, transaction: Transaction, learner_id: str, sessions: AllSessions) -> None:
        """Trace all skills from the start."""
        _ROWS.defer_replace(transaction, learner_id, _as_rows(trace(_with_evidence(sessions))))


def _with_evidence(sessions: AllSessions) -> Iterator[Any]:
    return sessions.reading("skills", "areas_to_improve")


def traces(columns_by_skill: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Trace]:
    """The traces that TRACES reads."""
    return {
        skill: Trace(
            columns["mastery"],
            columns["evidence"],
            columns["flagged"],
            datetime.fromisoformat(columns["last_at"]),
        )
        for skill, columns in (columns_by_skill or {}).items()
    }


def _as_rows(by_skill: Mapping[str, Trace]) -> list[dict[str, Any]]:
    return [{"skill": skill, **vars(item)} for skill, item in by_skill.items()]
