"""Pure: time zones, calendar days, and the instants between which the sessions of a day lie."""

import re
from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

# The names come from the pinned tzdata package, so that every host accepts the same names. Their rules
# come from the host where it has them.
ZONE_NAMES = frozenset(files("tzdata").joinpath("zones").read_text().split())
_FIXED_OFFSET = re.compile(r"UTC([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_ANY_OFFSET = re.compile(r"(?:UTC|GMT)?([+-](?:[01][0-9]|2[0-3]):[0-5][0-9])", re.IGNORECASE)
_UNKNOWN = "Etc/Unknown"  # what `Intl` says where it does not know the zone
_BY_LOWER_CASE = {name.lower(): name for name in ZONE_NAMES}

# The calendar day of a session differs from its UTC day by one at most, whatever its offset.
ONE_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_LARGEST_OFFSET = 24 * 60 - 1  # minutes
DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
FIRST_DAY = date(1999, 1, 1)  # before the first day that a session can have
_LAST_DAY = date(9000, 1, 1)  # after the last one


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """Return the zone of an IANA name or of `UTC±HH:MM`. Raises ValueError for other names."""
    if name in ZONE_NAMES:
        return ZoneInfo(name)
    match = _FIXED_OFFSET.fullmatch(name)
    if not match:
        raise ValueError(f"unknown time zone: {name!r}")
    sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(offset if sign == "+" else -offset)


@lru_cache(maxsize=1024)
def zone_name(given: str) -> str | None:
    """Return the name under which a zone is kept, None where a client says that it does not know its zone.

    Names are taken in any case, `GMT±HH:MM` and `±HH:MM` for `UTC±HH:MM`. Raises ValueError for other names.
    """
    if given in ZONE_NAMES:
        return given
    if match := _ANY_OFFSET.fullmatch(given):
        return "UTC" if match[1][1:] == "00:00" else f"UTC{match[1]}"
    if given.lower() == _UNKNOWN.lower():
        return None
    try:
        return _BY_LOWER_CASE[given.lower()]
    except KeyError:
        raise ValueError(f"unknown time zone: {given!r}") from None


def offset_name(instant: datetime) -> str:
    """Return the name of an aware datetime's offset: `UTC+02:00`, or `UTC` for zero."""
    offset = instant.utcoffset() or timedelta()
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def day_of(instant: datetime, zone_name: str, day_starts_at: int | None = None) -> date:
    """Return the calendar day of an instant in a zone; before the hour `day_starts_at`, the day before.

    It stays within a day of the UTC day, as a database constraint has it: 18 hours and more behind UTC, where
    nobody lives, a day starts at midnight if need be.
    """
    local = instant.astimezone(zone(zone_name))
    if not day_starts_at or local.hour >= day_starts_at:
        return local.date()
    return max(local.date(), instant.astimezone(UTC).date()) - ONE_DAY


def hour_of(instant: datetime, zone_name: str) -> int:
    """Return the hour that `day_of` compares with `day_starts_at`; 24 where no start changes the day."""
    local = instant.astimezone(zone(zone_name))
    return 24 if instant.astimezone(UTC).date() > local.date() else local.hour


def first_moment(day: date, zone_name: str, day_starts_at: int | None = None) -> datetime:
    """Return when a day starts; where the clocks skip that hour, the instant of the change."""
    hour, furthest = day_starts_at or 0, timedelta(hours=24)
    wanted = datetime.combine(day, time(hour))
    start = wanted.replace(tzinfo=zone(zone_name)).astimezone(UTC)
    if wall_clock(start, zone_name) == wanted:
        return start
    # Skipped: the clocks were put forward at most a day before, on a whole minute.
    first = start - furthest
    began = bisect_left(
        range(furthest // _MINUTE),
        day,
        key=lambda minutes: day_of(first + minutes * _MINUTE, zone_name, hour),
    )
    return first + began * _MINUTE


def end_of_today(now: datetime, zone_name: str, day_starts_at: int | None = None) -> datetime:
    """Return until when today is sure to be today; where the clocks change before, that is now."""
    end, offset = _end_of_day(day_of(now, zone_name, day_starts_at), zone_name, day_starts_at)
    return end if now.astimezone(zone(zone_name)).utcoffset() == offset else now


@lru_cache(maxsize=1024)
def _end_of_day(
    day: date, zone_name: str, day_starts_at: int | None
) -> tuple[datetime, timedelta | None]:
    """Return when a day ends, and the zone's offset then."""
    end = first_moment(day + ONE_DAY, zone_name, day_starts_at)
    return end, end.astimezone(zone(zone_name)).utcoffset()


def todays(now: datetime) -> list[date]:
    """Return all days that are today for some learner: offsets reach to 23:59, and days may start at 6:00."""
    last = (now.astimezone(UTC) + timedelta(hours=23, minutes=59)).date()
    first = now.astimezone(UTC).date() - ONE_DAY
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def zones_from_hour(now: datetime, hour: int) -> dict[str, date]:
    """Return the zones in which it is this hour or later, before midnight, each with its date."""
    minutes = range(-_LARGEST_OFFSET, _LARGEST_OFFSET + 1)
    fixed = (now.astimezone(timezone(number * _MINUTE)) for number in minutes)
    there = {offset_name(local): local for local in fixed}
    there |= {name: wall_clock(now, name) for name in ZONE_NAMES}
    return {name: local.date() for name, local in there.items() if local.hour >= hour}


def wall_clock(instant: datetime, zone_name: str) -> datetime:
    """Return the local time of an instant in a zone, as a naive datetime."""
    return instant.astimezone(zone(zone_name)).replace(tzinfo=None)


def stamp(instant: datetime) -> str:
    """Return an instant as the API writes it: ISO 8601 in UTC, six decimals, `Z`."""
    return instant.astimezone(UTC).isoformat("T", "microseconds")[: -len("+00:00")] + "Z"


def midnight_utc(day: date) -> datetime:
    """Return the first instant of a day in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def earliest_instant(day: date) -> datetime:
    """Return the instant before which no session practised on or after `day` was completed."""
    return midnight_utc(max(day, FIRST_DAY) - ONE_DAY)


def latest_instant(day: date) -> datetime:
    """Return the instant from which on no session practised on or before `day` was completed."""
    return midnight_utc(min(day, _LAST_DAY) + 2 * ONE_DAY)


def bounds(first: date, last: date) -> dict[str, date]:
    """Return the parameters of a statement on the days from `first` to `last`: days, and instants around."""
    instants = {"since": earliest_instant(first), "until": latest_instant(last)}
    return {"first_day": first, "last_day": last, **instants}
