"""The skill graph is consistent."""

from graphlib import TopologicalSorter

from vorex_sessions.skill_graph import EDGES, LEVELS, SKILLS

DOMAINS = {"grammar", "pronunciation", "vocabulary", "fluency", "pragmatics"}


def test_there_are_a_hundred_skills_of_every_domain_and_level() -> None:
    assert len(SKILLS) >= 100
    assert {skill.domain for skill in SKILLS.values()} == DOMAINS
    assert {skill.level for skill in SKILLS.values()} == set(LEVELS)


def test_nothing_builds_on_itself_however_far() -> None:
    order = TopologicalSorter({skill.key: skill.needs for skill in SKILLS.values()}).static_order()
    assert set(order) == set(SKILLS)


def test_every_key_is_known_and_none_stands_alone() -> None:
    joined = {key for edge in EDGES for key in edge}
    assert joined == set(SKILLS)


def test_levels_never_decrease_along_a_prerequisite() -> None:
    assert not [edge for edge in EDGES if SKILLS[edge[0]].rank > SKILLS[edge[1]].rank]


def test_no_two_skills_share_a_name() -> None:
    names = [
        name.casefold()
        for skill in SKILLS.values()
        for name in {skill.name.casefold(), *map(str.casefold, skill.aliases)}
    ]
    assert len(names) == len(set(names))
