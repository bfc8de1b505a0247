"""Each skill graph is consistent; a language has at most one."""

from graphlib import TopologicalSorter

import pytest

import language_tags
from vorex_sessions.skill_graph import GRAPHS, LEVELS, NO_GRAPH, Graph, graph_of

EVERY = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
DOMAINS = {"grammar", "pronunciation", "vocabulary", "fluency", "pragmatics"}


@EVERY
def test_there_are_a_hundred_skills_of_every_domain_and_level(graph: Graph) -> None:
    assert len(graph.skills) >= 100
    assert {skill.domain for skill in graph.skills.values()} == DOMAINS
    assert {skill.level for skill in graph.skills.values()} == set(LEVELS)


@EVERY
def test_nothing_builds_on_itself_however_far(graph: Graph) -> None:
    order = TopologicalSorter(
        {skill.key: skill.needs for skill in graph.skills.values()}
    ).static_order()
    assert set(order) == set(graph.skills)


@EVERY
def test_every_key_is_known_and_none_stands_alone(graph: Graph) -> None:
    joined = {key for edge in graph.edges for key in edge}
    assert joined == set(graph.skills)


@EVERY
def test_levels_never_decrease_along_a_prerequisite(graph: Graph) -> None:
    assert not [
        edge for edge in graph.edges if graph.skills[edge[0]].rank > graph.skills[edge[1]].rank
    ]


@EVERY
def test_no_two_skills_share_a_name(graph: Graph) -> None:
    names = [
        name.casefold()
        for skill in graph.skills.values()
        for name in {skill.name.casefold(), *map(str.casefold, skill.aliases)}
    ]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", ["en", "en-GB", "en-Latn-US"])
def test_forms_of_a_language_share_its_graph(language: str) -> None:
    assert graph_of(language) is GRAPHS["en"]


@pytest.mark.parametrize("language", ["de", "enm", "x-en"])
def test_a_language_may_have_no_graph(language: str) -> None:
    assert graph_of(language) is NO_GRAPH


def test_a_file_is_named_by_its_primary_language() -> None:
    for name in GRAPHS:
        assert language_tags.canonical(name) == name
        assert "-" not in name
