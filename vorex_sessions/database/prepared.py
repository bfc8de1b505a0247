"""Prepared statements: PostgreSQL plans each once per connection instead of at every execution.

Planning a save takes as long as running it (docs/performance.md). psycopg2 prepares nothing by itself, so the
first use sends PREPARE and EXECUTE in one round trip, later uses EXECUTE alone. A transaction pooler hands
out another server connection for each transaction, so there nothing is prepared.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa

_OPTION = "prepared"
_PARAMETER = re.compile(r"%\((\w+)\)s")
# For libpq's `options`: one plan for all values, as an index on the learner's id allows.
PLAN_ONCE = "-c plan_cache_mode=force_generic_plan"

Statement = TypeVar("Statement", bound=sa.Executable)


def prepared(statement: Statement) -> Statement:
    """Mark a statement to be prepared. A parameter whose type its context leaves open needs a CAST."""
    return statement.execution_options(**{_OPTION: True})


class PreparedStatements:
    """The prepared statements of one connection, by their text."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._pending: dict[str, str] = {}
        self._tried = 0

    def render(self, compiled: Any, values: Mapping[str, Any], mogrify: Any) -> bytes:
        """The text to send for a compiled statement: PREPARE where it is new here, and EXECUTE."""
        if not compiled.execution_options.get(_OPTION):
            return bytes(mogrify(compiled.string, values))
        body, arguments = _numbered(compiled.string)
        name = self._names.get(body) or self._pending.get(body)
        prepare = ""
        if not name:
            self._tried += (
                1  # never reuse a name: a PREPARE that failed later on may have taken effect
            )
            name = self._pending[body] = f"plan_{self._tried}"
            prepare = f"PREPARE {name} AS {body};\n"
        return prepare.encode() + bytes(mogrify(f"EXECUTE {name}{arguments}", values))

    def confirm(self) -> None:
        """Keep the names of what was rendered since: PostgreSQL has executed it."""
        self._names |= self._pending
        self._pending = {}

    def discard(self) -> None:
        """Forget the names of what was rendered since: it may not have been prepared."""
        self._pending = {}


class NoPreparedStatements(PreparedStatements):
    """For a connection that cannot keep any."""

    def render(self, compiled: Any, values: Mapping[str, Any], mogrify: Any) -> bytes:
        """The text of the statement itself."""
        return bytes(mogrify(compiled.string, values))


@lru_cache(maxsize=256)
def _numbered(text: str) -> tuple[str, str]:
    """The statement with numbered parameters, and the argument list of its EXECUTE."""
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    body = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text).replace("%%", "%")
    arguments = ", ".join(f"%({name})s" for name in names)
    return body, f" ({arguments})" if names else ""
