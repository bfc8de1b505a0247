"""Projections that are updated with each save equal a rebuild from all sessions, after any changes."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.clock import ago, now, today
from tests.factories import Learner, content, sendable
from tests.postgres import transaction
from tests.sessions.changes import alter
from tests.sessions.test_races import at_once, clones, save_patiently
from vorex_sessions import create_app
from vorex_sessions.extensions import db
from vorex_sessions.growth import unlocking
from vorex_sessions.growth.catalogue import BY_KEY
from vorex_sessions.preferences.history import WEEK_STARTS, WEEKDAYS, History, Preferences
from vorex_sessions.preferences.store import LATEST

pytestmark = pytest.mark.one_and_several

OUTCOMES = ["again", "hard", "good", "easy"]
LANGUAGES = ["en", "en-GB", "de"]  # two have a graph of skills
KINDS = ["conversation", "pronunciation", "roleplay"]
ZONES = ["UTC", "Europe/Berlin", "Pacific/Kiritimati", "America/Los_Angeles"]
_TOTALS = sa.text(
    "SELECT to_jsonb(t) - 'derived_version' FROM learner_totals AS t WHERE user_id = CAST(:id AS uuid)"
)
_WORDS = sa.text(
    "SELECT to_jsonb(t)::text FROM learner_words AS t WHERE user_id = CAST(:id AS uuid)"
    " ORDER BY word, language"
)
_MEMORIES = sa.text(
    "SELECT to_jsonb(t) FROM learner_memories AS t WHERE user_id = CAST(:id AS uuid) ORDER BY word, language"
)
_SKILLS = sa.text(
    "SELECT to_jsonb(t) FROM learner_skills AS t WHERE user_id = CAST(:id AS uuid) ORDER BY skill, language"
)
_UNLOCKED = sa.text(
    "SELECT achievement FROM learner_achievements WHERE user_id = CAST(:id AS uuid)"
)

_SESSIONS = sa.text("SELECT * FROM session_results WHERE user_id = :id")


def derived_rows(app: Flask, learner: Learner) -> tuple:
    with app.app_context(), transaction() as connection:
        parameters = {"id": learner.id}
        return (
            connection.execute(_TOTALS, parameters).scalar(),
            [
                connection.execute(rows, parameters).scalars().all()
                for rows in (_WORDS, _MEMORIES, _SKILLS)
            ],
            set(connection.execute(_UNLOCKED, parameters).scalars().all()),
        )


def reached_and_unlocked(app: Flask, learner: Learner) -> tuple[set[str], set[str]]:
    """The achievements that the stored sessions reach, and those that are unlocked."""
    with app.app_context(), transaction() as connection:
        sessions = connection.execute(_SESSIONS, {"id": learner.id}).all()
        set_by_day = connection.execute(LATEST.limit(None), {"user_id": learner.id}).all()
        unlocked = set(connection.execute(_UNLOCKED, {"id": learner.id}).scalars().all())
    history = History(Preferences(*row) for row in reversed(set_by_day))
    totals, _ = unlocking.accumulate(sessions, 60, history=history)
    missing = {item.key for item in unlocking.missing(totals)}
    return BY_KEY.keys() - missing, unlocked


@pytest.fixture
def unlimited_learner(settings: dict, app: Flask) -> Iterator[Learner]:
    """A learner without rate limits."""
    unlimited = create_app({**settings, "RATELIMIT_ENABLED": False})
    yield Learner(unlimited)
    with unlimited.app_context():
        db.engine.dispose()


def practice(random: Random) -> dict:
    when = now() - timedelta(hours=random.choice([0, 1, 5, 30, random.randrange(1500)]))
    language = random.choice(LANGUAGES)
    skills = ["past-simple", "articles", "rhythm"] if language != "de" else []
    return content(
        language=language,
        session_type=random.choice(KINDS),
        duration_seconds=random.choice([0, 20, 40, 60, 900]),
        words_spoken=random.randrange(300),
        fluency_score=random.choice([None, 50, 85.5, 100]),
        vocabulary_learned=random.sample([f"w{number}" for number in range(60)], 3),
        vocabulary_results=[
            {"word": f"w{random.randrange(40)}", "outcome": random.choice(OUTCOMES)}
            for _ in range(random.randrange(4))
        ],
        areas_to_improve=random.sample(["past tense", "Articels", "intonation", "courage"], 1),
        skills=[
            {"skill": skill, "score": random.choice([0, 55, 72.5, 100])}
            for skill in random.sample(skills, random.randrange(3) if skills else 0)
        ],
        completed_at=when.isoformat(),
        timezone=random.choice(ZONES),
    )


def preferences(random: Random) -> dict:
    pause = {"from": f"{today() - timedelta(days=3)}", "to": f"{today() + timedelta(days=1)}"}
    return {
        "day_starts_at": random.randrange(7),
        "week_starts_on": random.choice(WEEK_STARTS),
        "daily_goal_minutes": random.choice([None, 1, 10, 30]),
        "weekly_goal_days": random.choice([None, 1, 2]),
        "rest_days": random.sample(WEEKDAYS, random.randrange(3)),
        "pause": random.choice([None, pause]),
    }


@pytest.mark.parametrize("seed", range(3))
def test_everything_derived_agrees_with_the_sessions_after_anything(
    app: Flask, unlimited_learner: Learner, seed: int
) -> None:
    learner = unlimited_learner
    random = Random(seed)  # no secret
    stored: list[str] = []
    before, had = reached_and_unlocked(app, learner)
    set_late: set[str] = set()  # reached by a goal that was set after its practice
    for step in range(260):
        what = random.choices(
            ["save", "at once", "batch", "patch", "delete", "again", "set"], [6, 1, 2, 2, 1, 1, 1]
        )[0]
        what = what if stored else "save"
        if what == "save":
            stored.append(learner.save(**practice(random))["session_result_id"])
        elif what == "at once":
            saves = [(phone, content(**practice(random))) for phone in clones(learner, 3)]
            answers = at_once(
                *(
                    lambda phone=phone, body=body: save_patiently(phone, body)
                    for phone, body in saves
                )
            )
            stored += [answer.get_json()["session_result_id"] for answer in answers]
        elif what == "again":
            answered = learner.get(f"/{random.choice(stored)}")
            assert learner.try_save(sendable(answered)).status_code == 200
        elif what == "set":
            path, body = "/api/sessions/preferences", preferences(random)
            assert learner.request("PUT", path, json=body).status_code == 200
        else:
            alter(learner, random, what, stored, practice)
        if what in ("patch", "delete") and random.random() < 0.7:
            learner.get("/warmup")  # rebuilds the rows that the next saves update
        after, has = reached_and_unlocked(app, learner)
        new = set() if what in ("delete", "again", "set") else after - before - had
        if what == "set":
            set_late |= after - before
        # Of several sessions one may make a break that another closes.
        may_have = BY_KEY.keys() if what in ("batch", "at once") else had | new | set_late
        assert had | new <= has <= may_have, what
        before, had = after, has
        if step % 20 == 19:
            export = learner.get("/export")  # brings everything up to date
            assert [row["sessions"] for row in export["totals"]] == [len(export["sessions"])]
            totals, words, unlocked = derived_rows(app, learner)
            assert unlocked == had
            run = app.test_cli_runner().invoke(args=["rebuild", "--learner", learner.id])
            assert run.exit_code == 0, run.output
            *derived, had = derived_rows(app, learner)
            assert derived == [totals, words]
            assert had == unlocked | before


@pytest.mark.parametrize("command", [["rebuild"], ["growth", "rebuild"]], ids=" ".join)
def test_everybody_is_rebuilt_by_the_command_and_its_earlier_name(
    app: Flask, learner: Learner, other: Learner, command: list[str]
) -> None:
    learner.save()
    other.save()
    with app.app_context(), transaction() as connection:
        connection.execute(sa.text("UPDATE learner_totals SET sessions = 7, longest_streak = 9"))
        connection.execute(sa.text("DELETE FROM learner_achievements"))
    run = app.test_cli_runner().invoke(args=command)
    assert run.output == "Rebuilt 2 learners.\n"
    for rebuilt in (learner, other):
        totals, _, unlocked = derived_rows(app, rebuilt)
        assert (totals["sessions"], totals["longest_streak"]) == (1, 1)
        assert unlocked == {"first_session", "first_conversation"}


def test_a_purge_is_followed(app: Flask, learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    learner.save(completed_at=ago(40))
    learner.save()
    monkeypatch.setitem(app.config, "SESSION_RETENTION_DAYS", 30)
    run = app.test_cli_runner().invoke(args=["privacy", "purge"])
    assert run.exit_code == 0, run.output
    learner.get("/streak")
    totals, _, unlocked = derived_rows(app, learner)
    assert totals["sessions"] == 1
    assert "comeback_30" in unlocked
