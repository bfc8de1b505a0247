"""What a setting is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """An environment variable: its parser, its default and its meaning."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    meaning: str
    decides_answers: bool = False  # whether the same question has another answer after a change
