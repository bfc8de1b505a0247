"""Pure: what the template of a page shows: values of answers, as the reader's locale writes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from vorex_sessions.charts.chart import THEMES, Chart
from vorex_sessions.page import notes
from vorex_sessions.page.options import FIGURES, INSIGHTS, Options
from vorex_sessions.page.reading import Practice
from vorex_sessions.page.texts import Texts

_SCORES = ("pronunciation", "fluency", "grammar")
# In which widths a chart is drawn, and for which windows; the last one is for all others.
_WIDTHS = (("(max-width: 44rem)", 320), ("(max-width: 70rem)", 640), ("", 520))
_FULL_WIDTHS = (("(max-width: 44rem)", 320), ("(max-width: 70rem)", 640), ("", 1080))
_FULL = ("heatmap", "trend")  # charts as wide as the page


class Figure(NamedTuple):
    """A value with its label; `value` is that of the answer, None where nothing was measured."""

    name: str
    label: str
    value: float | None
    text: str
    note: str
    more: str = ""


class Source(NamedTuple):
    """An image of a chart, and the media for which it is."""

    media: str
    address: str


@dataclass(frozen=True)
class Picture:
    """A chart with its images; the last one is for all other media."""

    chart: Chart
    terms: str  # what its words mean
    sources: Sequence[Source]


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    name: str
    title: str
    about: str = ""
    warning: str = ""
    figures: Sequence[Figure] = ()
    insights: Sequence[Mapping[str, Any]] = ()
    due: Figure | None = None
    words: Sequence[Mapping[str, Any]] = ()
    more: str = ""
    empty: str = ""
    picture: Picture | None = None

    @property
    def is_full(self) -> bool:
        """Whether it is as wide as the page."""
        return self.name in (*_FULL, FIGURES, INSIGHTS)


def sections(practice: Practice, options: Options, texts: Texts) -> list[Section]:
    """The parts of the page, in order."""
    made = {
        FIGURES: lambda: _overview(practice.stats or {}, texts),
        INSIGHTS: lambda: _insights(practice, texts),
        "streak": lambda: _streak(practice, options, texts),
        "vocabulary": lambda: _words(practice, options, texts),
    }
    return [
        made[part]() if part in made else _chart(part, practice, options, texts)
        for part in options.parts
    ]


def _overview(stats: Mapping[str, Any], texts: Texts) -> Section:
    before, words = stats["previous"] or {}, texts.words
    amounts = (
        ("sessions", "total_sessions", words.number),
        ("time", "total_duration", texts.duration),
        ("words", "total_words_spoken", words.number),
    )
    figures = [
        Figure(
            *(name, texts.say("overview", name), stats[key], written(stats[key])),
            texts.say("overview", f"{name}_note"),
            texts.say("overview", "before", value=written(before[key])) if before else "",
        )
        for name, key, written in amounts
    ]
    days = {"first": _day(stats["period_start"], texts), "last": _day(stats["period_end"], texts)}
    return Section(
        FIGURES,
        texts.say("overview", "title"),
        about=texts.say("overview", "about", **days),
        figures=[*figures, *(_score(name, stats, before, texts) for name in _SCORES)],
    )


def _score(name: str, stats: Mapping[str, Any], before: Mapping[str, Any], texts: Texts) -> Figure:
    value, measured = _mean(name, stats)
    earlier, _ = _mean(name, before) if before else (None, 0)
    missing = texts.say("page", "missing")
    note = texts.say("overview", "score_note", n=texts.words.number(measured))
    shown = missing if earlier is None else texts.words.number(earlier)
    return Figure(
        *(name, texts.say("overview", name), value),
        "—" if value is None else texts.words.number(value),
        texts.say("overview", "score_missing") if value is None else note,
        texts.say("overview", "before", value=shown) if before else "",
    )


def _mean(name: str, stats: Mapping[str, Any]) -> tuple[float | None, int]:
    """A mean, None where nothing was measured: the API's 0.0 would look like a score."""
    measured = stats["scored_sessions"][name]
    return (stats[f"avg_{name}"] if measured else None), measured


