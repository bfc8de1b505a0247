"""The client of openapi-python-client (httpx, attrs)."""

from typing import Any

from generated.python_client.api.sessions import (
    get_stats,
    list_history,
    save_session,
    save_sessions,
)
from generated.python_client.client import AuthenticatedClient
from generated.python_client.models import Batch, Save, SessionType, StatsPeriod
from python_flow import ADDRESS, TOKEN, run

client = AuthenticatedClient(base_url=ADDRESS, token=TOKEN)


def history(**query: Any) -> Any:
    return list_history.sync(client=client, session_type=SessionType.ROLEPLAY, **query)


run(
    lambda body: save_session.sync(client=client, body=Save.from_dict(body)),
    lambda items: save_sessions.sync(client=client, body=Batch.from_dict({"sessions": items})),
    history,
    lambda: get_stats.sync(client=client, period=StatsPeriod.WEEK),
)
