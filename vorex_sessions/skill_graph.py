"""Pure: the skills there are, from skill_graph.toml, and what builds on what."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

LEVELS = ("A1", "A2", "B1", "B2", "C1")


@dataclass(frozen=True)
class Skill:
    """A skill of the graph; `needs` are the keys of those it builds on."""

    key: str
    domain: str
    level: str
    name: str
    needs: tuple[str, ...]
    aliases: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The place of its level, from 0."""
        return LEVELS.index(self.level)


def _read() -> dict[str, Skill]:
    domains = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return {
        key: Skill(
            key, domain, said["level"], said["name"], tuple(said["needs"]), tuple(said["aliases"])
        )
        for domain, skills in domains.items()
        for key, said in skills.items()
    }


SKILLS = _read()
EDGES = tuple((need, skill.key) for skill in SKILLS.values() for need in skill.needs)
