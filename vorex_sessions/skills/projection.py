"""How well each skill is mastered, updated with each save. This module alone writes `learner_skills`."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions.database import Transaction
from vorex_sessions.hooks.all_sessions import AllSessions
from vorex_sessions.hooks.learner_rows import LearnerRows
from vorex_sessions.hooks.projections import AnswerExtras, Projection, SaveEvent
from vorex_sessions.models import USER_ID, learner_skills
from vorex_sessions.skill_graph import NO_GRAPH, graph_of
from vorex_sessions.skills.tracing import Key, Trace, evidence_of, in_time, trace

_ROWS = LearnerRows(learner_skills, "language", "skill")
_MOST_READ = 500  # sessions that a save reads again for a late one
_s = learner_skills.c
_is_of_learner = _s.user_id == USER_ID
_is_evident = _s.skill == sa.any_(sa.cast(sa.bindparam("evident_skills"), ARRAY(sa.Text)))


def stored_traces(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """The learner's traces that meet the conditions, as one JSON array; NULL where there is none."""
    rows = sa.func.json_agg(sa.func.to_json(sa.literal_column("learner_skills")))
    return sa.select(rows).where(_is_of_learner, *conditions).scalar_subquery()


def traces_of(language: Any) -> sa.ScalarSelect[Any]:
    """The learner's traces in a language."""
    return stored_traces(_s.language == language)


class SkillsProjection(Projection):
    """The traces of a learner."""

    derived_from = frozenset({"skills", "areas_to_improve", "completed_at", "language"})
    may_follow = True
    invalidate = (learner_skills.delete().where(_is_of_learner),)

    def applies_to(self, row: Mapping[str, Any]) -> bool:
        """Only scores of skills and areas to improve matter, in a language with a graph."""
        has_graph = graph_of(row["language"]) is not NO_GRAPH
        return has_graph and bool(row["skills"] or row["areas_to_improve"])

    def context(self, new: sa.CTE, inserted: sa.CTE | None) -> sa.ScalarSelect[Any]:
        """The traces of the skills with evidence in the sessions, in every language."""
        return stored_traces(_is_evident)

    def context_parameters(self, rows: Collection[Mapping[str, Any]]) -> Mapping[str, Any]:
        """The skills with evidence."""
        evidence = (evidence_of(SimpleNamespace(**row)) for row in rows)
        return {"evident_skills": sorted(set().union(*evidence))}

    def on_save(self, event: SaveEvent, context: Sequence[Any] | None) -> AnswerExtras:
        """Trace the skills of the saved sessions. A skill with later evidence is traced from the start."""
        if event.is_current:
            stored = traces(context)
            late = {
                key
                for session in event.saved_rows
                for skill in evidence_of(session)
                if (key := (session.language, skill)) in stored
                and session.completed_at <= stored[key].last_at
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
    return sessions.reading("skills", "areas_to_improve", "language")


def traces(rows: Sequence[Mapping[str, Any]] | None) -> dict[Key, Trace]:
    """The traces that `stored_traces` reads."""
    return {
        (row["language"], row["skill"]): Trace(
            row["mastery"],
            row["evidence"],
            row["flagged"],
            datetime.fromisoformat(row["last_at"]),
        )
        for row in rows or ()
    }


def by_skill(rows: Sequence[Mapping[str, Any]] | None) -> dict[str, Trace]:
    """The traces that `traces_of` reads, by skill."""
    return {skill: trace for (_, skill), trace in traces(rows).items()}


def _as_rows(traces: Mapping[Key, Trace]) -> list[dict[str, Any]]:
    return [
        {"language": language, "skill": skill, **vars(item)}
        for (language, skill), item in traces.items()
    ]
