"""What a learner can ask, as capabilities declare it: each has an endpoint, and is a part of the overview.

Both come from one declaration (`Blueprint.answer` in web/blueprint.py), so that they cannot differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import marshmallow as ma


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, when, and the parameters, with their defaults."""

    learner_id: str
    now: datetime
    query: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """An answer of bounded size that needs no path: what it is called, how it is made, its schemas."""

    name: str  # the last part of its path
    make: Callable[[Asked], Any]
    schema: type[ma.Schema]
    query: ma.Schema | None = None  # None: it has no parameters
