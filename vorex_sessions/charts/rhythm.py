"""Pure: at what hours and on which weekdays a learner practises, as bars."""

from collections.abc import Mapping, Sequence
from typing import Any

from vorex_sessions.charts.chart import Chart, Options, Row
from vorex_sessions.charts.finished import finished
from vorex_sessions.charts.layout import (
    EDGE,
    SIZE,
    SMALL,
    Bar,
    Box,
    bars,
    empty,
    have_room,
    heading,
)
from vorex_sessions.charts.palette import PALETTES
from vorex_sessions.charts.svg import Drawing
from vorex_sessions.charts.words import Words, words_of
from vorex_sessions.preferences.history import WEEKDAYS

_HEIGHT, _GAP = 130, 32  # of a part; between the two
_HEAD, _FOOT = SIZE + 12, SMALL + 12
_SIDE_BY_SIDE = 700  # pixels
_Row = Mapping[str, Any]


def draw(answer: Mapping[str, Any], options: Options) -> Chart:
    """The chart of what `rhythm` answers, beside `week_starts_on`."""
    words = words_of(options.locale)
    answer = {**answer, "weekdays": _in_order(answer["weekdays"], answer["week_starts_on"])}
    has_data = any(row["sessions"] for row in answer["hours"])
    return finished(
        "rhythm",
        words,
        options,
        sentence=_sentence(answer, words, has_data),
        columns=tuple(words.say(*name) for name in _COLUMNS),
        has_data=has_data,
        paint=lambda drawing: _draw(drawing, answer, options, words, has_data),
        table=lambda: _rows(answer, words),
    )


_COLUMNS = (("rhythm", "time"), ("common", "sessions"), ("common", "minutes"))


def _in_order(weekdays: Sequence[_Row], week_starts_on: str) -> Sequence[_Row]:
    """The weekdays from the first one of the learner's week on."""
    first = WEEKDAYS.index(week_starts_on)
    return [*weekdays[first:], *weekdays[:first]]


def _number_of(row: _Row) -> int:
    """The number of a row's weekday, Monday being 0."""
    return WEEKDAYS.index(row["weekday"])


def _highest(rows: Sequence[_Row]) -> int:
    """The place of the most minutes, the first of several."""
    return max(range(len(rows)), key=lambda place: (rows[place]["minutes"], -place))


def _sentence(answer: Mapping[str, Any], words: Words, has_data: bool) -> str:
    if not has_data:
        return words.say("rhythm", "empty")
    hours, weekdays = answer["hours"], answer["weekdays"]
    hour, weekday = _highest(hours), _highest(weekdays)
    return words.say(
        "rhythm",
        f"sentence_{answer['period']}",
        hour=words.hour(hours[hour]["hour"]),
        weekday=words.long_weekdays[_number_of(weekdays[weekday])],
        hour_minutes=words.count("minutes", hours[hour]["minutes"]),
        weekday_minutes=words.count("minutes", weekdays[weekday]["minutes"]),
    )


def _rows(answer: Mapping[str, Any], words: Words) -> Sequence[Row]:
    named = [(words.hour(row["hour"]), row) for row in answer["hours"]]
    named += [(words.long_weekdays[_number_of(row)], row) for row in answer["weekdays"]]
    return [
        (name, words.number(row["sessions"]), words.number(row["minutes"])) for name, row in named
    ]


def _draw(
    drawing: Drawing, answer: Mapping[str, Any], options: Options, words: Words, has_data: bool
) -> float:
    """Draw both parts; return the height."""
    palette, width = PALETTES[options.theme], options.width - 2 * EDGE
    is_wide = options.width >= _SIDE_BY_SIDE
    first = Box(EDGE, _HEAD, width * 0.58 if is_wide else width, _HEIGHT)
    second = Box(first.right + _GAP, _HEAD, width * 0.42 - _GAP, _HEIGHT)
    if not is_wide:
        second = Box(EDGE, first.bottom + _FOOT + _GAP / 2 + _HEAD, width, _HEIGHT)
    parts = (
        (first, "by_hour", _hours(answer["hours"], words)),
        (second, "by_weekday", _weekdays(answer["weekdays"], words, second.width)),
    )
    for box, name, values in parts:
        heading(drawing, palette, box.x, box.y - 10, words.say("rhythm", name))
        bars(drawing, palette, box, values)
    if not has_data:
        empty(drawing, palette, first, words.say("rhythm", "empty"))
    return second.bottom + _FOOT


def _hours(rows: Sequence[_Row], words: Words) -> list[Bar]:
    highest = _highest(rows)
    return [
        Bar(
            row["minutes"],
            "" if row["hour"] % 6 else words.hour(row["hour"]),
            words.number(row["minutes"]) if place == highest and row["minutes"] else "",
            place == highest,
        )
        for place, row in enumerate(rows)
    ]


def _weekdays(rows: Sequence[_Row], words: Words, width: float) -> list[Bar]:
    highest = _highest(rows)
    labels = _labels([row["minutes"] for row in rows], highest, words, width / len(rows))
    return [
        Bar(
            row["minutes"],
            words.weekdays[_number_of(row)],
            labels[place] if row["minutes"] else "",
            place == highest,
        )
        for place, row in enumerate(rows)
    ]


def _labels(minutes: Sequence[float], highest: int, words: Words, pitch: float) -> list[str]:
    """Minutes as the table has them; whole ones where these would touch, else the most alone."""
    exact = [words.number(one) for one in minutes]
    for labels in (exact, [words.number(round(one)) for one in minutes]):
        if have_room(labels, highest, pitch):
            return labels
    return [label if place == highest else "" for place, label in enumerate(exact)]
