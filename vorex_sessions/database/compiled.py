"""Compiled statements: what each execution of a statement needs is found out once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

_DIALECT = PGDialect_psycopg2()  # type: ignore[no-untyped-call]  # SQLAlchemy's


@dataclass(slots=True)
class Compiled:
    """A statement as SQLAlchemy has compiled it."""

    sql: Any
    # The values that it has itself. To add the others takes SQLAlchemy's construct_params 15 µs.
    own_values: Mapping[str, Any]
    # What makes a named tuple of a row of so many columns, once it has run. To ask psycopg2 for the names of
    # 28 columns takes 10 µs.
    make: Callable[[Any], Any] = tuple
    width: int = 0


@lru_cache(maxsize=512)
def compiled(statement: Any) -> Compiled:
    """Compile a statement. Raises ValueError where it might be several."""
    sql = statement.compile(dialect=_DIALECT)
    if ";" in sql.string:
        raise ValueError(
            "One statement at a time, without a semicolon even in a literal: "
            f"{' '.join(sql.string.split())[:80]}"
        )
    required = {name for bind, name in sql.bind_names.items() if bind.required}
    return Compiled(
        sql, {name: value for name, value in sql.params.items() if name not in required}
    )
