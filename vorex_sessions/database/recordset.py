"""Rows that travel as one JSON parameter, so that one statement serves one row and a hundred."""

from collections.abc import Iterable
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB


def recordset(
    name: str, columns: Iterable[sa.ColumnClause[Any]], parameter: str = "rows"
) -> sa.TableValuedAlias:
    """The FROM clause that reads the JSON array in `:parameter` as rows with these columns."""
    given = sa.func.jsonb_to_recordset(sa.cast(sa.bindparam(parameter), JSONB))
    shape = [sa.column(column.name, column.type) for column in columns]
    return given.table_valued(*shape).render_derived(name=name, with_types=True)


def as_rows(rows: Iterable[Any]) -> str:
    """The value of that parameter."""
    return orjson.dumps(list(rows)).decode()
