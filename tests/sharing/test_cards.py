"""Share cards."""

import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.charts.svg_reading import extent, marks, parse
from tests.factories import Learner, pointers
from tests.postgres import transaction
from vorex_sessions.charts.words import LANGUAGES
from vorex_sessions.database import locks
from vorex_sessions.sharing import drawing
from vorex_sessions.sharing.figures import FIGURES

CARDS = "/api/sessions/share-cards"


def share(learner: Learner, *figures: str, **body: Any) -> dict[str, Any]:
    body = {"figures": figures or ["streak_days"], **body}
    response = learner.request("POST", CARDS, json=body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json
    assert response.headers["Location"] == answer["path"]
    return answer


def texts_of(app: Flask, card: dict[str, Any]) -> list[str]:
    response = app.test_client().get(card["path"])
    assert response.status_code == 200, response.text
    root = ET.fromstring(response.data)  # of our own making
    return [text for text in root.itertext() if text.strip()]


def test_nothing_is_shared_unless_it_was_asked_for(learner: Learner) -> None:
    learner.save()
    assert learner.get("/share-cards") == {"share_cards": []}


def test_a_card_shows_just_the_figures_that_were_chosen(app: Flask, learner: Learner) -> None:
    learner.save(
        duration_seconds=725,
        words_spoken=431,
        topics=["Secret topic"],
        vocabulary_learned=["lobby", "receipt"],
    )
    card = share(learner, "sessions", "words_spoken")
    assert card["figures"] == [
        {"name": "sessions", "value": 1},
        {"name": "words_spoken", "value": 431},
    ]
    shown = " ".join(texts_of(app, card))
    assert "431" in shown
    assert "Sessions" in shown
    for hidden in ("Streak", "minutes", "Words met", "Secret topic", "lobby", learner.id):
        assert hidden not in shown


def test_the_figures_are_those_of_the_api(app: Flask, learner: Learner) -> None:
    learner.save(duration_seconds=725, words_spoken=431, vocabulary_learned=["lobby", "receipt"])
    learner.save(duration_seconds=119, words_spoken=20)
    values = {
        one["name"]: one["value"]
        for names in (FIGURES[:4], FIGURES[4:])
        for one in share(learner, *names)["figures"]
    }
    stats, streak = learner.get("/stats", period="all"), learner.get("/streak")
    assert values == {
        "streak_days": streak["current"],
        "longest_streak_days": streak["longest"],
        "sessions": stats["total_sessions"],
        "practice_minutes": stats["total_duration"] // 60,
        "words_spoken": stats["total_words_spoken"],
        "words_met": learner.get("/vocabulary")["total"],
        "achievements": learner.get("/achievements")["unlocked"],
    }


def test_a_card_stays_as_it_was_when_it_was_made(app: Flask, learner: Learner) -> None:
    """Whoever has the address cannot watch when the learner practises."""
    learner.save()
    card = share(learner, "sessions")
    before = texts_of(app, card)
    learner.save()
    assert texts_of(app, card) == before


def test_a_card_is_an_image_that_every_viewer_can_draw(app: Flask, learner: Learner) -> None:
    learner.save()
    for locale in ("en", "de", "es", "fr", "ar", "ja"):
        card = share(learner, "streak_days", "practice_minutes", locale=locale, theme="dark")
        response = app.test_client().get(card["path"])
        assert response.mimetype == "image/svg+xml"
        assert response.headers["X-Robots-Tag"] == "noindex"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        root = ET.fromstring(response.data)
        names = {
            name for element in root.iter() for name in element.keys()
        }  # an Element is no mapping
        assert not names & {"class", "style"}
        assert not [one for one in root.iter() if one.tag.endswith(("script", "style", "image"))]


@pytest.mark.parametrize("locale", [*LANGUAGES, "de-CH", "ja"])
def test_no_value_leaves_its_column(locale: str) -> None:
    """Whatever the value: one that runs into the next one is read as another number."""
    for value in (0, 7, 70, 6055, 81_540, 999_999, 152_721_178, 2**31, 10**15):
        for names in (FIGURES[:4], FIGURES[4:]):
            figures = [{"name": name, "value": value} for name in names]
            card = {"locale": locale, "theme": "light", "figures": figures}
            made = datetime(2026, 11, 27, tzinfo=UTC)
            root = parse(drawing.draw({**card, "created_at": made}))
            texts = marks(root, "text")
            values = [text for text in texts if text.attrib.get("font-weight")][1:]
            assert len(values) == len(names)
            for place, text in enumerate(values):
                start, end = extent(text)
                column = place % 2 if locale != "ar" else 1 - place % 2
                left, right = (30, 0) if locale == "ar" else (0, 30)  # free, more than a space
                assert 36 + 264 * column + left <= start, (value, text.text)
                assert end <= 36 + 264 * (column + 1) - right, (value, text.text)
            if value == 7:
                assert {text.attrib["font-size"] for text in values} == {"40"}


def test_a_revoked_card_is_gone(app: Flask, learner: Learner, other: Learner) -> None:
    card, kept = share(learner), share(learner)
    assert app.test_client().get(card["path"]).headers["Cache-Control"] == "public, max-age=60"
    assert other.request("DELETE", f"{CARDS}/{card['card_id']}").status_code == 204
    assert app.test_client().get(card["path"]).status_code == 200
    for _ in range(2):
        assert learner.request("DELETE", f"{CARDS}/{card['card_id']}").status_code == 204
    response = app.test_client().get(card["path"])
    assert response.status_code == 404
    assert "max-age" not in response.headers.get("Cache-Control", "")
    assert [one["card_id"] for one in learner.get("/share-cards")["share_cards"]] == [
        kept["card_id"]
    ]
    assert learner.request("DELETE", f"{CARDS}/x").status_code == 404


def test_addresses_cannot_be_guessed_and_name_nobody(app: Flask, learner: Learner) -> None:
    ids = {share(learner)["card_id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(len(one) == 22 for one in ids)
    for path in ("/cards/x.svg", f"/cards/{'A' * 22}.svg", f"/cards/{learner.id}.svg"):
        assert app.test_client().get(path).status_code == 404


def test_cards_are_listed_to_their_learner_alone(learner: Learner, other: Learner) -> None:
    first, second = share(learner, locale="de"), share(learner, theme="dark")
    assert learner.get("/share-cards") == {"share_cards": [second, first]}
    assert other.get("/share-cards") == {"share_cards": []}


def test_a_learner_has_at_most_20_cards(learner: Learner) -> None:
    cards = [share(learner) for _ in range(20)]
    refused = learner.request("POST", CARDS, json={"figures": ["sessions"]})
    assert refused.status_code == 409
    assert refused.json["type"] == "/problems/too-many-share-cards"
    learner.request("DELETE", f"{CARDS}/{cards[0]['card_id']}")
    share(learner)


@pytest.mark.parametrize(
    "figures", [None, [], "sessions", ["sessions", "sessions"], ["topics"], [1], list(FIGURES[:5])]
)
def test_what_cannot_be_shared_is_refused(learner: Learner, figures: Any) -> None:
    refused = learner.request("POST", CARDS, json={"figures": figures})
    assert pointers(refused)[0].startswith("#/figures")


def test_cards_are_exported_and_erased(app: Flask, learner: Learner) -> None:
    card = share(learner, "sessions")
    (exported,) = learner.get("/export")["share_cards"]
    assert exported == {name: value for name, value in card.items() if name != "path"}
    learner.request("DELETE", "/api/sessions?confirm=true")
    assert app.test_client().get(card["path"]).status_code == 404
    assert learner.get("/share-cards") == {"share_cards": []}


def test_an_import_makes_nothing_public_again(app: Flask, learner: Learner) -> None:
    card = share(learner, "sessions")
    exported = learner.request("GET", "/api/sessions/export").data
    learner.request("DELETE", f"{CARDS}/{card['card_id']}")
    headers = {"Content-Type": "application/json"}
    answer = learner.request("POST", "/api/sessions/import", data=exported, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json["unknown_members"] == []
    assert app.test_client().get(card["path"]).status_code == 404


def test_after_a_restored_backup_no_card_is_public(app: Flask, learner: Learner) -> None:
    """Nobody knows which cards of the backup had been revoked."""
    card = share(learner)
    result = app.test_cli_runner().invoke(args=["privacy", "replay"])
    assert result.exit_code == 0, result.output
    assert app.test_client().get(card["path"]).status_code == 404


def test_a_closed_account_shares_nothing(app: Flask, learner: Learner) -> None:
    app.test_cli_runner().invoke(args=["privacy", "erase", learner.id])
    refused = learner.request("POST", CARDS, json={"figures": ["sessions"]})
    assert refused.status_code == 410


def test_a_card_of_what_is_being_erased_is_not_made(app: Flask, learner: Learner) -> None:
    learner.save()
    erasure = sa.text(
        "INSERT INTO erased_learners (user_id, erased_at, closed, version) VALUES (:id, now(), false, 1)"
    )
    lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with app.app_context(), transaction() as other, ThreadPoolExecutor(1) as pool:
        other.execute(lock, {"key": locks.key(learner.id)})
        other.execute(erasure, {"id": learner.id})
        making = pool.submit(learner.request, "POST", CARDS, json={"figures": ["sessions"]})
        until = time.monotonic() + 3
        while not other.exec_driver_sql(waiting).scalar_one() and time.monotonic() < until:
            time.sleep(0.02)
        other.exec_driver_sql("COMMIT")
        refused = making.result()
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "1"
    assert learner.get("/share-cards") == {"share_cards": []}
