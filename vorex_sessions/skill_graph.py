"""Pure: the skills of skill_graph.toml and their prerequisites."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("A1", "A2", "B1", "B2", "C1")


@dataclass(frozen=True)
class Skill:
    """A skill of the graph; `needs` are the keys of its prerequisites."""

    key: str
    domain: str
    level: str
    name: str
    needs: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The index of its level, from 0."""
        return LEVELS.index(self.level)


def _read() -> dict[str, Skill]:
    domains = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {
        key: Skill(
            key, domain, item["level"], item["name"], tuple(item["needs"]), tuple(item["aliases"])
        )
        for domain, skills in domains.items()
        for key, item in skills.items()
    }


SKILLS = _read()
EDGES = tuple((need, skill.key) for skill in SKILLS.values() for need in skill.needs)
