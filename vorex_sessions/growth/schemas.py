"""Schemas of the endpoints of this capability, and of the members that it adds to the answer to a save."""

from vorex_sessions.growth.catalogue import CATALOGUE
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import Schema

KEYS = tuple(item.key for item in CATALOGUE)
TIERS = ("bronze", "silver", "gold")


class AchievementSchema(Schema):
    """An achievement, and the learner's progress."""

    key = answer_fields.text("Its key, for programs; it never changes.", "streak_7")
    title = answer_fields.text("Its title, for learners.", "Full week")
    description = answer_fields.text("How to unlock it.", "Keep a streak of 7 days.")
    category = answer_fields.text("Its category.", "streaks")
    tier = answer_fields.text("Its difficulty.", "bronze", TIERS)
    threshold = answer_fields.number("The value that unlocks it.", 7)
    value = answer_fields.number("The learner's current value.", 3)
    progress = answer_fields.number(
        "The learner's progress, 0 to 1; 1 where it is unlocked.", 0.4286, 1
    )
    unlocked_at = answer_fields.instant(
        "When the session that unlocked it was completed; UTC. Null before.", allow_none=True
    )
    session_result_id = answer_fields.session_id(
        "The session that unlocked it; null while it is locked.", allow_none=True
    )


class StreakSchema(Schema):
    """How many days in a row the learner has practised, as of today."""

    current = answer_fields.whole("Days practised in the current streak; 0 if none.", 12)
    longest = answer_fields.whole("The longest streak ever.", 30)
    practiced_today = answer_fields.flag("Whether today counts already.")
    at_risk = answer_fields.flag("Whether the streak breaks tonight unless the learner practises.")
    ends_at = answer_fields.instant(
        "When the streak breaks without practice, freezes included; null if none.", allow_none=True
    )
    last_practiced_on = answer_fields.day("The last day that counts, or null.", allow_none=True)
    freezes = answer_fields.whole("How many more missed days the streak survives.", 1, 2)


_UNLOCKED = "The achievements that this session unlocked; a replay repeats them."
_STREAK = "The learner's current streak, in the time zone of the latest session."


class SaveExtrasSchema(Schema):
    """Added to the answer to a save."""

    achievements_unlocked = answer_fields.items(AchievementSchema, _UNLOCKED)
    streak = answer_fields.nested(StreakSchema, _STREAK)


class CorrectedExtrasSchema(Schema):
    """Added to the answer to a PATCH."""

    achievements_unlocked = answer_fields.items(
        AchievementSchema, "The achievements that this correction unlocked."
    )


class ItemExtrasSchema(Schema):
    """Added to an item of a saved batch; absent where the item was rejected."""

    achievements_unlocked = answer_fields.items(AchievementSchema, _UNLOCKED, required=False)
    streak = answer_fields.nested(StreakSchema, _STREAK, required=False)


class UnlockedSchema(Schema):
    """An achievement that the learner has unlocked, as the export shows it."""

    achievement = answer_fields.text("Its key.", "first_session")
    unlocked_at = answer_fields.instant("When its session was completed.")
    session_result_id = answer_fields.session_id("The session that unlocked it.")


class KeptUnlockSchema(Schema):
    """An achievement that the learner had unlocked, as an import takes it back."""

    achievement = body_fields.Choice(
        KEYS, required=True, description="Its key.", example="first_session"
    )
    unlocked_at = body_fields.Instant(
        required=True,
        description="When its session was completed.",
        example=answer_fields.STAMP,
    )
    session_result_id = body_fields.Id(
        required=True,
        description="The session that unlocked it; it may have been deleted since.",
        example=answer_fields.SESSION_ID,
    )


class WordRowSchema(Schema):
    """A word that the learner met, as the export shows it."""

    language = answer_fields.language("Its language.")
    word = answer_fields.text("The word.", "reservation")
    times_seen = answer_fields.whole("How many sessions named it.", 6)
    first_seen = answer_fields.instant("When the first of these sessions was completed.")
    last_seen = answer_fields.instant("When the last of these sessions was completed.")


