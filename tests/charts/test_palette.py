"""Every colour of a chart against every background that its theme may stand on."""

from itertools import pairwise, product

import pytest

from vorex_sessions.charts.palette import PALETTES, Palette

MARK, TEXT = 3.0, 4.5  # WCAG 2.2, 1.4.11 and 1.4.3


def linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def rgb(colour: str) -> list[float]:
    return [linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5)]


def luminance(colour: str) -> float:
    red, green, blue = rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_marks_and_texts_stand_out_from_their_backgrounds(palette: Palette) -> None:
    for background, mark in product(palette.backgrounds, (*palette.amounts, palette.today)):
        assert contrast(mark, background) >= MARK, (mark, background)
    for background, text in product(palette.backgrounds, (palette.ink, palette.quiet)):
        assert contrast(text, background) >= TEXT, (text, background)
    for amount in palette.amounts[2:]:  # those that texts and ticks stand on
        assert contrast(palette.on_mark, amount) >= TEXT


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
def test_amounts_grow_steadily_also_for_who_sees_no_colours(palette: Palette) -> None:
    away = [contrast(amount, palette.backgrounds[1]) for amount in palette.amounts]
    assert all(after / before > 1.3 for before, after in pairwise(away))


# Machado, Oliveira & Fernandes (2009), severity 1: what is seen without red, green or blue cones.
_BLINDNESS = {
    "red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("blindness", _BLINDNESS.values(), ids=_BLINDNESS)
def test_today_is_no_amount_for_the_colour_blind_either(palette: Palette, blindness: tuple) -> None:
    def seen(colour: str) -> list[float]:
        parts = rgb(colour)
        return [
            sum(factor * part for factor, part in zip(row, parts, strict=True)) for row in blindness
        ]

    for amount in palette.amounts:
        pairs = zip(seen(palette.today), seen(amount), strict=True)
        assert sum((one - other) ** 2 for one, other in pairs) ** 0.5 > 0.15
