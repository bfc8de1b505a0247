"""The ETag of an overview: right as long as every part is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine

from tests.factories import Learner

INCLUDED = "stats,streak,warmup"


def ask(learner: Learner, tag: str | None = None, **query: str) -> Any:
    headers = {"If-None-Match": tag} if tag else {}
    query = {"include": INCLUDED, **query}
    return learner.request("GET", "/api/sessions/overview", query_string=query, headers=headers)


def test_an_app_that_has_the_answer_gets_no_other(learner: Learner) -> None:
    learner.save()
    tag = ask(learner).headers["ETag"]
    again = ask(learner, tag)
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    assert ask(learner, tag, include="stats,streak").status_code == 200
    assert ask(learner, tag, **{"stats.period": "month"}).status_code == 200
    learner.save()
    assert ask(learner, tag).status_code == 200


def test_what_was_rebuilt_first_has_the_same_tag(learner: Learner) -> None:
    learner.save()
    gone = learner.save()["session_result_id"]
    learner.request("DELETE", f"/api/sessions/{gone}")
    stale, current = ask(learner), ask(learner)
    assert stale.headers["ETag"] == current.headers["ETag"]
    assert stale.data == current.data


def test_midnight_in_the_zone_of_any_part_changes_it(learner: Learner) -> None:
    evening = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
    with time_machine.travel(evening, tick=False):
        learner.save(completed_at=evening.isoformat(), timezone="UTC")
        utc, berlin = ask(learner), ask(learner, **{"streak.timezone": "Europe/Berlin"})
    with time_machine.travel(evening + timedelta(minutes=45), tick=False):
        assert ask(learner, utc.headers["ETag"]).status_code == 304
        after = ask(learner, berlin.headers["ETag"], **{"streak.timezone": "Europe/Berlin"})
        assert after.status_code == 200
        assert after.json["streak"] != berlin.json["streak"]
        assert after.json["stats"] == berlin.json["stats"]
    with time_machine.travel(evening + timedelta(hours=2), tick=False):
        assert ask(learner, utc.headers["ETag"]).status_code == 200


def test_it_holds_no_longer_than_the_first_part_to_change(learner: Learner) -> None:
    """A calendar unit that is not over is compared with what was equally unfinished, to the hour."""
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    learner.save(completed_at=(noon - timedelta(days=7, minutes=-30)).isoformat(), timezone="UTC")
    query = {"stats.period": "this_week"}
    with time_machine.travel(noon, tick=False):
        before = ask(learner, **query)
        alone = ask(learner, include="streak,stats", **query)
    with time_machine.travel(noon + timedelta(hours=1), tick=False):
        for answer, parts in ((before, INCLUDED), (alone, "streak,stats")):
            after = ask(learner, answer.headers["ETag"], include=parts, **query)
            fresh = ask(learner, include=parts, **query)
            if fresh.json["stats"] != answer.json["stats"]:
                assert after.status_code == 200


def test_with_a_part_that_rests_on_others_it_is_of_the_answer(learner: Learner) -> None:
    learner.save()
    answer = ask(learner, include="stats,comparison")
    assert answer.headers["ETag"].startswith('W/"~')
    assert ask(learner, answer.headers["ETag"], include="stats,comparison").status_code == 304
    assert not ask(learner).headers["ETag"].startswith('W/"~')
