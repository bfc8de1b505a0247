"""A learner's charts: what other capabilities answer, drawn."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from vorex_sessions.charts import rhythm
from vorex_sessions.charts.chart import Chart, Options
from vorex_sessions.progress.rhythm import rhythm as ask_rhythm

Draw = Callable[[Mapping[str, Any], Options], Chart]
Ask = Callable[[str, Options, datetime], Mapping[str, Any]]


def make_chart(kind: str, learner_id: str, options: Options, *, now: datetime) -> Chart:
    """A chart of a learner's practice. Raises as the services do that it asks."""
    ask, draw = _KINDS[kind]
    return draw(ask(learner_id, options, now), options)


def _rhythm(learner_id: str, options: Options, now: datetime) -> Mapping[str, Any]:
    return ask_rhythm(
        learner_id,
        period=options.period,
        zone_name=options.zone_name,
        language=options.language,
        now=now,
    )


_KINDS: dict[str, tuple[Ask, Draw]] = {"rhythm": (_rhythm, rhythm.draw)}
