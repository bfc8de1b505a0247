"""For each wording the facts that its rule finds, by unit."""

from vorex_sessions.insights.facts import Fact

UNITS: dict[str, dict[str, str]] = {
    "streak_risk": {"days": "days"},
    "streak_risk_more": {"days": "days"},
    "away": {"last": "date", "days": "days"},
    "weekly_goal": {"missing": "days", "goal": "days"},
    "daily_goal": {"missing": "minutes", "goal": "minutes"},
    "come_back": {"gap": "days", "days": "days"},
    "first_week": {"sessions": "sessions", "time": "seconds"},
    "words_due": {"words": "words"},
    "trend_down": {"score": "score", "change": "points", "days": "days"},
    "trend_up": {"score": "score", "change": "points", "days": "days"},
    "trend_down_of": {"score": "score", "language": "language", "change": "points", "days": "days"},
    "trend_up_of": {"score": "score", "language": "language", "change": "points", "days": "days"},
    "word_slipping": {"word": "text", "recall": "share", "seen": "sessions"},
    "neglected_language": {"language": "language", "days": "days"},
    "next_skill": {"skill": "text", "mastery": "share", "results": "results"},
    "plateau": {"score": "score", "days": "days"},
    "plateau_of": {"score": "score", "language": "language", "days": "days"},
    "more_practice_week": {"now": "seconds", "before": "seconds"},
    "more_practice_month": {"now": "seconds", "before": "seconds"},
    "steady": {"days": "days", "span": "days"},
    "less_practice_week": {"now": "seconds", "before": "seconds"},
    "less_practice_month": {"now": "seconds", "before": "seconds"},
    "usual_hours": {"count": "sessions", "total": "sessions", "start": "hour", "end": "hour"},
    "usual_hours_all": {"total": "sessions", "start": "hour", "end": "hour"},
}
_VALUES = {
    "date": "2026-03-12",
    "text": "reservation",
    "share": 0.6249,
    "language": "pt-BR",
    "score": "fluency",
    "hour": 18,
}
COUNTED = {"days", "minutes", "sessions", "words", "results", "points", "seconds"}


def facts(template: str, **numbers: float) -> list[Fact]:
    """Facts of a wording, with these numbers."""
    return [
        Fact(name, numbers[name] if unit in COUNTED else _VALUES[unit], unit, "all", None, "")
        for name, unit in UNITS[template].items()
    ]
