"""Pure: a year of practice, a square for each day: the more minutes, the larger and the stronger."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from vorex_sessions.charts.chart import Chart, Options, Row
from vorex_sessions.charts.finished import finished
from vorex_sessions.charts.layout import EDGE, SMALL, Box, Sign, empty, legend, text
from vorex_sessions.charts.palette import PALETTES, Palette
from vorex_sessions.charts.svg import Drawing, Point, text_width
from vorex_sessions.charts.words import Words, words_of
from vorex_sessions.periods import ONE_DAY
from vorex_sessions.preferences.history import week_start

SIDES = (0.46, 0.64, 0.82, 1.0)  # of the squares of each amount, as parts of the largest
_STEPS = (1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360)  # minutes
_NOTHING = 0.22  # the side of what marks a day without practice
_LEAST_PITCH = 9.5  # pixels from week to week; where there are fewer, the year takes two lines
_FULL = 0.86  # the largest square, as a part of the pitch
_MONTHS_HIGH, _BETWEEN = SMALL + 7, 14


def draw(answer: Mapping[str, Any], options: Options) -> Chart:
    """The chart of what the daily breakdown answers, beside `today` and `week_starts_on`."""
    words = words_of(options.locale)
    days = {row["date"]: row for row in reversed(answer["days"])}
    practised = {day: row["minutes"] for day, row in days.items() if row["sessions"]}
    return finished(
        "heatmap",
        words,
        options,
        title=_title(words, options),
        sentence=_sentence(answer, practised, words, options),
        columns=tuple(words.say("common", name) for name in ("date", "sessions", "minutes")),
        has_data=bool(practised),
        paint=lambda drawing: _draw(drawing, answer, practised, words, options),
        table=lambda: [_row(day, days[day], words, answer["today"]) for day in practised],
    )


def _title(words: Words, options: Options) -> str:
    if options.year is None:
        return words.say("heatmap", "title")
    return words.say("heatmap", "title_year", year=str(options.year))


def _sentence(
    answer: Mapping[str, Any], practised: Mapping[date, float], words: Words, options: Options
) -> str:
    if not practised:
        name = "empty" if options.year is None else "empty_year"
        return words.say("heatmap", name, year=str(options.year))
    most = max(practised, key=lambda day: practised[day])
    return words.say(
        "heatmap",
        "sentence" if options.year is None else "sentence_year",
        year=str(options.year),
        days=words.count("on_days", len(practised)),
        minutes=words.count("minutes", answer["totals"]["minutes"]),
        day=words.day(most),
        most=words.count("minutes", practised[most]),
    )


def _row(day: date, row: Mapping[str, Any], words: Words, today: date | None) -> Row:
    name = words.day(day)
    if day == today:
        name = words.say("common", "day_unfinished", day=name)
    return (name, words.number(row["sessions"]), words.number(row["minutes"]))


def step_of(minutes: Sequence[float]) -> int:
    """How many minutes lie between two amounts: nine of ten days are below four of these."""
    high = sorted(minutes)[len(minutes) * 9 // 10] if minutes else 0
    return next((step for step in _STEPS if 4 * step >= high), _STEPS[-1])


def level(minutes: float, step: int) -> int:
    """Which of the four amounts a day has."""
    return min(int(minutes // step), 3)


class _Grid:
    """Where each day stands: weeks from left to right, in one line or two."""

    def __init__(self, first: date, last: date, week_starts_on: str, left: float, width: float):
        self.begin = week_start(first, week_starts_on)
        self.weeks = (last - self.begin).days // 7 + 1
        one_line = (width - left) / self.weeks
        self.bands = 1 if one_line >= _LEAST_PITCH else 2
        self.per_band = -(-self.weeks // self.bands)
        self.left, self.pitch = left, (width - left) / self.per_band
        self.full = self.pitch * _FULL
        self.band_height = _MONTHS_HIGH + 7 * self.pitch + _BETWEEN

    def corner(self, day: date, side: float) -> Point:
        """The upper left corner of a day's square of this side."""
        return self.corners([day], side)[0]

    def corners(self, days: Iterable[date], side: float) -> list[Point]:
        """The corners of several days' squares."""
        begin, shift, pitch = self.begin.toordinal(), (self.full - side) / 2, self.pitch
        found = []
        for day in days:
            week, weekday = divmod(day.toordinal() - begin, 7)
            band, column = divmod(week, self.per_band)
            y = band * self.band_height + _MONTHS_HIGH + weekday * pitch
            found.append((self.left + column * pitch + shift, y + shift))
        return found

    @property
    def bottom(self) -> float:
        """Where the last line ends."""
        return self.bands * self.band_height - _BETWEEN


