"""Pure: rules about what a learner learns: scores, words, skills, languages."""

from datetime import timedelta

from vorex_sessions.insights.answers import Answers
from vorex_sessions.insights.facts import Fact, Finding
from vorex_sessions.progress.figures import SKILLS

_MANY_WORDS = 5
_SLIPPING, _OFTEN_MET = 0.7, 3
_LONG_STABLE = 12  # days with a score
_LONG_SPAN = timedelta(days=21)
_LEAST_EVIDENCE = 3  # results of a skill
_RECENT, _NEGLECTED, _GIVEN_UP, _FEW = 3, 10, 60, 3


def words_due(answers: Answers) -> Finding | None:
    """5 words due or more, enough for a review of its own."""
    total = answers.vocabulary.body["total"]
    if total < _MANY_WORDS:
        return None
    fact = answers.vocabulary.fact("words", "/total", "words", n=total)
    return Finding((fact,), "review", answers.language)


def word_slipping(answers: Answers) -> Finding | None:
    """The word that is remembered least: predicted recall of 70 % or less, though 3 sessions had it.

    A word that was met once or twice was never learned, so that nothing slips away.
    """
    for place, word in enumerate(answers.warmup.body["vocabulary_details"]):
        at = f"/vocabulary_details/{place}"
        if word["recall"] is not None and word["recall"] <= _SLIPPING:
            if word["times_seen"] < _OFTEN_MET:
                continue
            facts = (
                answers.warmup.fact("word", f"{at}/word", "text"),
                answers.warmup.fact("recall", f"{at}/recall", "share", period="today"),
                answers.warmup.fact("seen", f"{at}/times_seen", "sessions", n=word["times_seen"]),
            )
            return Finding(facts, "review", answers.warmup.body["language"])
    return None


def trend_up(answers: Answers) -> Finding | None:
    """The trend is `improving`: its interval excludes 0 and the change is 2 points or more."""
    return _trend(answers, "improving")


def trend_down(answers: Answers) -> Finding | None:
    """The trend is `declining`, by the same test."""
    return _trend(answers, "declining")


def _trend(answers: Answers, verdict: str) -> Finding | None:
    """The largest change with this verdict."""
    trends = answers.trends.body["trends"]
    moving = [name for name in SKILLS if trends[name]["verdict"] == verdict]
    if not moving:
        return None
    score = max(moving, key=lambda name: abs(trends[name]["change"]))
    days = trends[score]["days"]
    named, variant = _language(answers)
    facts = (
        answers.trends.fact("score", f"/trends/{score}", "score", period="month", value=score),
        *named,
        answers.trends.fact("change", f"/trends/{score}/change", "points", period="month", n=days),
        answers.trends.fact("days", f"/trends/{score}/days", "days", period="month", n=days),
    )
    return Finding(facts, "trends", answers.warmup.body["language"], subject=score, variant=variant)


def _language(answers: Answers) -> tuple[tuple[Fact, ...], str]:
    """The language that the scores are of, and the variant that names it; none where there is no other."""
    tag = answers.warmup.body["language"]
    if len(answers.practised) == 1:
        return (), ""
    place = next(place for place, row in answers.practised if row["language"] == tag)
    return (answers.languages.fact("language", f"/languages/{place}/language", "language"),), "of"


def plateau(answers: Answers) -> Finding | None:
    """The trend is `stable`, from 12 days within three weeks or more: a change of 2 points is ruled out."""
    trends = answers.trends.body["trends"]
    stable = [
        name
        for name in SKILLS
        if trends[name]["verdict"] == "stable"
        and trends[name]["days"] >= _LONG_STABLE
        and trends[name]["last_day"] - trends[name]["first_day"] >= _LONG_SPAN
    ]
    if not stable:
        return None
    score = max(stable, key=lambda name: trends[name]["days"])
    days = trends[score]["days"]
    named, variant = _language(answers)
    facts = (
        answers.trends.fact("score", f"/trends/{score}", "score", period="month", value=score),
        *named,
        answers.trends.fact("days", f"/trends/{score}/days", "days", period="month", n=days),
    )
    return Finding(facts, "trends", answers.warmup.body["language"], subject=score, variant=variant)


def next_skill(answers: Answers) -> Finding | None:
    """The first of the skills to work on that has 3 results or more: fewer say little about mastery."""
    nodes = answers.skills.body["nodes"]
    places = {node["skill"]: place for place, node in enumerate(nodes)}
    for skill in answers.skills.body["next"]:
        at = places[skill["skill"]]
        evidence = nodes[at]["evidence"]
        if evidence < _LEAST_EVIDENCE:
            continue
        facts = (
            answers.skills.fact("skill", f"/nodes/{at}/name", "text"),
            answers.skills.fact("mastery", f"/nodes/{at}/mastery", "share", n=evidence),
            answers.skills.fact("results", f"/nodes/{at}/evidence", "results", n=evidence),
        )
        return Finding(facts, "skill", skill["skill"], subject=skill["skill"])
    return None


def neglected_language(answers: Answers) -> Finding | None:
    """Another language than that of the last 3 days, not practised for 10 days, with 3 sessions or more.

    After 60 days the learner has given it up, and knows.
    """
    ages = {
        place: (answers.today - row["last_practiced_on"]).days for place, row in answers.practised
    }
    if min(ages.values()) > _RECENT:
        return None
    for place, row in answers.practised:
        if answers.language not in (None, row["language"]):
            continue
        age = ages[place]
        if _NEGLECTED <= age <= _GIVEN_UP and row["sessions"] >= _FEW:
            at = f"/languages/{place}"
            facts = (
                answers.languages.fact("language", f"{at}/language", "language"),
                answers.languages.fact(
                    *("days", f"{at}/last_practiced_on", "days"), n=row["sessions"], value=age
                ),
            )
            return Finding(facts, "practise", row["language"], subject=row["language"])
    return None
