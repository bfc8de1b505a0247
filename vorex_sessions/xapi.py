"""Pure: session results as statements of xAPI 1.0.3, for learning record stores (LRS).

docs/xapi.md lists what becomes of each field.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from vorex_sessions.periods import zone

VERSION = "1.0.3"
PLATFORM = "Vorex Sessions"
# Statement ids are derived in this namespace. Another one would send every session a second time.
_NAMESPACE = UUID("9704ac2f-fb56-43c1-8c01-97077a0fb1b4")
_VERBS = "http://adlnet.gov/expapi/verbs"
_LONGEST_SCENARIO = 200  # characters; as the history's filter, so that IRIs stay short
_SCORES = ("pronunciation", "fluency", "grammar")
# What was practised: the name, and the type of the activity in the public registries.
_ACTIVITIES = {
    "conversation": ("Conversation practice", "http://id.tincanapi.com/activitytype/tutor-session"),
    "pronunciation": (
        "Pronunciation practice",
        "http://adlnet.gov/expapi/activities/performance",
    ),
    "roleplay": ("Role-play", "http://adlnet.gov/expapi/activities/simulation"),
}
# Fields that have no place of their own in a statement: extensions named like them.
_OF_RESULT = (
    *("words_spoken", "vocabulary_learned", "vocabulary_results"),
    *("skills", "areas_to_improve"),
)
_OF_CONTEXT = ("session_result_id", "version", "timezone", "practiced_on", "topics", "metadata")


def statement_id(user_id: str, session_id: str, version: int) -> str:
    """Return the id of the statement on a session as it was at a version."""
    return _id_of_version(_registration(user_id, session_id), version)


def statement(session: Mapping[str, Any], home_page: str) -> dict[str, Any]:
    """Return the statement on a session result, as the API shows it.

    `home_page` is that of the learners' accounts; our own IRIs begin with it.
    """
    registration = _registration(session["user_id"], session["session_result_id"])
    return {
        "id": _id_of_version(registration, session["version"]),
        "actor": _agent(home_page, session["user_id"]),
        "verb": _verb("completed"),
        "object": _activity(session["session_type"], home_page),
        "result": _result(session, home_page),
        "context": _context(session, home_page, str(registration)),
        "timestamp": _timestamp(session["completed_at"], session["timezone"]),
    }


def voiding(voided_id: str, home_page: str, at: str) -> dict[str, Any]:
    """Return the statement that voids another one, since its session was changed at the instant `at`."""
    return {
        "id": str(uuid5(UUID(voided_id), "voided")),
        "actor": _agent(home_page, "vorex-sessions"),
        "verb": _verb("voided"),
        "object": {"objectType": "StatementRef", "id": voided_id},
        "timestamp": at,
    }


def _registration(user_id: str, session_id: str) -> UUID:
    # Not the session's id: that is unique for its learner only, and may be a UUID that validators refuse.
    return uuid5(_NAMESPACE, f"{user_id}/{session_id}")


def _id_of_version(registration: UUID, version: int) -> str:
    return str(uuid5(registration, str(version)))


def _agent(home_page: str, name: str) -> dict[str, Any]:
    return {"objectType": "Agent", "account": {"homePage": home_page, "name": name}}


def _verb(name: str) -> dict[str, Any]:
    return {"id": f"{_VERBS}/{name}", "display": {"en-US": name}}


def _activity(session_type: str, home_page: str) -> dict[str, Any]:
    name, activity_type = _ACTIVITIES[session_type]
    return {
        "objectType": "Activity",
        "id": f"{home_page}/xapi/activities/{session_type}",
        "definition": {"name": {"en-US": name}, "type": activity_type},
    }


def _result(session: Mapping[str, Any], home_page: str) -> dict[str, Any]:
    scores = {name: session[f"{name}_score"] for name in _SCORES}
    measured = {name: score for name, score in scores.items() if score is not None}
    extensions = {"scores": measured} | {name: session[name] for name in _OF_RESULT}
    result = {
        "completion": True,
        "duration": f"PT{session['duration_seconds']}S",
        "extensions": _extensions(extensions, home_page),
    }
    if measured:
        mean = round(sum(measured.values()) / len(measured), 1)
        result["score"] = {"scaled": round(mean / 100, 3), "raw": mean, "min": 0, "max": 100}
    return result


def _context(session: Mapping[str, Any], home_page: str, registration: str) -> dict[str, Any]:
    context = {
        "registration": registration,
        "platform": PLATFORM,
        "language": session["language"],
        "extensions": _extensions({name: session[name] for name in _OF_CONTEXT}, home_page),
    }
    scenario = session["metadata"].get("scenario_id")
    if isinstance(scenario, str) and 0 < len(scenario) <= _LONGEST_SCENARIO:
        iri = f"{home_page}/xapi/scenarios/{quote(scenario, safe='')}"
        context["contextActivities"] = {"grouping": [{"objectType": "Activity", "id": iri}]}
    return context


def _extensions(values: Mapping[str, Any], home_page: str) -> dict[str, Any]:
    """Return the values under IRIs, without empty lists and objects."""
    return {
        f"{home_page}/xapi/extensions/{name}": value
        for name, value in values.items()
        if value not in ([], {})
    }


def _timestamp(completed_at: str, zone_name: str) -> str:
    local = datetime.fromisoformat(completed_at).astimezone(zone(zone_name))
    # Validators know no offset such as -00:30, where nobody lives.
    if timedelta(hours=-1) < (local.utcoffset() or timedelta()) < timedelta():
        local = local.astimezone(UTC)
    return local.isoformat(timespec="microseconds")
