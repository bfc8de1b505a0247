"""Statements as pglast reads them: query levels, what they name, and whose user_id is one value."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from pglast import ast

from vorex_sessions import models
from vorex_sessions.database.distribution import learner_tables, reference_tables

assert models  # its tables are in db.metadata
LEARNERS, REFERENCES = frozenset(learner_tables()), frozenset(reference_tables())
QUERIES = (ast.SelectStmt, ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt)


def _children(node: Any) -> Iterator[Any]:
    for slot in node.__slots__:
        yield from _nodes(getattr(node, slot, None))


def _nodes(value: Any) -> Iterator[Any]:
    if isinstance(value, ast.Node):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _nodes(one)


def walk(node: Any) -> Iterator[Any]:
    yield node
    for child in _children(node):
        yield from walk(child)


def level(query: Any) -> Iterator[Any]:
    """The nodes of one query level, without those of queries within it."""
    for child in _children(query):
        if not isinstance(child, QUERIES):
            yield child
            yield from level(child)


def nested(node: Any) -> Iterator[Any]:
    for child in _children(node):
        if isinstance(child, QUERIES):
            yield child
        else:
            yield from nested(child)


def named(node: Any) -> Iterator[str]:
    return (one.relname for one in walk(node) if isinstance(one, ast.RangeVar))


def writes_any(query: Any) -> bool:
    return any(isinstance(node, QUERIES[1:]) for node in walk(query))


def called(
    places: Iterable[Any], names: Collection[str], *, of_columns: bool = False
) -> Iterator[str]:
    for place in places:
        for node in (part for top in _nodes(place) for part in walk(top)):
            if isinstance(node, ast.FuncCall) and node.funcname[-1].sval in names:
                if not of_columns or any(isinstance(one, ast.ColumnRef) for one in walk(node)):
                    yield node.funcname[-1].sval


def chosen(query: Any) -> Iterator[Any]:
    return (node for node in walk(query) if isinstance(node, ast.CaseExpr | ast.CoalesceExpr))


def later_by_column(query: Any) -> Iterator[str]:
    """Operators that add an interval made of a column to an instant: what comes of it depends on the zone."""
    for node in walk(query):
        if isinstance(node, ast.A_Expr) and node.name[-1].sval in ("+", "-"):
            calls = {one.funcname[-1].sval for one in walk(node) if isinstance(one, ast.FuncCall)}
            if "make_interval" in calls and any(
                isinstance(one, ast.ColumnRef) for one in walk(node)
            ):
                yield node.name[-1].sval


def is_constant(node: Any) -> bool:
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return isinstance(node, ast.A_Const | ast.ParamRef)


def _learner_column(node: Any) -> str | None:
    """The alias of `alias.user_id`, "" for `user_id` alone, None for anything else."""
    if not isinstance(node, ast.ColumnRef):
        return None
    fields = [one.sval for one in node.fields if isinstance(one, ast.String)]
    return (fields[0] if len(fields) > 1 else "") if fields[-1:] == ["user_id"] else None


def _alias(node: Any) -> str:
    return node.alias.aliasname if node.alias else getattr(node, "relname", "")


def tables_of(query: Any, shadows: Collection[str]) -> dict[str, str]:
    """The learners' tables of a level, by alias."""
    if isinstance(query, ast.InsertStmt):
        return {}
    return {
        _alias(node): node.relname
        for node in level(query)
        if isinstance(node, ast.RangeVar)
        and node.relname in LEARNERS
        and node.relname not in shadows
    }


def _conjuncts(node: Any) -> Iterator[Any]:
    if isinstance(node, ast.BoolExpr) and node.boolop == 0:
        for one in node.args:
            yield from _conjuncts(one)
    elif node is not None:
        yield node


def _joined(node: Any) -> set[str]:
    """The aliases of the tables within a join."""
    return {_alias(one) for one in (node, *level(node)) if isinstance(one, ast.RangeVar)}


def _restricted(join: Any, everything: set[str]) -> set[str]:
    """The aliases whose rows a join's condition keeps out: an outer join keeps all of one side."""
    sides = {1: [join.rarg], 2: [], 3: [join.larg]}.get(int(join.jointype))
    return everything if sides is None else set().union(*map(_joined, sides))


def fixed(query: Any, tables: dict[str, str]) -> set[str]:
    """The aliases whose user_id is one value, directly or by a join with one that is."""
    everything = set(tables)
    conditions = [(one, everything) for one in _conjuncts(getattr(query, "whereClause", None))]
    same: list[set[str]] = []
    for node in level(query):
        if isinstance(node, ast.JoinExpr):
            restricted = _restricted(node, everything)
            conditions += [(one, restricted) for one in _conjuncts(node.quals)]
            if any(one.sval == "user_id" for one in node.usingClause or ()):
                same.append(_joined(node))
    fixed: set[str] = set()
    for one, restricted in conditions:
        if not (isinstance(one, ast.A_Expr) and one.kind == 0 and one.name[-1].sval == "="):
            continue
        left, right = _learner_column(one.lexpr), _learner_column(one.rexpr)
        for alias, value in ((left, one.rexpr), (right, one.lexpr)):
            if alias is not None and is_constant(value):
                fixed |= ({alias} if alias else everything) & restricted
        if left and right:
            same.append({left, right})
    for _ in same:
        for group in same:
            fixed |= group if group & fixed else set()
    return fixed


def is_whole_row(call: Any, query: Any) -> bool:
    aliases = {_alias(node) for node in level(query) if hasattr(node, "alias")}
    for value in call.args or ():
        if isinstance(value, ast.ColumnRef) and len(value.fields) == 1:
            field = value.fields[0]
            if isinstance(field, ast.String) and field.sval in aliases:
                return True
    return False


def is_of_learner(source: Any, place: int, shadows: Collection[str]) -> bool:
    """Whether the column at a place is the user_id of a learner's table, also of one in a sub-select."""
    if source.larg:
        return is_of_learner(source.larg, place, shadows) and is_of_learner(
            source.rarg, place, shadows
        )
    if not source.targetList:
        return False
    alias = _learner_column(source.targetList[place].val)
    if alias is None:
        return False
    tables = tables_of(source, shadows)
    if alias in tables or (tables and not alias):
        return True
    for node in level(source):
        if isinstance(node, ast.RangeSubselect) and alias in ("", _alias(node)):
            names = [_name(one) for one in node.subquery.targetList or ()]
            if "user_id" in names:
                return is_of_learner(node.subquery, names.index("user_id"), shadows)
    return False


def _name(target: Any) -> str | None:
    return target.name or ("user_id" if _learner_column(target.val) is not None else None)
