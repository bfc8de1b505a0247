"""Up to where the events of several machines are all there, in the order of `written_by`: the time.

Any machine may be asked, so each one says since when something runs that may still write.
"""

import sqlalchemy as sa

from vorex_sessions.database import run

_MARGIN = (
    1_000_000  # microseconds; a transaction knows its time a little before others see that it runs
)
_LONGEST = (
    180  # seconds; what runs for longer only reads: a rebuild takes at most 120, and waits before
)
# A machine that does not answer may still be writing: then nothing is there for certain.
_SINCE = sa.text(f"""
SELECT coalesce(min(CASE WHEN success THEN CAST(result AS bigint) ELSE 0 END), 0) AS since
FROM run_command_on_all_nodes('
    SELECT CAST(extract(epoch FROM least(clock_timestamp(), min(xact_start))) * 1000000 AS bigint)
    FROM pg_stat_activity
    WHERE datname = current_database() AND xact_start > now() - make_interval(secs => {_LONGEST})')
""")  # noqa: S608  # our own number


def horizon() -> int:
    """Before it, nothing is added any more."""
    return int(run(_SINCE)[0].since) - _MARGIN
