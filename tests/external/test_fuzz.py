"""Schemathesis over the whole API: no 5xx, no undocumented status, no body that breaks its schema.

Needs only Python, but takes minutes: part of `make check`.
"""

import os
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract import document
from tests.factories import Learner, token
from tests.postgres import empty_tables
from vorex_sessions import create_app
from vorex_sessions.extensions import db

pytestmark = pytest.mark.external

CASES = int(os.environ.get("FUZZ_CASES", "700"))  # per operation
CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
)
OPERATIONS = {
    "POST /api/sessions/save",
    "GET /api/sessions/history",
    "GET /api/sessions/changes",
    "GET /api/sessions/stats",
    "GET /api/sessions/warmup",
    "GET /api/sessions/daily-breakdown",
    "POST /api/sessions/batch",
    "POST /api/sessions/import",
    "GET /api/sessions/streak",
    "GET /api/sessions/languages",
    "GET /api/sessions/rhythm",
    "GET /api/sessions/preferences",
    "PUT /api/sessions/preferences",
    "GET /api/sessions/achievements",
    "GET /api/sessions/vocabulary",
    "GET /api/sessions/skills",
    "GET /api/sessions/trends",
    "GET /api/sessions/comparison",
    "GET /api/sessions/overview",
    "GET /api/sessions/charts/heatmap.svg",
    "GET /api/sessions/charts/trend.svg",
    "GET /api/sessions/charts/skills.svg",
    "GET /api/sessions/charts/streak.svg",
    "GET /api/sessions/charts/vocabulary.svg",
    "GET /api/sessions/charts/rhythm.svg",
    "GET /api/sessions/insights",
    "PUT /api/sessions/insights/preferences",
    "POST /api/sessions/insights/{insight_id}/feedback",
    "PUT /api/sessions/comparison",
    "POST /api/sessions/page-links",
    "DELETE /api/sessions/page-links",
    "GET /api/sessions/share-cards",
    "POST /api/sessions/share-cards",
    "DELETE /api/sessions/share-cards/{card_id}",
    "GET /api/sessions/live",
    "PUT /api/sessions/live/{session_result_id}",
    "DELETE /api/sessions/live/{session_result_id}",
    "GET /api/sessions/{session_result_id}",
    "PATCH /api/sessions/{session_result_id}",
    "DELETE /api/sessions/{session_result_id}",
    "DELETE /api/sessions",
    "GET /api/sessions/export",
    "DELETE /api/admin/learners/{user_id}",
    "GET /api/admin/events",
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
}
TAKE_NOTHING = {
    "POST /api/sessions/page-links",
    "DELETE /api/sessions/page-links",
    "GET /api/sessions/share-cards",
    "GET /api/sessions/achievements",
    "GET /api/sessions/preferences",
    "GET /api/sessions/live",
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
}
# Values that make `/api/sessions/{session_result_id}` the path of another operation.
LITERAL = {path.rpartition("/")[2] for path in OPERATIONS}
RUNS = [
    (path, mode)
    for path in sorted(OPERATIONS, reverse=True)  # those with bodies, which take longest, first
    for mode in schemathesis.GenerationMode
    if mode == schemathesis.GenerationMode.POSITIVE or path not in TAKE_NOTHING
]
# JSON Schema does not fully describe this format; with a generator, more cases are valid.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat(timespec="seconds")),
)


@pytest.fixture(scope="module")
def practised(app: Flask) -> Learner:
    """A learner who has data."""
    learner = Learner(app)
    for day in range(1, 8):
        learner.save(
            completed_at=f"2026-03-0{day}T12:00:00+01:00",
            topics=["travel"],
            areas_to_improve=["past tense"],
            vocabulary_learned=["reservation"],
            vocabulary_results=[{"word": "available", "outcome": "good"}],
            skills=[{"skill": "past-simple", "score": 60}],
            fluency_score=80.5,
            metadata={"scenario_id": "hotel"},
        )
    return learner


@pytest.fixture(scope="module")
def unlimited(app: Flask, settings: dict[str, Any]) -> Flask:
    """The same service without rate limits."""
    return create_app({**settings, "RATELIMIT_ENABLED": False, "EVENTS": True})


@pytest.fixture(autouse=True)
def _clean_tables() -> None:
    """Replace the fixture that empties the tables: the learner keeps the data."""


@pytest.fixture(scope="module", autouse=True)
def _clean_up(app: Flask) -> object:
    yield
    empty_tables(app)


@pytest.mark.parametrize(("path", "mode"), RUNS)
def test_every_operation_keeps_its_word(
    path: str, mode: schemathesis.GenerationMode, practised: Learner, unlimited: Flask
) -> None:
    """Half of the cases keep the rules of the document; half break a rule."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", unlimited)
    _without_security(schema.raw_schema)
    # What breaks a rule by its length may be too large for the body as a whole.
    rejection = schema.config.checks.negative_data_rejection
    rejection.expected_statuses = [*rejection.expected_statuses, "413"]
    role = "service_role" if "/admin/" in path else "authenticated"
    access_token = token(practised.id, role=role, exp=4_000_000_000)
    # Schemathesis asks for gzip, but does not decompress what it gets from WSGI.
    headers = {"Authorization": f"Bearer {access_token}", "Accept-Encoding": "identity"}
    # A batch and an import answer 200 with a problem for each item that breaks a rule.
    checks = [
        check
        for check in CHECKS
        if check != negative_data_rejection or not path.endswith(("/batch", "/import"))
    ]
    operation = schema[path.split()[1]][path.split()[0]]

    @settings(
        max_examples=CASES // 2,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def judge(case: schemathesis.Case) -> None:
        assume(LITERAL.isdisjoint(case.path_parameters.values()))
        case.call_and_validate(headers=headers, checks=checks)

    judge()
    with unlimited.app_context():
        for engine in db.engines.values():
            assert engine.pool.checkedout() == 0  # no connection is left open


def _without_security(spec: dict[str, Any]) -> None:
    """Remove security from the document: every case has a token. Other tests check that it is needed."""
    del spec["components"]["securitySchemes"]
    for operations in spec["paths"].values():
        for method, operation in operations.items():
            if method != "parameters":
                operation.pop("security", None)


def test_every_documented_operation_is_fuzzed(app: Flask) -> None:
    documented = {
        f"{method.upper()} {path}"
        for path, operations in document(app)["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert documented == OPERATIONS
