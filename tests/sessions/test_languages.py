"""The language of a session result: its spelling, its default, its correction."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade
from hypothesis import given
from hypothesis import strategies as st

import config
from language_tags import LONGEST, canonical
from tests import postgres
from tests.database.test_migrations import flask_db
from tests.factories import SECRET, Learner, content, sendable
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.models import learner_versions

SPELLINGS = {
    "en": "en",
    "EN": "en",
    "pt-br": "pt-BR",
    "pt_BR": "pt-BR",
    "ZH-hant-tw": "zh-Hant-TW",
    "zh-cmn-hans-cn": "zh-cmn-Hans-CN",
    "es-419": "es-419",
    "DE-1996": "de-1996",
    "sl-IT-NEDIS": "sl-IT-nedis",
    "de-CH-1901-x-Kurs": "de-CH-1901-x-kurs",
    "en-US-u-CA-Gregory": "en-US-u-ca-gregory",
    "en-a-BB-CCCC": "en-a-bb-cccc",
    "x-Klingon": "x-klingon",
    "yue": "yue",
    "iw-IL": "he-IL",
    "in": "id",
    "ji": "yi",
}
MALFORMED = [
    "", "e", "english", "German", "en-", "-en", "en--US", "en US", " en", "en\n", "123", "en-U", "en-a",
    "en-x", "en-US-GB", "en-Latn-Cyrl", "en_US@calendar=gregorian", "en;q=0.8", "en,de", "*", "d\u00e9",
    "\u0435n", "en-\u0661\u0662\u0663", "i-klingon", "en-" + "-".join(["x1234567"] * 5),
]  # fmt: skip
SUBTAGS = st.one_of(
    st.sampled_from(["en", "zh", "cmn", "Latn", "419", "us", "1996", "nedis", "u", "co",
                     "phonebk", "x", "a"]),
    st.text("aZ9é_ ", max_size=9),
)  # fmt: skip


@pytest.fixture
def german(worker_id: str) -> Iterator[Flask]:
    """An app whose sessions are in German unless they say otherwise, on an empty database."""
    with postgres.database(f"vorex_german_{worker_id}") as url:
        settings = {"DATABASE_URL": url, "SUPABASE_JWT_SECRET": SECRET, "DEFAULT_LANGUAGE": "DE_de"}
        app = create_app(config.read(settings))
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


@pytest.mark.parametrize(("sent", "kept"), SPELLINGS.items())
def test_a_tag_is_kept_in_its_usual_spelling(learner: Learner, sent: str, kept: str) -> None:
    assert learner.save(language=sent)["language"] == kept


@pytest.mark.parametrize("tag", MALFORMED)
def test_what_is_no_tag_is_refused_and_named(learner: Learner, tag: str) -> None:
    answer = learner.try_save(content(language=tag))
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [
        {
            "detail": "language must be a language tag such as en or pt-BR (BCP 47).",
            "pointer": "#/language",
        }
    ]
    assert learner.count() == 0


@pytest.mark.parametrize("value", [5, True, ["en"], {"tag": "en"}])
def test_a_language_is_a_text(learner: Learner, value: object) -> None:
    assert learner.try_save(content(language=value)).status_code == 422


@given(st.lists(SUBTAGS, min_size=1, max_size=6).map("-".join))
def test_the_usual_spelling_of_a_tag_is_one_whatever_its_case(text: str) -> None:
    try:
        tag = canonical(text)
    except ValueError:
        for spelling in (text.upper(), text.lower()):
            with pytest.raises(ValueError, match="not a language tag"):
                canonical(spelling)
        return
    assert 2 <= len(tag) <= LONGEST
    assert {canonical(spelling) for spelling in (tag, text.upper(), text.lower())} == {tag}


def test_the_same_language_in_another_spelling_is_the_same_content(learner: Learner) -> None:
    said = content(session_result_id=str(uuid4()), language="pt-BR")
    assert learner.try_save(said).status_code == 201
    assert learner.try_save({**said, "language": "PT_br"}).status_code == 200
    assert learner.try_save({**said, "language": "pt"}).status_code == 409
    assert learner.try_save(content(session_result_id=said["session_result_id"])).status_code == 409


def test_a_setting_says_which_language_sessions_are_in_by_default(german: Flask) -> None:
    upgrade()
    learner = Learner(german)
    said = content(session_result_id=str(uuid4()))
    first = learner.save(**said)
    assert first["language"] == "de-DE"
    for same in (said, {**said, "language": "de-de"}, {**said, "language": None}, sendable(first)):
        assert learner.try_save(same).status_code == 200
    assert learner.try_save({**said, "language": "en"}).status_code == 409
    path = f"/api/sessions/{first['session_result_id']}"
    corrected = learner.request("PATCH", path, json={"language": "en"}).get_json()
    assert corrected["language"] == "en"
    reset = learner.request("PATCH", path, json={"language": None}).get_json()
    assert reset["language"] == "de-DE"


def test_a_default_that_is_no_tag_is_named_at_the_start() -> None:
    with pytest.raises(config.SettingError, match="DEFAULT_LANGUAGE must be a language tag"):
        config.read({"DEFAULT_LANGUAGE": "German"})


def test_sessions_from_before_have_the_default_as_the_upgrade_found_it(german: Flask) -> None:
    upgrade(revision="0006_rollups")
    said = content(session_result_id=str(uuid4()))
    learner = Learner(german)
    columns = {**said, "user_id": learner.id, "fingerprint": bytes.fromhex(BEFORE)}
    with db.engine.begin() as connection:
        connection.execute(_INSERT_OF_THE_RELEASE_BEFORE, columns)
    upgrade()
    with db.engine.begin() as connection:  # as a process of the release before, which still runs
        later = {**columns, "session_result_id": str(uuid4())}
        connection.execute(_INSERT_OF_THE_RELEASE_BEFORE, later)
    history = learner.get("/history")["sessions"]
    assert [session["language"] for session in history] == ["de-DE", "de-DE"]
    for same in (said, {**said, "language": "de-DE"}):
        assert learner.try_save(same).status_code == 200
    assert learner.try_save({**said, "language": "fr"}).status_code == 409


# What the release before stored for `content()`.
BEFORE = "9fd2e1330a149436cbb8ca5bf3bd41ce"
_INSERT_OF_THE_RELEASE_BEFORE = sa.text(
    "INSERT INTO session_results (user_id, session_result_id, session_type, duration_seconds, completed_at,"
    " timezone, practiced_on, fingerprint) VALUES (:user_id, :session_result_id, :session_type,"
    " :duration_seconds, '2026-03-01Z', 'UTC', '2026-03-01', :fingerprint)"
)


def test_a_downgrade_asks_before_it_removes_languages(german: Flask) -> None:
    upgrade()
    learner = Learner(german)
    learner.save()
    with db.engine.begin() as connection:  # versions would be lost, too
        connection.execute(sa.delete(learner_versions))
    downgrade(revision="0006_rollups")  # an upgrade gives all sessions their language again
    upgrade()
    learner.save(language="fr")
    status, said = flask_db("downgrade", "0006_rollups")
    assert (status, "languages of sessions." in said) == (1, True)
