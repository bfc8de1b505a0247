"""Queries that no client would send."""

import pytest

from tests.factories import Learner
from tests.page.browsers import opened


@pytest.mark.parametrize("query", ["period=\xff\xfe", "\xff", "locale=\xc3\xa9", "code=\xf0"])
def test_bytes_of_no_text_are_no_error_of_the_service(learner: Learner, query: str) -> None:
    environ = {"QUERY_STRING": query}
    browser = opened(learner)
    assert browser.get("/progress", environ_overrides=environ).status_code == 200
    assert browser.get("/progress/open", environ_overrides=environ).status_code == 200
    refused = learner.request("GET", "/api/sessions/stats", environ_overrides=environ)
    assert refused.status_code == 422


def test_plain_text_in_a_query_means_what_its_escapes_mean(learner: Learner) -> None:
    shown = [
        learner.request("GET", "/api/sessions/stats", environ_overrides={"QUERY_STRING": query})
        for query in ("timezone=\xc3\xa9", "timezone=%C3%A9")
    ]
    assert shown[0].status_code == 422
    assert shown[0].json == shown[1].json
