"""Pure: rules that were broken -> the 422 that names their places. Knows nothing of the request."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from vorex_sessions.problems.kinds import Invalid

UNKNOWN = "is not a known field"


def validation_problem(
    messages: Mapping[str, Any], *, in_query: bool = False, start: str = "#"
) -> Invalid:
    """The 422 for a tree of marshmallow messages; the first sentence is the problem's detail.

    The rule of a value is written to follow its name: "must be a whole number from 0 to 100".
    """
    errors = []
    for path, rule in _leaves(messages, may_be_whole=not in_query):
        whole = "The body" if start == "#" else "The item"
        name = _shortened(".".join(path)) if path else whole
        where = {"parameter": path[0]} if in_query else {"pointer": start + _pointer(path)}
        errors.append({"detail": f"{name or '(no name)'} {rule}.", **where})
    more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    return Invalid(errors[0]["detail"].removesuffix(".") + more + ".", errors=errors)


def _leaves(
    messages: Any, path: tuple[str, ...] = (), *, may_be_whole: bool
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each rule with the steps to its place.

    marshmallow files a rule about the whole under `_schema`, which a client may send as a field.
    """
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            whole = may_be_whole and key == "_schema" and below != [UNKNOWN]
            steps = path if whole else (*path, str(key))
            yield from _leaves(below, steps, may_be_whole=may_be_whole)
    else:
        for rule in messages:
            yield path, rule


def _pointer(path: tuple[str, ...]) -> str:
    """RFC 6901 in its URI fragment form."""
    steps = (step.replace("~", "~0").replace("/", "~1") for step in path)
    return "".join("/" + quote(step, safe="~!$&'()*+,;=:@", errors="replace") for step in steps)


def _shortened(name: str) -> str:
    readable = name.encode(errors="replace").decode()
    return readable if len(readable) <= 80 else readable[:79] + "…"
