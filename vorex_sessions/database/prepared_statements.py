"""Prepared statements: PostgreSQL plans each once per connection instead of at every execution.

Planning a save takes as long as running it (docs/performance.md). psycopg2 prepares nothing by itself, so the
first use sends PREPARE and EXECUTE in one round trip, later uses EXECUTE alone. A transaction pooler hands
out another server connection for each transaction, so there nothing is prepared.
"""

import re
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa

_OPTION = "prepared"
PREPARED = "vorex_prepared"  # where a pooled connection has its PreparedStatements, in `info`
_PARAMETER = re.compile(r"%\((\w+)\)s")
# For libpq's `options`: one plan for all values, as an index on the learner's id allows.
PLAN_ONCE = "-c plan_cache_mode=force_generic_plan"

Statement = TypeVar("Statement", bound=sa.Executable)


def prepared(statement: Statement) -> Statement:
    """Mark a statement to be prepared. A parameter whose type its context leaves open needs a CAST."""
    return statement.execution_options(**{_OPTION: True})


class PreparedStatements:
    """The prepared statements of one connection; with `enabled=False` it keeps none."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._known: dict[Any, str] = {}  # compiled statement -> the text that executes it
        self._pending: dict[Any, str] = {}
        self._tried = 0

    def text(self, compiled: Any) -> str:
        """What to send for a compiled statement: PREPARE where it is new here, and EXECUTE."""
        if known := self._known.get(compiled) or self._pending.get(compiled):
            return known
        if not (self._enabled and compiled.execution_options.get(_OPTION)):
            return str(compiled.string)
        self._tried += 1  # never reuse a name: a PREPARE that failed later on may have taken effect
        body, arguments = _numbered(compiled.string)
        execute = self._pending[compiled] = f"EXECUTE plan_{self._tried}{arguments}"
        return f"PREPARE plan_{self._tried} AS {body};\n{execute}"

    def confirm(self) -> None:
        """Keep what was asked for since `discard`: PostgreSQL has prepared it."""
        if self._pending:
            self._known |= self._pending
            self._pending = {}

    def discard(self) -> None:
        """Forget what was asked for and not confirmed: it may not have been prepared."""
        if self._pending:
            self._pending = {}


@lru_cache(maxsize=256)
def _numbered(text: str) -> tuple[str, str]:
    """The statement with numbered parameters, and the argument list of its EXECUTE."""
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    body = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text)
    arguments = ", ".join(f"%({name})s" for name in names)
    return body, f" ({arguments})" if names else ""
