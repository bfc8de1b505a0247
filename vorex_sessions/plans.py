"""Plans that a connection keeps, so that what is asked over and over is planned once for each of them.

PostgreSQL plans every statement it is sent, which for a save takes as long as doing it (docs/performance.md).
psycopg2 prepares nothing by itself, so this says PREPARE and EXECUTE, in the round trip that is due anyway.
Behind a transaction pooler, where a connection is another one each time, statements go as they are.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import sqlalchemy as sa

_OPTION = "planned_once"
_PARAMETER = re.compile(r"%\((\w+)\)s")
# For `options` of a connection: one plan for whatever values, as an index on the learner's id allows.
SETTING = "-c plan_cache_mode=force_generic_plan"

Statement = TypeVar("Statement", bound=sa.Executable)


def planned_once(statement: Statement) -> Statement:
    """Mark a statement, of a text of several the last one. A CAST says the type of what could be any."""
    return statement.execution_options(**{_OPTION: True})


class Plans:
    """The plans that a connection has, by what they are of."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._tried = 0

    def send(
        self, cursor: Any, asked: Sequence[tuple[Any, Mapping[str, Any]]], before: str, after: str
    ) -> None:
        """Execute compiled statements in one round trip, with something before and after them."""
        fresh: dict[str, str] = {}
        texts = [
            cursor.mogrify(self._text(compiled, fresh), compiled.construct_params(parameters))
            for compiled, parameters in asked
        ]
        cursor.execute(b";\n".join(texts).join([before.encode(), after.encode()]))
        self._names |= fresh  # only now is it sure that they were prepared

    def _text(self, compiled: Any, fresh: dict[str, str]) -> str:
        text: str = compiled.string
        if not compiled.execution_options.get(_OPTION):
            return text
        before, body, arguments = _parts(text)
        if name := self._names.get(body) or fresh.get(body):
            return f"{before}EXECUTE {name}{arguments}"
        self._tried += 1  # a name that failed may exist all the same
        name = fresh[body] = f"plan_{self._tried}"
        return f"{before}PREPARE {name} AS {body};\nEXECUTE {name}{arguments}"


class NoPlans(Plans):
    """For a connection that keeps none."""

    def _text(self, compiled: Any, fresh: dict[str, str]) -> str:
        return str(compiled.string)


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[str, str, str]:
    """What goes before the last statement, the statement with numbered parameters, and their list."""
    before, separator, last = text.rpartition(";")
    names = list(dict.fromkeys(_PARAMETER.findall(last)))
    body = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", last)
    arguments = ", ".join(f"%({name})s" for name in names)
    return before + separator, body, f" ({arguments})" if names else ""
