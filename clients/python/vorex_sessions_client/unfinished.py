"""What can be carried on after the program was killed: what the service has, and what was kept."""

from typing import Any

from vorex_sessions_client.client import SessionsClient
from vorex_sessions_client.entries import Entries, prefix_of
from vorex_sessions_client.heartbeats import is_end, send_heartbeat
from vorex_sessions_client.http import Http
from vorex_sessions_client.kept import KeptHeartbeats
from vorex_sessions_client.problems import NoAnswerError, ProblemError
from vorex_sessions_client.storage import Storage


def unfinished(client: SessionsClient, *, learner: str, storage: Storage) -> list[dict[str, Any]]:
    """Send the kept heartbeats, which may not have arrived, and return what is live. Raise nothing.

    Where the service is not reached, this is what was kept. What was finished, and waits in the queue of the
    same storage, is not carried on.
    """
    http = client.http.for_learner(learner)
    kept = KeptHeartbeats(storage, learner)
    found: dict[str, dict[str, Any]] = {}
    entries = Entries(storage, prefix_of(learner), lambda event: None)
    finished = {entry.id for entry in entries.all() if not entry.problem}
    for beat in kept.all():
        id = str(beat["session_result_id"])
        if id in finished or _is_over(http, id, beat):
            kept.remove(id)
        else:
            found[id] = beat
    try:
        sessions = http.json("GET", "/api/sessions/live")["sessions"]
    except (ProblemError, NoAnswerError):
        return list(found.values())
    for session in sessions:
        id = session["session_result_id"]
        if id not in finished and (id not in found or found[id]["seq"] <= session["seq"]):
            found[id] = session
    return list(found.values())


def _is_over(http: Http, id: str, beat: dict[str, Any]) -> bool:
    """Return whether the session has ended elsewhere."""
    body = {name: value for name, value in beat.items() if name != "session_result_id"}
    try:
        return is_end(send_heartbeat(http, id, body))
    except NoAnswerError:
        return False
