"""The machines of Citus, and which of them answer."""

import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from vorex_sessions.database.queries import run, run_within
from vorex_sessions.extensions import db

ONE_WAIT = 0.3  # seconds for a machine; a probe of /readyz waits a second or more
ALL_WAITS = 1.0  # seconds in all
_HAS_CITUS = sa.text("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS there")
_MACHINES = sa.text("""
SELECT nodename AS host, nodeport AS port FROM pg_dist_node WHERE noderole = 'primary' ORDER BY 1, 2
""")
# Not a query of a table: that would fail with the first machine that is away.
_ASK = sa.text("""
SELECT node_name AS host, node_port AS port, success FROM master_run_on_worker(
    CAST(:hosts AS text[]), CAST(:ports AS integer[]), array_fill(text 'SELECT 1', ARRAY[:count]), false)
""")


def has_citus() -> bool:
    """Whether the database has the extension."""
    return bool(run(_HAS_CITUS)[0].there)


def states() -> dict[str, str]:
    """By its address, whether each machine is `there`, `away` or `unknown`. Raises DBAPIError.

    Unknown: it has neither answered nor refused in time. Empty without Citus.
    """
    if not has_citus():
        return {}
    machines, ends = run(_MACHINES), time.monotonic() + ALL_WAITS
    found = _ask(machines)
    if found is None:  # one of them keeps the others waiting
        found = {}
        for machine in machines:
            if time.monotonic() < ends:
                found |= _ask([machine]) or {}
    addresses = (f"{machine.host}:{machine.port}" for machine in machines)
    return {address: found.get(address, "unknown") for address in addresses}


def _ask(machines: Sequence[Any]) -> dict[str, str] | None:
    """The states of machines that answer or refuse; None if one does neither."""
    parameters = {
        "hosts": [machine.host for machine in machines],
        "ports": [machine.port for machine in machines],
        "count": len(machines),
    }
    try:
        rows = run_within(_ASK, parameters, db.engine, seconds=ONE_WAIT)
    except DBAPIError:
        return None
    return {f"{row.host}:{row.port}": "there" if row.success else "away" for row in rows}
