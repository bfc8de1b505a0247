"""Judges statements by what a database of several machines (Citus) can send to the one that has the learner.

tests/sent.py applies the rules, each a text below, to all that a test run sends. It needs no Citus.
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from pglast import ast, parse_sql

from tests.sql_trees import (
    LEARNERS,
    QUERIES,
    REFERENCES,
    called,
    chosen,
    fixed,
    is_constant,
    is_of_learner,
    is_whole_row,
    later_by_column,
    level,
    named,
    nested,
    tables_of,
    walk,
    writes_any,
)

VOLATILE_FUNCTIONS = frozenset(
    {"clock_timestamp", "gen_random_uuid", "nextval", "random", "setval"}
)
STABLE_FUNCTIONS = frozenset(
    {
        *("now", "statement_timestamp", "transaction_timestamp", "current_setting"),
        *("concat", "concat_ws", "to_char", "date_trunc", "format"),
        *("json_agg", "json_build_object", "jsonb_agg", "jsonb_build_object"),
        *("row_to_json", "to_json", "to_jsonb"),
    }
)
# Citus evaluates them before it sends the write on, and does not know the columns.
ONE_ROW = frozenset(
    {"json_to_record", "jsonb_to_record", "json_populate_record", "jsonb_populate_record"}
)
_OF_ROWS = frozenset({"json_agg", "jsonb_agg", "row_to_json", "to_json", "to_jsonb"})
_PARAMETER = re.compile(r"%\(\w+\)s")

ONE_LEARNER = "1: {} has no user_id = one value at its own level"
INSERT_IN_WITH = "2: INSERT within WITH: its rows are collected, then sent to every node"
NO_SOURCE = "3: INSERT into {} takes user_id from no column of a learner's table"
VALUES_SELECT = "3: a sub-select within VALUES"
MUTABLE = "4: {} is not immutable, in ON CONFLICT DO UPDATE or RETURNING"
VOLATILE = "4: {} is volatile, in UPDATE"
STABLE_OF_COLUMN = "4: {} of a column is not immutable, in UPDATE"
WITHIN_CASE = "4: {} within CASE or COALESCE is not immutable, in UPDATE"
OF_ONE_ROW = "4: {} in a write; a recordset may be of one row"
LOCKED_MANY = "5: FOR UPDATE or FOR SHARE across learners"
CURSOR = "6: DECLARE CURSOR: all rows are collected before the first one comes"
WHOLE_ROWS = "6: {} of whole rows across learners forgets the names of their columns"
LOCK_ELSEWHERE = "7: an advisory lock that is not taken where the learner's rows are"
REFERENCE = "8: {} is changed by what a learner's table says"


@lru_cache(maxsize=4096)
def judged(text: str, *, is_job: bool = False) -> tuple[str, ...]:
    """What breaks a rule in a text of statements; a job may read and write across learners."""
    found: list[str] = []
    for query in queries(text, found):
        _Judge(found, is_job).judge(query, ())
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def touched(text: str) -> tuple[bool, bool]:
    """Whether a text has statements on learners' tables, and whether the first of those writes."""
    for query in queries(text, []):
        if any(name in LEARNERS for name in named(query)):
            return True, not isinstance(query, ast.SelectStmt) or writes_any(query)
    return False, False


@lru_cache(maxsize=4096)
def writes(text: str) -> bool:
    """Whether a text changes a learner's table."""
    return any(
        isinstance(node, QUERIES[1:]) and node.relation.relname in LEARNERS
        for query in queries(text, [])
        for node in walk(query)
    )


def queries(text: str, found: list[str]) -> Iterator[Any]:
    """The queries in a text with psycopg2's parameters."""
    for raw in parse_sql(_PARAMETER.sub("$1", text).replace("%%", "%")):
        statement = raw.stmt
        if isinstance(statement, ast.PrepareStmt | ast.DeclareCursorStmt):
            if isinstance(statement, ast.DeclareCursorStmt):
                found.append(CURSOR)
            statement = statement.query
        if isinstance(statement, QUERIES):
            yield statement


class _Judge:
    def __init__(self, found: list[str], is_job: bool) -> None:
        self.found, self.is_job = found, is_job

    def judge(self, query: Any, outer: tuple[str, ...], *, within: bool = False) -> None:
        """Judge a query and those in it; `outer` are names that WITH gives, `within`: it is in one."""
        if isinstance(query, ast.InsertStmt):
            if within:
                self.found.append(INSERT_IN_WITH)
            self._insertion(query, outer)
        if isinstance(query, ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt):
            self._write(query)
        with_clause = getattr(query, "withClause", None)
        common = with_clause.ctes if with_clause else ()
        names = (*outer, *(one.ctename for one in common))
        self._level(query, names)
        for one in common:
            self.judge(one.ctequery, names, within=True)
        parts = [one.ctequery for one in common]
        for part in nested(query):
            if not any(part is one for one in parts):
                self.judge(part, names)

    def _insertion(self, query: Any, shadows: tuple[str, ...]) -> None:
        table, source = query.relation.relname, query.selectStmt
        if table not in LEARNERS or source is None:
            return
        names = [column.name for column in query.cols or ()]
        place = names.index("user_id") if "user_id" in names else 0
        if source.valuesLists:
            if any(isinstance(node, ast.SubLink) for node in walk(source)):
                self.found.append(VALUES_SELECT)
            if not all(is_constant(row[place]) for row in source.valuesLists):
                self.found.append(NO_SOURCE.format(table))
        elif not self.is_job and not is_of_learner(source, place, shadows):
            self.found.append(NO_SOURCE.format(table))

    def _write(self, query: Any) -> None:
        table = query.relation.relname
        if table in REFERENCES and any(name in LEARNERS for name in named(query)):
            self.found.append(REFERENCE.format(table))
        if table not in LEARNERS:
            return
        conflict = getattr(query, "onConflictClause", None)
        returning = getattr(query, "returningList", None) or getattr(query, "returningClause", None)
        places = [one for one in (conflict, returning) if one]
        for name in called(places, VOLATILE_FUNCTIONS | STABLE_FUNCTIONS):
            self.found.append(MUTABLE.format(name))
        for name in called([query], ONE_ROW):
            self.found.append(OF_ONE_ROW.format(name))
        if isinstance(query, ast.UpdateStmt):
            for name in called([query], VOLATILE_FUNCTIONS):
                self.found.append(VOLATILE.format(name))
            for name in called([query], STABLE_FUNCTIONS, of_columns=True):
                self.found.append(STABLE_OF_COLUMN.format(name))
            for name in called(chosen(query), STABLE_FUNCTIONS):
                self.found.append(WITHIN_CASE.format(name))
            for name in later_by_column(query):
                self.found.append(STABLE_OF_COLUMN.format(name))

    def _level(self, query: Any, shadows: Collection[str]) -> None:
        tables = tables_of(query, shadows)
        bound = fixed(query, tables)
        free = [name for alias, name in tables.items() if alias not in bound]
        if not self.is_job:
            self.found.extend(ONE_LEARNER.format(name) for name in free)
        if free and getattr(query, "lockingClause", None):
            self.found.append(LOCKED_MANY)
        calls = [node for node in level(query) if isinstance(node, ast.FuncCall)]
        for call in calls:
            name = call.funcname[-1].sval
            if free and name in _OF_ROWS and is_whole_row(call, query):
                self.found.append(WHOLE_ROWS.format(name))
            if not self.is_job and name.startswith(("pg_advisory", "pg_try_advisory")):
                if not any(table in LEARNERS for table in named(query)):
                    self.found.append(LOCK_ELSEWHERE)
