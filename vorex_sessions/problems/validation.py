"""Pure: turns validation messages into a 422 that names their places. Does not use the request."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import quote

from vorex_sessions.problems.kinds import Invalid

UNKNOWN = "is not a known field"
UNKNOWN_PARAMETER = "is not a known parameter"
MOST_ERRORS = 100  # a problem names
MOST_OF_ITEM = 10  # the problem of an item of a batch, which has a hundred
_LONGEST_NAME = 80  # characters


def validation_problem(
    messages: Mapping[str, Any], *, in_query: bool = False, start: str = "#"
) -> Invalid:
    """Return the 422 for a tree of marshmallow messages; the first of them becomes its detail.

    A message follows the name of its value: "must be a whole number from 0 to 100". Names are shortened and
    at most MOST_ERRORS errors are named (MOST_OF_ITEM of an item), so that no request makes a long answer.
    """
    errors = []
    leaves = _leaves(messages, is_object=not in_query)
    most = MOST_ERRORS if start == "#" else MOST_OF_ITEM
    for path, message in islice(leaves, most):
        path = tuple(map(_shortened, path))
        if in_query and message == UNKNOWN:
            message = UNKNOWN_PARAMETER
        root = "The body" if start == "#" else "The item"
        name = _shortened(".".join(path)) if path else root
        where = {"parameter": path[0]} if in_query else {"pointer": start + _pointer(path)}
        errors.append({"detail": f"{name or '(no name)'} {message}.", **where})
    more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    if next(leaves, None):
        more = f" (one of more than {most}, the first of which are in `errors`)"
    return Invalid(errors[0]["detail"].removesuffix(".") + more + ".", errors=errors)


def _leaves(
    messages: Any, path: tuple[str, ...] = (), *, is_object: bool
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each message with the path of its value.

    marshmallow puts messages about an object under `_schema`; a client may also send a field of that name.
    """
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            about_object = is_object and key == "_schema" and below != [UNKNOWN]
            steps = path if about_object else (*path, str(key))
            yield from _leaves(below, steps, is_object=is_object)
    else:
        for message in messages:
            yield path, message


def _pointer(path: tuple[str, ...]) -> str:
    """Return the path as a JSON Pointer (RFC 6901) in its URI fragment form."""
    steps = (step.replace("~", "~0").replace("/", "~1") for step in path)
    return "".join("/" + quote(step, safe="~!$&'()*+,;=:@", errors="replace") for step in steps)


def _shortened(name: str) -> str:
    readable = name[: _LONGEST_NAME + 1].encode(errors="replace").decode()
    return readable if len(readable) <= _LONGEST_NAME else readable[: _LONGEST_NAME - 1] + "…"
