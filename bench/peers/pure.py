"""Our pure modules for the FastAPI peers, without the package's __init__, which imports Flask."""

import sys
from pathlib import Path
from types import ModuleType

_ROOT = Path(__file__).parents[2]


def _without_flask() -> None:
    for folder in ("", ".progress", ".growth", ".preferences"):
        name = f"vorex_sessions{folder}"
        package = ModuleType(name)
        package.__path__ = [str(_ROOT.joinpath(*name.split(".")))]
        sys.modules[name] = package
    turns = ModuleType("vorex_sessions.turns")  # ours gives way to greenlets: there are none here
    turns.in_turns = turns.in_turns_if_many = iter
    sys.modules[turns.__name__] = turns


_without_flask()
from vorex_sessions import cursors  # noqa: E402  # see above
from vorex_sessions.growth.streaks import streak  # noqa: E402  # as above
from vorex_sessions.growth.totals import Totals  # noqa: E402  # as above
from vorex_sessions.periods import (  # noqa: E402  # as above
    DAYS,
    ONE_DAY,
    day_of,
    earliest_instant,
    offset_name,
    stamp,
)
from vorex_sessions.progress.statistics import from_sessions, statistics  # noqa: E402  # as above
from vorex_sessions.progress.suggestions import (  # noqa: E402  # as above
    SUMMARY,
    WEEK,
    suggestions,
    window,
)
from vorex_sessions.progress.windows import Asked  # noqa: E402  # as above

__all__ = [
    "DAYS",
    "ONE_DAY",
    "SUMMARY",
    "WEEK",
    "Asked",
    "Totals",
    "cursors",
    "day_of",
    "earliest_instant",
    "from_sessions",
    "offset_name",
    "stamp",
    "statistics",
    "streak",
    "suggestions",
    "window",
]