def _insights(practice: Practice, texts: Texts) -> Section:
    insights, languages = practice.insights or {}, (practice.languages or {})["languages"]
    language = insights["locale"].partition("-")[0]
    is_other = language != texts.tag.partition("-")[0]  # it has no words in the reader's language
    return Section(
        INSIGHTS,
        texts.say("insights", "title"),
        insights=[
            {
                **one,
                "language": language if is_other else "",
                "about": _about(one, texts) if len(languages) > 1 else "",
            }
            for one in insights["insights"]
        ],
        empty="" if insights["insights"] else texts.say("page", "none"),
    )


def _about(insight: Mapping[str, Any], texts: Texts) -> str:
    """Of which language an insight is, by its sources: the charts beside it may be of all languages."""
    queries = (parse_qs(urlsplit(fact["source"]).query) for fact in insight["facts"])
    of = {tag for query in queries for tag in query.get("language", ())}
    if len(of) != 1:
        return ""
    return texts.say("insights", "about", language=notes.language_name(of.pop(), texts))


def _streak(practice: Practice, options: Options, texts: Texts) -> Section:
    streak, words = practice.streak or {}, texts.words
    week, goal = streak["week"], streak["goal_minutes"]
    figures = [
        Figure(
            *(name, texts.say("streak", name), streak[key], words.count("days", streak[key])),
            texts.say("streak", f"{name}_note"),
        )
        for name, key in (("current", "current"), ("longest", "longest"))
    ]
    figures += [
        Figure(
            *("freezes", texts.say("streak", "freezes"), streak["freezes"]),
            *(words.number(streak["freezes"]), texts.say("streak", "freezes_note")),
        ),
        Figure(
            *("today", texts.say("streak", "today"), streak["minutes_today"]),
            *(texts.duration(streak["seconds_today"]), texts.say("streak", "today_note")),
            _goal(goal and words.count("minutes", goal), streak["goal_reached"], texts),
        ),
        Figure(
            *("week", texts.say("streak", "week"), week["days_practiced"]),
            words.count("days", week["days_practiced"]),
            texts.say("streak", "week_note", day=_day(week["starts_on"], texts)),
            _goal(
                week["goal_days"] and words.count("days", week["goal_days"]),
                week["goal_reached"],
                texts,
            ),
        ),
    ]
    return Section(
        "streak",
        texts.say("streak", "title"),
        warning=texts.say("streak", "at_risk") if streak["at_risk"] else "",
        figures=figures,
        picture=_picture("streak", practice, options, texts),
    )


def _goal(goal: str | None, reached: bool, texts: Texts) -> str:
    name = "goal_reached" if reached else "goal_open"
    return texts.say("streak", name, goal=goal) if goal else ""


def _words(practice: Practice, options: Options, texts: Texts) -> Section:
    due = practice.words or {}
    rest = due["total"] - len(due["words"])
    total = texts.words.number(due["total"])
    return Section(
        "vocabulary",
        texts.say("words", "title"),
        due=Figure("due", texts.say("words", "due"), due["total"], total, ""),
        words=notes.told_apart(due["words"], texts),
        more=texts.say("words", "more", n=texts.words.number(rest)) if rest else "",
        picture=_picture("vocabulary", practice, options, texts),
    )


def _chart(kind: str, practice: Practice, options: Options, texts: Texts) -> Section:
    picture = _picture(kind, practice, options, texts)
    return Section(kind, picture.chart.title, picture=picture)


def _picture(kind: str, practice: Practice, options: Options, texts: Texts) -> Picture:
    """The images of a chart: dark ones on dark screens, light ones elsewhere, as on paper."""
    widths = _FULL_WIDTHS if kind in _FULL else _WIDTHS
    given = {name: value for name, value in options.given.items() if name not in ("parts", "embed")}

    def source(theme: str, media: str, width: int) -> Source:
        query = urlencode({**given, "locale": texts.tag, "theme": theme, "width": width})
        is_dark = theme != THEMES[0]
        conditions = ["screen and (prefers-color-scheme: dark)"] if is_dark else []
        return Source(
            " and ".join([*conditions, *([media] if media else [])]),
            f"/progress/charts/{kind}.svg?{query}",
        )

    return Picture(
        practice.charts[kind],
        notes.terms(kind, texts, shortest_day=practice.shortest_day),
        [source(theme, *one) for theme in reversed(THEMES) for one in widths],
    )


def _day(value: date | str, texts: Texts) -> str:
    return texts.words.day(date.fromisoformat(value) if isinstance(value, str) else value)
