"""Pure: the graphs of skills and their prerequisites, one for a language; each is a file of skill_graphs/."""

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


@dataclass(frozen=True, eq=False)
class Graph:
    """The skills of a language, by key."""

    skills: dict[str, Skill]

    @property
    def edges(self) -> list[tuple[str, str]]:
        """Each skill that another one builds on, with that one."""
        return [(need, skill.key) for skill in self.skills.values() for need in skill.needs]


def _read(path: Path) -> Graph:
    domains = tomllib.loads(path.read_text(encoding="utf-8"))
    return Graph(
        {
            key: Skill(
                *(key, domain, item["level"], item["name"]),
                *(tuple(item["needs"]), tuple(item["aliases"])),
            )
            for domain, skills in domains.items()
            for key, item in skills.items()
        }
    )


_FOLDER = Path(__file__).with_name("skill_graphs")
# By primary language, which is the name of the file.
GRAPHS = {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.toml"))}
NO_GRAPH = Graph({})
# The keys of all graphs.
KEYS = tuple(dict.fromkeys(key for graph in GRAPHS.values() for key in graph.skills))


def graph_of(language: str) -> Graph:
    """The graph of a language, also of a regional form of it (`en-GB`); empty where there is none."""
    return GRAPHS.get(language.partition("-")[0], NO_GRAPH)
