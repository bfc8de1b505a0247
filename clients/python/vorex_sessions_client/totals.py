"""What practice comes to: the newest totals, as the session that is saved has them."""

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from vorex_sessions_client.types import Heartbeat, NewSession, Save

# The fields of a heartbeat that a saved session has by the same name.
_SAME = Heartbeat.__annotations__.keys() & Save.__annotations__.keys()


class Totals:
    """The totals of a live session."""

    def __init__(self, ask: Callable[[], Mapping[str, Any]], session: Mapping[str, Any]) -> None:
        self._ask = ask
        # The last that the program has told of each; at first those of the session that is carried on.
        self._newest = _copied(session) if "session_result_id" in session else {}

    def now(self) -> dict[str, Any]:
        """Return those of now. Raises what the program raises."""
        totals = _copied(self._ask())
        # What is carried on may have more than the program goes on counting.
        self._newest = {**self._newest, **totals}
        return totals

    def ending(self, fixed: Mapping[str, str], session: Mapping[str, Any]) -> NewSession:
        """Return the whole session: what is said of its end, and for the rest the newest totals."""
        # The program's own error must not cost the totals of the heartbeats before.
        with contextlib.suppress(Exception):
            self.now()
        totals = {name: value for name, value in self._newest.items() if name in _SAME}
        duration = self._newest.get("active_seconds") or 0
        whole: Any = {"duration_seconds": duration, **totals, **fixed, **session}
        return whole  # type: ignore[no-any-return]  # what is said of the end is the program's


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return them as JSON has them, apart from what the program goes on changing."""
    return dict(json.loads(json.dumps(dict(values), allow_nan=False)))