class TotalsRowSchema(Schema):
    """The totals of all sessions, as the export shows them."""

    sessions = answer_fields.whole("Sessions.", 57)
    conversations = answer_fields.whole("Sessions of the type conversation.", 40)
    pronunciations = answer_fields.whole("Sessions of the type pronunciation.", 10)
    roleplays = answer_fields.whole("Sessions of the type roleplay.", 7)
    seconds = answer_fields.whole("Time practised, in seconds.", 17100)
    words_spoken = answer_fields.whole("Words spoken.", 6840)
    distinct_words = answer_fields.whole("Different words met, each of its language.", 120)
    best_pronunciation = answer_fields.number("The best pronunciation score; 0 without one.", 91.5)
    best_fluency = answer_fields.number("The best fluency score; 0 without one.", 88.0)
    best_grammar = answer_fields.number("The best grammar score; 0 without one.", 85.0)
    longest_break = answer_fields.whole("The longest break between two days of practice, days.", 9)
    last_day = answer_fields.day("The last day with a session.", allow_none=True)
    last_day_seconds = answer_fields.whole("Time practised on that day, in seconds.", 300)
    days = answer_fields.whole("Days that count for the streak.", 31)
    counted_on = answer_fields.day("The last of these days.", allow_none=True)
    current_streak = answer_fields.whole("The streak as of that day.", 12)
    longest_streak = answer_fields.whole("The longest streak ever.", 30)
    freezes = answer_fields.whole("Freezes left as of that day.", 1)
    goal_days = answer_fields.whole("Days on which the daily goal was reached.", 24)
    goal_weeks = answer_fields.whole("Weeks in which the weekly goal was reached.", 3)
    goal_week_on = answer_fields.day("The first day of the last of these weeks.", allow_none=True)
    recent_days = answer_fields.whole(
        "Which of the last 7 days up to the last day that counts count, as bits.", 5, 127
    )
    latest_at = answer_fields.instant("When the latest session was completed.", allow_none=True)
    latest_id = answer_fields.session_id("The latest session.", allow_none=True)
    timezone = answer_fields.text("Its time zone.", "Europe/Berlin", allow_none=True)
    languages = answer_fields.texts("The languages practised, by name.", "pt-BR")


class StreakQuerySchema(Schema):
    """The time zone, the language and the daily goal."""

    zone_name = query_fields.zone()
    language = query_fields.language("days")
    goal_minutes = query_fields.Whole(
        1,
        1440,
        load_default=None,
        description="A goal in minutes a day, instead of the one in the preferences.",
        example=10,
    )


class CalendarDaySchema(Schema):
    """A day of the calendar."""

    date = answer_fields.day("The calendar day.")
    minutes = answer_fields.minutes()
    practiced = answer_fields.flag("Whether the day counts.", True)
    frozen = answer_fields.flag(
        "Whether the day was missed, and a freeze covers it in the current streak."
    )
    rest = answer_fields.flag("Whether it was a rest day.")
    paused = answer_fields.flag("Whether it was within a pause.")


class WeekSchema(Schema):
    """The learner's week up to today."""

    starts_on = answer_fields.day("Its first day.")
    days_practiced = answer_fields.whole("Days of it that count.", 3)
    goal_days = answer_fields.whole(
        "The goal in days a week; null without one.", 5, 7, least=1, allow_none=True
    )
    goal_reached = answer_fields.flag("Whether these days reach the goal; false without a goal.")
    minutes = answer_fields.minutes()


class StreakPageSchema(StreakSchema):
    """The streak, today and this week with their goals, and the last 28 days."""

    minutes_today = answer_fields.minutes("Time practised today, in minutes, 1 decimal.")
    seconds_today = answer_fields.whole("Time practised today, in seconds.", 750)
    goal_minutes = answer_fields.whole(
        "The goal in minutes a day, as requested or set; null without one.",
        10,
        1440,
        least=1,
        allow_none=True,
    )
    goal_reached = answer_fields.flag("Whether these seconds reach the goal; false without a goal.")
    week = answer_fields.nested(WeekSchema, "The learner's week up to today.")
    calendar = answer_fields.items(
        CalendarDaySchema,
        "The last 28 days, newest first. Before them come later days with a traveller's sessions.",
    )


class AchievementsSchema(Schema):
    """All achievements."""

    achievements = answer_fields.items(AchievementSchema, "All achievements, in catalogue order.")
    unlocked = answer_fields.whole("How many achievements are unlocked.", 9)
    total = answer_fields.whole("How many achievements there are.", 43)
