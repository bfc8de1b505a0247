"""Writing what is derived: totals, words and unlocks, in one statement of what there is to write."""

from collections.abc import Sequence

import orjson
import sqlalchemy as sa

from vorex_sessions.extensions import Within
from vorex_sessions.growth.standing import Standing
from vorex_sessions.growth.unlocking import Unlock
from vorex_sessions.growth.words import RENEWED
from vorex_sessions.plans import planned_once

_UNLOCK = """
INSERT INTO learner_achievements (user_id, achievement, unlocked_at, session_result_id)
SELECT CAST(:user_id AS uuid), reached.*
FROM jsonb_to_recordset(CAST(:unlocks AS jsonb)) AS reached (
    achievement text, unlocked_at timestamptz, session_result_id uuid)
ON CONFLICT (user_id, achievement) DO NOTHING
RETURNING achievement, unlocked_at, session_result_id
"""
_NO_UNLOCKS = "SELECT NULL WHERE false"
_NAMES = list(Standing.__dataclass_fields__)
_SET = ", ".join(f"{name} = :{name}" for name in _NAMES) + ", counted = true"
_UPDATE = f"UPDATE learner_totals SET {_SET} WHERE user_id = CAST(:user_id AS uuid)"  # noqa: S608  # names of ours
_RENEW = f"""
{RENEWED},
totals AS (
    INSERT INTO learner_totals (user_id, derived_version, {", ".join(_NAMES)})
    VALUES (CAST(:user_id AS uuid), :derived_version, {", ".join(f":{name}" for name in _NAMES)})
    ON CONFLICT (user_id) DO UPDATE SET {_SET})
"""  # noqa: S608  # names of ours

_AND_UNLOCK = f", unlocked AS ({_UNLOCK}) SELECT * FROM unlocked"  # noqa: S608  # as above
# By whether everything is made anew, and whether there is something to unlock.
_STORE = {
    (False, False): planned_once(sa.text(_UPDATE)),
    (False, True): sa.text(f"WITH totals AS ({_UPDATE}) {_AND_UNLOCK}"),
    (True, False): sa.text(f"WITH {_RENEW} {_NO_UNLOCKS}"),
    (True, True): sa.text(f"WITH {_RENEW} {_AND_UNLOCK}"),
}


def store(
    within: Within,
    learner_id: str,
    standing: Standing,
    unlocks: Sequence[Unlock],
    *,
    whole: bool = False,
    derived_version: int = 0,
) -> list[Unlock]:
    """Write the totals, and what is unlocked; returns what had not been before.

    `whole`: the row may be missing, and the words are made anew; the row then starts with `derived_version`.
    """
    parameters = {"user_id": learner_id, **standing.columns(), "derived_version": derived_version}
    if unlocks:
        parameters["unlocks"] = orjson.dumps([one._asdict() for one in unlocks]).decode()
    if not unlocks:
        within.later(_STORE[whole, False], parameters)
        return []
    rows = within(_STORE[whole, True], parameters)
    return [Unlock(row[0], row[1], str(row[2])) for row in rows]
