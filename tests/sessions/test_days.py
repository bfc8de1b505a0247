"""The learner's own calendar day, at its limits."""

import pytest

from tests.factories import Learner
from vorex_sessions.periods import ZONE_NAMES, zone

pytestmark = pytest.mark.one_and_several


@pytest.mark.parametrize(
    ("completed_at", "timezone", "day"),
    [
        # midnight, to the microsecond
        ("2026-03-01T22:59:59.999999Z", "Europe/Berlin", "2026-03-01"),
        ("2026-03-01T23:00:00Z", "Europe/Berlin", "2026-03-02"),
        # Berlin's clocks go forward at 02:00 on 2026-03-29 and back at 03:00 on 2025-10-26
        ("2026-03-28T22:59:59Z", "Europe/Berlin", "2026-03-28"),
        ("2026-03-28T23:00:00Z", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T21:59:59Z", "Europe/Berlin", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "Europe/Berlin", "2026-03-30"),
        ("2025-10-25T22:00:00Z", "Europe/Berlin", "2025-10-26"),
        ("2025-10-26T22:59:59Z", "Europe/Berlin", "2025-10-26"),
        ("2025-10-26T23:00:00Z", "Europe/Berlin", "2025-10-27"),
        # Cairo's clocks go forward at midnight: the day begins at 01:00
        ("2026-04-23T21:59:59Z", "Africa/Cairo", "2026-04-23"),
        ("2026-04-23T22:00:00Z", "Africa/Cairo", "2026-04-24"),
        # the easternmost and westernmost zones
        ("2026-03-01T10:00:00Z", "Pacific/Kiritimati", "2026-03-02"),
        ("2026-03-01T09:59:59Z", "Pacific/Kiritimati", "2026-03-01"),
        ("2026-03-01T11:59:59Z", "UTC-12:00", "2026-02-28"),
        ("2026-03-01T12:00:00Z", "Etc/GMT+12", "2026-03-01"),
        ("2026-03-01T10:00:00Z", "UTC+14:00", "2026-03-02"),
        # half hours and quarters; Lord Howe shifts by half an hour
        ("2026-03-01T18:14:59Z", "Asia/Kathmandu", "2026-03-01"),
        ("2026-03-01T18:15:00Z", "Asia/Kathmandu", "2026-03-02"),
        ("2026-06-30T13:30:00Z", "Australia/Lord_Howe", "2026-07-01"),
        ("2025-12-31T13:00:00Z", "Australia/Lord_Howe", "2026-01-01"),
        # fixed offsets count east with +, not as POSIX does
        ("2026-03-01T22:00:00Z", "UTC+02:00", "2026-03-02"),
        ("2026-03-01T01:59:59Z", "UTC-02:00", "2026-02-28"),
        # leap days
        ("2024-02-29T12:00:00Z", "UTC", "2024-02-29"),
        ("2024-02-28T23:30:00Z", "Europe/Berlin", "2024-02-29"),
        ("2024-03-01T01:00:00Z", "America/New_York", "2024-02-29"),
        # Samoa skipped 2011-12-30 altogether
        ("2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29"),
        ("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31"),
    ],
)
def test_a_session_counts_on_the_learners_own_day(
    learner: Learner, completed_at: str, timezone: str, day: str
) -> None:
    stored = learner.save(completed_at=completed_at, timezone=timezone)
    assert stored["practiced_on"] == day
    assert stored["timezone"] == timezone


@pytest.mark.parametrize(
    ("completed_at", "day"),
    [
        ("2026-03-01T23:59:59.999999+14:00", "2026-03-01"),
        ("2026-03-01T00:00:00-12:00", "2026-03-01"),
        ("2026-03-01T00:00:00+05:45", "2026-03-01"),
        ("2026-03-01T23:59:59Z", "2026-03-01"),
        ("2026-03-01T00:00:00+23:59", "2026-03-01"),
        ("2026-03-01T23:59:59-23:59", "2026-03-01"),
    ],
)
def test_without_a_zone_the_day_is_the_one_that_was_written(
    learner: Learner, completed_at: str, day: str
) -> None:
    assert learner.save(completed_at=completed_at)["practiced_on"] == day


def test_a_travellers_days_stay_where_they_were(learner: Learner) -> None:
    tokyo = learner.save(completed_at="2026-03-02T08:00:00+09:00", timezone="Asia/Tokyo")
    # The flight gains a day: a later session, dated earlier.
    honolulu = learner.save(completed_at="2026-03-01T20:00:00-10:00", timezone="Pacific/Honolulu")
    assert (tokyo["practiced_on"], honolulu["practiced_on"]) == ("2026-03-02", "2026-03-01")
    days = [session["practiced_on"] for session in learner.get("/history")["sessions"]]
    assert days == ["2026-03-01", "2026-03-02"]
    assert learner.get("/history", date_from="2026-03-02")["total"] == 1


def test_every_name_that_is_accepted_is_a_zone() -> None:
    assert len(ZONE_NAMES) > 500
    for name in ZONE_NAMES:
        assert zone(name)
    assert "localtime" not in ZONE_NAMES


@pytest.mark.parametrize("name", ["UTC+00:00", "UTC-00:00"])
def test_no_offset_is_called_utc(learner: Learner, name: str) -> None:
    assert learner.save(timezone=name)["timezone"] == "UTC"
