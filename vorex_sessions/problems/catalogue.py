"""Explains problem types, for who opens the `type` of a problem."""

import inspect
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from server.refusals import REFUSALS
from vorex_sessions.problems.kinds import Problem, slug_of


@dataclass(frozen=True)
class Explanation:
    """What a problem type means, and what to do about it."""

    type: str
    title: str
    status: int
    meaning: str
    advice: str


def explain(slug: str) -> Explanation | None:
    """Return the explanation of `/problems/{slug}`, None if no such problem is ever answered."""
    return _explanations().get(slug)


@lru_cache(maxsize=1)
def _explanations() -> dict[str, Explanation]:
    """From the general to the special: HTTP's own statuses, the server's problems, the app's."""
    found: list[tuple[str, str, int, str, str]] = [
        (slug_of(status), status.phrase, status, status.description, "Correct the request.")
        for status in HTTPStatus
        if status >= HTTPStatus.BAD_REQUEST
    ]
    found += [
        (refusal.slug, refusal.title, refusal.status, refusal.meaning, refusal.detail)
        for refusal in REFUSALS
    ]
    found += [
        (kind.slug, kind.title, kind.status, _summary(kind), kind.detail)
        for kind in _kinds(Problem)
    ]
    return {
        slug: Explanation(f"/problems/{slug}", title, int(status), meaning or f"{title}.", advice)
        for slug, title, status, meaning, advice in found
    }


def _kinds(root: type[Problem]) -> list[type[Problem]]:
    """All subclasses that have a slug of their own."""
    below = [kind for child in root.__subclasses__() for kind in (child, *_kinds(child))]
    return [kind for kind in below if "slug" in vars(kind)]


def _summary(kind: type[Problem]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]