def _draw(
    drawing: Drawing,
    answer: Mapping[str, Any],
    practised: Mapping[date, float],
    words: Words,
    options: Options,
) -> float:
    """Draw the map and its legend; return the height."""
    palette, shown, today = PALETTES[options.theme], answer["days"], answer["today"]
    first, last = shown[-1]["date"], shown[0]["date"]
    left = max(text_width(name, SMALL) for name in words.weekdays.values()) + 8
    grid = _Grid(first, last, answer["week_starts_on"], left, options.width - EDGE)
    _name_weekdays(drawing, palette, grid, words)
    _name_months(drawing, palette, grid, (first, last), words)
    step = step_of([*practised.values()])
    levels: list[list[date]] = [[], [], [], []]
    for day, minutes in practised.items():
        levels[level(minutes, step)].append(day)
    box = Box(grid.left, 0, options.width - grid.left, grid.band_height)
    message = words.say("heatmap", "nothing") if not practised else ""
    covered = empty(drawing, palette, box, message)
    side = max(grid.full * _NOTHING, 2)
    last_dot = min(today or last, last)
    without = [row["date"] for row in shown if not row["sessions"] and row["date"] <= last_dot]
    dots = grid.corners(without, side)
    if message:
        dots = [corner for corner in dots if not covered.holds(*corner)]
    drawing.squares(dots, side, fill=palette.grid)
    for part, colour, days in zip(SIDES, palette.amounts, levels, strict=True):
        side = grid.full * part
        drawing.squares(grid.corners(days, side), side, fill=colour)
    if today and first <= today <= last:
        _ring(drawing, palette, grid.corner(today, grid.full), grid.full)
    box = Box(EDGE, grid.bottom + 10, options.width - 2 * EDGE, 0)
    return legend(drawing, palette, box, _legend(palette, words, step, today, bool(practised)))


def _ring(drawing: Drawing, palette: Palette, corner: Point, side: float) -> None:
    x, y = corner
    ring = (x - 1, y - 1, side + 2, side + 2)
    drawing.rect(*ring, fill="none", stroke=palette.today, stroke_width=1.5, rx=1.5)


def _name_weekdays(drawing: Drawing, palette: Palette, grid: _Grid, words: Words) -> None:
    for band in range(grid.bands):
        for row in (0, 2, 4):
            day = grid.begin + (7 * band * grid.per_band + row) * ONE_DAY
            _, y = grid.corner(day, grid.full)
            middle = y + grid.full / 2 + SMALL * 0.36
            text(drawing, palette, EDGE, middle, words.weekdays[day.weekday()])


def _name_months(
    drawing: Drawing, palette: Palette, grid: _Grid, days: tuple[date, date], words: Words
) -> None:
    """The name of each month above the week of its first day, where there is room for it."""
    first, last = days
    day, free = first, [0.0] * grid.bands
    while day <= last:
        after = (day.replace(day=28) + 4 * ONE_DAY).replace(day=1)
        if (min(after, last + ONE_DAY) - day).days >= 14:
            _name_month(drawing, palette, grid, day, free, words.months[day.month])
        day = after


def _name_month(
    drawing: Drawing, palette: Palette, grid: _Grid, day: date, free: list[float], name: str
) -> None:
    """Above the week of a day, or the next one, which may be on the next line."""
    begin = day - ((day - grid.begin).days % 7) * ONE_DAY
    for monday in (begin, begin + 7 * ONE_DAY):
        x, y = grid.corner(monday, grid.full)
        band, end = int(y // grid.band_height), x + text_width(name, SMALL)
        if band < grid.bands and x >= free[band] and end <= drawing.width:
            text(drawing, palette, x, y - 6, name)
            free[band] = end + 6
            return


def _legend(
    palette: Palette, words: Words, step: int, today: date | None, has_data: bool
) -> list[tuple[Sign, str]]:
    items: list[tuple[Sign, str]] = []
    if has_data:
        bounds = [words.say("heatmap", "under", n=words.number(step))]
        bounds += [words.say("heatmap", "from", n=words.number(times * step)) for times in (1, 2)]
        bounds += [words.say("heatmap", "most", n=words.count("minutes", 3 * step))]
        for part, colour, bound in zip(SIDES, palette.amounts, bounds, strict=True):
            items.append((partial(_square, side=12 * part, fill=colour), bound))
    if today:
        items.append((partial(_today, palette=palette), words.say("common", "unfinished")))
    return items


def _square(drawing: Drawing, x: float, y: float, *, side: float, fill: str) -> None:
    drawing.rect(x - side / 2, y - side / 2, side, side, fill=fill)


def _today(drawing: Drawing, x: float, y: float, *, palette: Palette) -> None:
    _ring(drawing, palette, (x - 5, y - 5), 10)
