"""All achievements. A measure is a field or property of `Totals`.

A key never changes: an app shows its own picture for it, and an unlock refers to it.
"""

from typing import NamedTuple

BRONZE, SILVER, GOLD = TIERS = ("bronze", "silver", "gold")


class Achievement(NamedTuple):
    """An achievement, unlocked once `measure` is `threshold` or above."""

    key: str
    title: str
    description: str
    category: str
    tier: str
    measure: str
    threshold: float


def _all(category: str, measure: str, *rows: tuple[str, str, str, str, float]) -> list[Achievement]:
    return [
        Achievement(key, title, description, category, tier, measure, threshold)
        for key, title, description, tier, threshold in rows
    ]


# One row a line, as in a table.
# fmt: off
CATALOGUE: tuple[Achievement, ...] = (
    *_all("firsts", "sessions",
        ("first_session", "First step", "Finish your first session.", BRONZE, 1)),
    *_all("firsts", "conversations",
        ("first_conversation", "Breaking the ice", "Finish your first conversation.", BRONZE, 1)),
    *_all("firsts", "pronunciations",
        ("first_pronunciation", "Finding your voice", "Practise pronunciation once.", BRONZE, 1)),
    *_all("firsts", "roleplays",
        ("first_roleplay", "In character", "Finish your first roleplay.", BRONZE, 1)),
    *_all("variety", "types",
        ("all_types", "All-rounder", "Try conversation, pronunciation and roleplay.", SILVER, 3)),
    *_all("sessions", "sessions",
        ("sessions_10", "Warming up", "Finish 10 sessions.", BRONZE, 10),
        ("sessions_50", "Regular", "Finish 50 sessions.", SILVER, 50),
        ("sessions_100", "Centurion", "Finish 100 sessions.", SILVER, 100),
        ("sessions_500", "Devoted", "Finish 500 sessions.", GOLD, 500)),
    *_all("minutes", "minutes",
        ("minutes_60", "First hour", "Practise for 1 hour in all.", BRONZE, 60),
        ("minutes_600", "Ten hours", "Practise for 10 hours in all.", SILVER, 600),
        ("minutes_3000", "Fifty hours", "Practise for 50 hours in all.", GOLD, 3000),
        ("minutes_6000", "Hundred hours", "Practise for 100 hours in all.", GOLD, 6000)),
    *_all("words_spoken", "words_spoken",
        ("spoken_1000", "Talkative", "Speak 1,000 words.", BRONZE, 1_000),
        ("spoken_10000", "Storyteller", "Speak 10,000 words.", SILVER, 10_000),
        ("spoken_100000", "Novelist", "Speak 100,000 words.", GOLD, 100_000)),
    *_all("vocabulary", "distinct_words",
        ("words_25", "Collector", "Meet 25 different words.", BRONZE, 25),
        ("words_100", "Word hoard", "Meet 100 different words.", BRONZE, 100),
        ("words_500", "Walking glossary", "Meet 500 different words.", SILVER, 500),
        ("words_2000", "Walking dictionary", "Meet 2,000 different words.", GOLD, 2000)),
    *_all("streaks", "longest_streak",
        ("streak_3", "Three in a row", "Keep a streak of 3 days.", BRONZE, 3),
        ("streak_7", "Full week", "Keep a streak of 7 days.", BRONZE, 7),
        ("streak_30", "Full month", "Keep a streak of 30 days.", SILVER, 30),
        ("streak_100", "Hundred days", "Keep a streak of 100 days.", GOLD, 100),
        ("streak_365", "Around the sun", "Keep a streak of 365 days.", GOLD, 365)),
    *_all("days", "days",
        ("days_30", "Thirty days", "Practise on 30 days in all.", BRONZE, 30),
        ("days_180", "Half a year of days", "Practise on 180 days in all.", SILVER, 180)),
    *_all("scores", "best_score",
        ("score_80", "Strong showing", "Score 80 or more in anything.", BRONZE, 80),
        ("score_100", "Flawless", "Score the full 100 in anything.", GOLD, 100)),
    *_all("scores", "best_pronunciation",
        ("pronunciation_90", "Clear as a bell", "Score 90 or more in pronunciation.", SILVER, 90)),
    *_all("scores", "best_fluency",
        ("fluency_90", "In full flow", "Score 90 or more in fluency.", SILVER, 90)),
    *_all("scores", "best_grammar",
        ("grammar_90", "By the book", "Score 90 or more in grammar.", SILVER, 90)),
    *_all("languages", "language_count",
        ("languages_2", "Second language", "Practise 2 languages.", SILVER, 2),
        ("languages_3", "Polyglot", "Practise 3 languages.", GOLD, 3)),
    *_all("comeback", "longest_break",
        ("comeback_7", "Welcome back", "Come back after 7 days or more without practice.", BRONZE, 7),
        ("comeback_30", "Never too late", "Come back after 30 days or more without practice.", SILVER, 30))
)
# fmt: on
BY_KEY = {achievement.key: achievement for achievement in CATALOGUE}
MEASURES = frozenset(achievement.measure for achievement in CATALOGUE)
