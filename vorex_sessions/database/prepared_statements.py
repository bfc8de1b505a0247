"""Prepared statements: PostgreSQL plans each once per connection instead of at every execution.

Planning a save takes as long as running it (docs/performance.md). psycopg2 prepares nothing by itself, so the
first use sends PREPARE and EXECUTE in one round trip, later uses EXECUTE alone. A transaction pooler hands
out another server connection for each transaction, so there nothing is prepared.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

import sqlalchemy as sa

_OPTION = "prepared"
PREPARED = "vorex_prepared"  # where a pooled connection has its PreparedStatements, in `info`
_PARAMETER = re.compile(r"%\((\w+)\)s")
# The server's setting for one plan for all values, as an index on the learner's id allows.
PLAN_ONCE = {"plan_cache_mode": "force_generic_plan"}

Statement = TypeVar("Statement", bound=sa.Executable)


def prepared(statement: Statement) -> Statement:
    """Mark a statement to be prepared. A parameter whose type its context leaves open needs a CAST."""
    return statement.execution_options(**{_OPTION: True})


class PreparedStatements:
    """The prepared statements of one connection; with `enabled=False` it keeps none."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self._known: dict[Any, str] = {}  # compiled statement -> the text that executes it
        self._pending: dict[Any, str] = {}
        self._failures = 0

    @property
    def kept(self) -> bool:
        """Whether a statement was prepared before."""
        return bool(self._known)

    def text(self, compiled: Any) -> str:
        """What to send for a compiled statement: PREPARE where it is new here, and EXECUTE."""
        if known := self._known.get(compiled) or self._pending.get(compiled):
            return known
        if not (self.enabled and compiled.execution_options.get(_OPTION)):
            return str(compiled.string)
        name, body, arguments = _numbered(compiled.string)
        # Never reuse a name: a PREPARE that failed later on may have taken effect.
        name = f"{name}_{self._failures}"
        execute = self._pending[compiled] = f"EXECUTE {name}{arguments}"
        return f"PREPARE {name} AS {body};\n{execute}"

    def confirm(self) -> None:
        """Keep what was asked for since `discard`: PostgreSQL has prepared it."""
        if self._pending:
            self._known |= self._pending
            self._pending = {}

    def discard(self) -> None:
        """Forget what was asked for and not confirmed: it may not have been prepared."""
        if self._pending:
            self._pending = {}
            self._failures += 1

    def disable(self) -> None:
        """Forget everything and prepare nothing more: on this connection it does not last."""
        self.enabled = False
        self._known, self._pending = {}, {}


@lru_cache(maxsize=256)
def _numbered(text: str) -> tuple[str, str, str]:
    """A name for a statement, the statement with numbered parameters, the argument list of its EXECUTE.

    The name is a digest of the text: whatever connection a pooler puts behind ours, a name that it knows
    means the same statement.
    """
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    body = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text)
    arguments = ", ".join(f"%({name})s" for name in names)
    digest = blake2b(body.encode(), digest_size=10).hexdigest()
    return f"plan_{digest}", body, f" ({arguments})" if names else ""
