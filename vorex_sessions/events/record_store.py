"""A learning record store (LRS) as a destination: statements of xAPI on sessions.

A session that was corrected is a new statement, and one that voids the former; a deleted one is voided. A
statement is made of the session as it is stored now, so that nothing is sent of what was erased meanwhile.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from vorex_sessions import xapi
from vorex_sessions.database import as_rows, recordset, run
from vorex_sessions.database.documents import as_documents
from vorex_sessions.events.posting import NoReply, Reply, meaning, post
from vorex_sessions.flask_config import setting
from vorex_sessions.hooks.destinations import Answer, Destination, Event, Outcome
from vorex_sessions.hooks.events import CORRECTED, DELETED, SAVED
from vorex_sessions.models import USER_ID, session_results
from vorex_sessions.periods import stamp
from vorex_sessions.sessions import results

_CONFLICT = 409
_s = session_results.c
_given = recordset("given", (_s.user_id, _s.session_result_id))
_is_given = sa.and_(
    _s.user_id == _given.c.user_id, _s.session_result_id == _given.c.session_result_id
)
# As an export has them, so that both make the same statements.
_SESSIONS = as_documents(
    sa.select(*results.COLUMNS).select_from(session_results.join(_given, _is_given))
)
# The same of one learner.
_IDS = sa.cast(sa.bindparam("ids"), ARRAY(sa.Uuid(as_uuid=False)))
_OF_LEARNER = as_documents(
    sa.select(*results.COLUMNS).where(_s.user_id == USER_ID, _s.session_result_id == sa.any_(_IDS))
)


class RecordStore(Destination):
    """Sends statements to XAPI_URL. To send one again is harmless: an LRS keeps one for an id."""

    name = "xapi"
    address = "XAPI_URL"
    batch = 50
    types = frozenset({SAVED, CORRECTED, DELETED})

    def send(self, events: Sequence[Event]) -> Answer:
        """Send the statements on events."""
        statements = _statements(events)
        if not statements:
            return Answer(Outcome.DELIVERED, "nothing to send")
        try:
            reply = _post(statements)
            if reply.status == _CONFLICT and len(events) == 1:
                return _one_by_one(statements)
        except NoReply as reason:
            return Answer(Outcome.FAILED, str(reason))
        return meaning(reply)


def _one_by_one(statements: Iterable[dict[str, Any]]) -> Answer:
    """Send statements of which the LRS has one in another form, which it keeps. Raises NoReply."""
    answer = Answer(Outcome.DELIVERED, "")
    for statement in statements:
        reply = _post([statement])
        answer = meaning(reply)
        if reply.status == _CONFLICT:
            answer = Answer(Outcome.DELIVERED, "known in another form")
        if answer.outcome is not Outcome.DELIVERED:
            break
    return answer


def _post(statements: Sequence[dict[str, Any]]) -> Reply:
    user = f"{setting('XAPI_KEY')}:{setting('XAPI_SECRET')}"
    headers = {
        "Authorization": f"Basic {b64encode(user.encode()).decode()}",
        "Content-Type": "application/json",
        "X-Experience-API-Version": xapi.VERSION,
    }
    url = f"{setting('XAPI_URL')}/statements"
    return post(url, orjson.dumps(statements), headers)


def _statements(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The statements on events, in order, each once; on what has gone since only those that void."""
    home_page, current = setting("XAPI_HOME_PAGE"), _current(events)
    statements: dict[str, dict[str, Any]] = {}
    for event in events:
        if event.session_result_id is None:
            continue
        former = event.data.get("previous_version")
        if former is not None:
            voided = xapi.statement_id(event.user_id, event.session_result_id, former)
            voiding = xapi.voiding(voided, home_page, stamp(event.occurred_at))
            statements[voiding["id"]] = voiding
        if session := current.get((event.user_id, event.session_result_id)):
            statement = xapi.statement(session, home_page)
            statements[statement["id"]] = statement
    return list(statements.values())


def _current(events: Iterable[Event]) -> dict[tuple[str, str], dict[str, Any]]:
    """The sessions of events as they are stored, by learner and id."""
    keys = {(one.user_id, one.session_result_id) for one in events if one.session_result_id}
    rows = (_of_each if setting("DB_DISTRIBUTED") else _of_all)(keys)
    sessions = (orjson.loads(row[0]) for row in rows)
    return {(one["user_id"], one["session_result_id"]): one for one in sessions}


def _of_all(keys: Iterable[tuple[str, str]]) -> Iterable[Any]:
    given = as_rows({"user_id": user, "session_result_id": session} for user, session in keys)
    return run(_SESSIONS, {"rows": given})


def _of_each(keys: Iterable[tuple[str, str]]) -> Iterable[Any]:
    """The same on several machines, learner by learner."""
    for user, some in groupby(sorted(keys), key=itemgetter(0)):
        yield from run(_OF_LEARNER, {"user_id": user, "ids": [session for _, session in some]})
