"""The rules of tests/routing.py: each is broken by a statement as it must not be, and kept by its cure."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests import routing, sent
from tests.postgres import transaction
from tests.routing import judged
from tests.routing_jobs import JOBS, ONE_MACHINE
from tests.sql_trees import LEARNERS, REFERENCES

MINE = "user_id = CAST(%(user_id)s AS uuid)"
GIVEN = "jsonb_to_recordset(CAST(%(rows)s AS jsonb)) AS given (word text, times_seen int)"
NAMES = "INSERT INTO learner_words (user_id, word, times_seen)"
OF_LEARNER = f"SELECT t.user_id, given.* FROM learner_totals AS t CROSS JOIN {GIVEN} WHERE t.{MINE}"
# What breaks a rule, the rule, and the cure.
BROKEN = {
    "no learner": (
        "SELECT word FROM learner_words WHERE word = %(word)s",
        routing.ONE_LEARNER,
        f"SELECT word FROM learner_words WHERE word = %(word)s AND {MINE}",
    ),
    "some learners": (
        "SELECT word FROM learner_words WHERE user_id = ANY(%(learners)s)",
        routing.ONE_LEARNER,
        f"SELECT word FROM learner_words WHERE {MINE}",
    ),
    "the learner of an outer query": (
        f"""SELECT 1 FROM learner_totals AS t WHERE t.{MINE} AND EXISTS (
            SELECT FROM learner_words AS w WHERE w.user_id = t.user_id)""",
        routing.ONE_LEARNER,
        f"""SELECT 1 FROM learner_totals AS t WHERE t.{MINE} AND EXISTS (
            SELECT FROM learner_words AS w WHERE w.{MINE})""",
    ),
    "a learner or another": (
        f"SELECT word FROM learner_words WHERE {MINE} OR word = %(word)s",
        routing.ONE_LEARNER,
        f"SELECT word FROM learner_words WHERE {MINE} AND (word = %(word)s OR times_seen > 1)",
    ),
    "a join by something else": (
        f"SELECT 1 FROM learner_totals AS t JOIN learner_words AS w ON w.language = 'en' WHERE t.{MINE}",
        routing.ONE_LEARNER,
        f"SELECT 1 FROM learner_totals AS t JOIN learner_words AS w USING (user_id) WHERE t.{MINE}",
    ),
    "an outer join that keeps all": (
        f"SELECT 1 FROM learner_totals AS t LEFT JOIN cohorts AS c ON t.{MINE}",
        routing.ONE_LEARNER,
        f"SELECT 1 FROM learner_totals AS t LEFT JOIN cohorts AS c ON c.level = 'B1' WHERE t.{MINE}",
    ),
    "one join by the learner beside another": (
        f"""SELECT 1 FROM learner_totals AS t JOIN learner_words AS w USING (user_id)
            CROSS JOIN learner_skills AS s WHERE t.{MINE}""",
        routing.ONE_LEARNER,
        f"""SELECT 1 FROM learner_totals AS t JOIN learner_words AS w USING (user_id)
            JOIN learner_skills AS s USING (user_id) WHERE t.{MINE}""",
    ),
    "an update of all": (
        "UPDATE learner_totals SET derived_version = 0",
        routing.ONE_LEARNER,
        f"UPDATE learner_totals SET derived_version = 0 WHERE {MINE}",
    ),
    "an insert within WITH": (
        f"WITH new AS ({NAMES} VALUES (%(user_id)s, 'a', 1) RETURNING word) SELECT word FROM new",
        routing.INSERT_IN_WITH,
        f"{NAMES} VALUES (%(user_id)s, 'a', 1)",
    ),
    "rows of a function alone": (
        f"{NAMES} SELECT CAST(%(user_id)s AS uuid), given.* FROM {GIVEN}",
        routing.NO_SOURCE,
        f"{NAMES} {OF_LEARNER}",
    ),
    "a learner that a function names": (
        f"{NAMES} SELECT given.user_id, 'a', 1 FROM jsonb_to_recordset('[]') AS given (user_id uuid)",
        routing.NO_SOURCE,
        f"{NAMES} {OF_LEARNER}",
    ),
    "a sub-select within VALUES": (
        f"{NAMES} VALUES (%(user_id)s, 'a', (SELECT count(*) FROM learner_words WHERE {MINE}))",
        routing.VALUES_SELECT,
        f"{NAMES} VALUES (%(user_id)s, 'a', 1)",
    ),
    "the time in ON CONFLICT": (
        "INSERT INTO learner_insight_feedback (user_id) VALUES (%(user_id)s) "
        "ON CONFLICT (user_id, topic) DO UPDATE SET given_at = now()",
        routing.MUTABLE,
        "INSERT INTO learner_insight_feedback (user_id) VALUES (%(user_id)s) "
        "ON CONFLICT (user_id, topic) DO UPDATE SET given_at = excluded.given_at",
    ),
    "JSON in RETURNING": (
        f"DELETE FROM learner_words WHERE {MINE} RETURNING to_jsonb(word)",
        routing.MUTABLE,
        f"DELETE FROM learner_words WHERE {MINE} RETURNING word",
    ),
    "a volatile function in UPDATE": (
        f"UPDATE cohort_participants SET since = clock_timestamp() WHERE {MINE}",
        routing.VOLATILE,
        f"UPDATE cohort_participants SET since = now() WHERE {MINE}",
    ),
    "a stable function of a column in UPDATE": (
        f"UPDATE learner_words SET word = to_char(first_seen, 'YYYY') WHERE {MINE}",
        routing.STABLE_OF_COLUMN,
        f"UPDATE learner_words SET word = upper(word) WHERE {MINE}",
    ),
    "the time in COALESCE": (
        f"UPDATE event_queues SET failing_since = coalesce(failing_since, now()) WHERE {MINE}",
        routing.WITHIN_CASE,
        f"UPDATE event_queues SET failing_since = least(failing_since, now()) WHERE {MINE}",
    ),
    "an interval of a column": (
        f"UPDATE event_queues SET due_at = now() + make_interval(secs => attempts) WHERE {MINE}",
        routing.STABLE_OF_COLUMN,
        f"UPDATE event_queues SET due_at = to_timestamp(extract(epoch FROM now()) + attempts) WHERE {MINE}",
    ),
    "a record of JSON in a write": (
        "UPDATE learner_totals SET sessions = given.sessions FROM json_to_record(CAST(%(totals)s AS json)) "
        f"AS given (sessions integer) WHERE {MINE}",
        routing.OF_ONE_ROW,
        "UPDATE learner_totals SET sessions = given.sessions FROM jsonb_to_recordset(%(totals)s::jsonb) "
        f"AS given (sessions integer) WHERE {MINE}",
    ),
    "locks across learners": (
        "SELECT user_id FROM cohort_participants ORDER BY user_id FOR KEY SHARE",
        routing.LOCKED_MANY,
        f"SELECT user_id FROM cohort_participants WHERE {MINE} FOR KEY SHARE",
    ),
    "a cursor": (
        f"DECLARE words NO SCROLL CURSOR FOR SELECT word FROM learner_words WHERE {MINE}",
        routing.CURSOR,
        f"SELECT word FROM learner_words WHERE {MINE} AND word > %(after)s ORDER BY word LIMIT 50",
    ),
    "whole rows across learners": (
        "SELECT row_to_json(t) FROM learner_totals AS t",
        routing.WHOLE_ROWS,
        f"SELECT row_to_json(t) FROM learner_totals AS t WHERE {MINE}",
    ),
    "a lock anywhere": (
        "SELECT pg_advisory_xact_lock(%(key)s)",
        routing.LOCK_ELSEWHERE,
        "SELECT pg_advisory_xact_lock(%(key)s) FROM "
        f"(SELECT count(*) FROM learner_totals WHERE {MINE}) AS there",
    ),
    "a reference table that learners decide": (
        "DELETE FROM cohorts WHERE level NOT IN (SELECT level FROM cohort_standings)",
        routing.REFERENCE,
        "DELETE FROM cohorts WHERE level NOT IN (SELECT jsonb_array_elements_text(CAST(%(kept)s AS jsonb)))",
    ),
}


def rule_of(found: tuple[str, ...], rule: str) -> list[str]:
    beginning, _, end = rule.partition("{}")
    return [one for one in found if one.startswith(beginning) and one.endswith(end)]


@pytest.mark.parametrize("name", BROKEN)
def test_a_statement_that_breaks_a_rule_is_named_and_its_cure_is_not(name: str) -> None:
    broken, rule, cured = BROKEN[name]
    assert rule_of(judged(broken), rule)
    assert judged(cured) == ()


def test_every_rule_of_statements_has_an_example() -> None:
    rules = {
        value for value in vars(routing).values() if isinstance(value, str) and value[1:3] == ": "
    }
    assert {rule for _, rule, _ in BROKEN.values()} == rules


def test_prepared_statements_and_those_of_one_text_are_judged() -> None:
    broken = BROKEN["no learner"][0]
    assert judged(f"PREPARE plan AS {broken}; EXECUTE plan ('a')") == judged(broken)
    assert judged(f"BEGIN; SELECT 1; {broken}; COMMIT") == judged(broken)


def test_a_job_reads_across_learners_and_keeps_the_other_rules() -> None:
    assert judged(BROKEN["no learner"][0], is_job=True) == ()
    for name in (
        "an insert within WITH",
        "a cursor",
        "whole rows across learners",
        "locks across learners",
    ):
        broken, rule, _ = BROKEN[name]
        assert rule_of(judged(broken, is_job=True), rule)


def test_every_job_says_why() -> None:
    reasons = [*JOBS.values(), *ONE_MACHINE.values()]
    assert all(len(reason) > 20 for reason in reasons)


def test_who_writes_without_the_learners_lock_writes_first() -> None:
    read, write = BROKEN["no learner"][2], BROKEN["an update of all"][2]
    assert routing.touched(read) == (True, False)
    assert routing.touched(write) == (True, True)
    assert routing.touched("SELECT 1") == (False, False)
    assert (routing.writes(read), routing.writes(write)) == (False, True)


def test_a_sent_statement_is_judged_with_its_place() -> None:
    text = "SELECT 1 FROM learner_words"
    assert sent.judge_sent(text, "progress/stats.py:stats") == {
        ("progress/stats.py:stats", routing.ONE_LEARNER.format("learner_words"), text)
    }
    assert sent.judge_sent(text, next(iter(JOBS))) == set()


def test_every_table_is_of_learners_or_the_same_everywhere() -> None:
    assert "session_results" in LEARNERS
    assert "cohorts" in REFERENCES
    assert not LEARNERS & REFERENCES


def test_functions_are_as_changeable_as_the_rules_say(app: Flask) -> None:
    with app.app_context(), transaction() as connection:
        found = connection.execute(
            sa.text("SELECT proname, provolatile FROM pg_proc WHERE proname = ANY(:names)"),
            {"names": sorted(routing.STABLE_FUNCTIONS | routing.VOLATILE_FUNCTIONS)},
        ).all()
    for name, volatility in found:
        assert (name in routing.VOLATILE_FUNCTIONS) == (volatility == "v"), name
