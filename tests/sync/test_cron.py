"""Cron expressions strike by a venue's clock, through its changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.cron import CronRefused, parse

PARIS = ZoneInfo("Europe/Paris")
UTC_ZONE = ZoneInfo("UTC")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def strikes(expression: str, zone: ZoneInfo, start: str, count: int) -> list[str]:
    """The next strikes, as UTC texts."""
    instant, found = utc(start), []
    for _ in range(count):
        instant = parse(expression).after(instant, zone)
        assert instant.tzinfo is UTC
        found.append(f"{instant:%m-%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        ("30 4 * * *", "2026-06-01 00:00", ["06-01 02:30", "06-02 02:30"]),
        ("30 4 * * *", "2026-06-01 02:30", ["06-02 02:30", "06-03 02:30"]),
        ("0 6 * * 1-5", "2026-06-05 12:00", ["06-08 04:00", "06-09 04:00"]),
        ("0 6 * * 0", "2026-06-05 12:00", ["06-07 04:00", "06-14 04:00"]),
        ("0 6 * * 7", "2026-06-05 12:00", ["06-07 04:00", "06-14 04:00"]),
        ("*/20 9 * * *", "2026-06-05 06:50", ["06-05 07:00", "06-05 07:20", "06-05 07:40", "06-06 07:00"]),
        ("5,50 22-23/1 1 1 *", "2026-06-05 00:00", ["01-01 21:05", "01-01 21:50", "01-01 22:05"]),
        ("0 12 13 * 5", "2026-11-12 00:00", ["11-13 11:00", "11-20 11:00", "11-27 11:00", "12-04 11:00"]),
        ("0 12 */2 * 5", "2026-11-12 00:00", ["11-13 11:00", "11-27 11:00"]),
        ("0 0 29 2 *", "2097-01-01 00:00", ["02-28 23:00"]),
        ("10/25 * * * *", "2026-06-01 00:00", ["06-01 00:10", "06-01 00:35", "06-01 01:10"]),
    ],
)
def test_the_next_strikes(expression: str, start: str, expected: list[str]) -> None:
    """Ranges, lists, steps, Sunday by both its numbers, either kind of day, the rare 29 February."""
    assert expected == strikes(expression, PARIS, start, len(expected))


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        # 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
        ("30 2 * * *", "2026-03-28 00:00", ["03-28 01:30", "03-29 01:00", "03-30 00:30"]),
        ("*/30 2 * * *", "2026-03-28 12:00", ["03-29 01:00", "03-30 00:00", "03-30 00:30"]),
        ("30 * * * *", "2026-03-28 23:45", ["03-29 00:30", "03-29 01:30", "03-29 02:30"]),
        # 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
        ("30 2 * * *", "2026-10-24 00:00", ["10-24 00:30", "10-25 00:30", "10-26 01:30"]),
        ("30 * * * *", "2026-10-24 23:45", ["10-25 00:30", "10-25 01:30", "10-25 02:30"]),
        ("0 3 * * *", "2026-10-24 12:00", ["10-25 02:00", "10-26 02:00"]),
    ],
)
def test_a_change_of_the_clock_loses_no_night_and_doubles_none(
    expression: str, start: str, expected: list[str]
) -> None:
    """A time that is left out strikes when the jump is over, one that comes twice strikes once; hourly is hourly."""
    assert expected == strikes(expression, PARIS, start, len(expected))


def test_a_venue_s_own_clock_is_meant() -> None:
    """Four in the morning in Saint-Denis de La Réunion, in Cayenne, and half an hour's jump on Lord Howe."""
    assert strikes("0 4 * * *", ZoneInfo("Indian/Reunion"), "2026-06-01 00:30", 1) == ["06-02 00:00"]
    assert strikes("0 4 * * *", ZoneInfo("America/Cayenne"), "2026-06-01 00:30", 1) == ["06-01 07:00"]
    # 4 October 2026, 02:00 becomes 02:30 at 15:30 UTC of the day before.
    assert strikes("10 2 * * *", ZoneInfo("Australia/Lord_Howe"), "2026-10-03 12:00", 1) == ["10-03 15:30"]


FIELD = st.sampled_from(["*", "*/7", "0", "3,17", "10-20/5", "5"])


@given(
    minute=FIELD,
    hour=st.sampled_from(["*", "2", "1-3", "*/5", "23"]),
    weekday=st.sampled_from(["*", "0", "1-5", "6,7"]),
    start=st.integers(0, 365 * 24 * 3600),
)
@settings(max_examples=150, deadline=None)
def test_it_strikes_where_walking_minute_by_minute_does(minute: str, hour: str, weekday: str, start: int) -> None:
    """Against the slow and plain way, in a zone without jumps."""
    cron = parse(f"{minute} {hour} * * {weekday}")
    begin = utc("2026-01-01") + timedelta(seconds=start)
    walking = begin.replace(second=0, microsecond=0)
    while True:
        walking += timedelta(minutes=1)
        if (
            walking > begin
            and walking.minute in cron.minutes
            and walking.hour in cron.hours
            and walking.isoweekday() % 7 in cron.weekdays
        ):
            break
    assert walking == cron.after(begin, UTC_ZONE)


@given(start=st.integers(0, 218 * 24 * 3600), minute=st.integers(0, 59))
@settings(max_examples=150, deadline=None)
def test_every_day_has_one_strike_of_a_daily_expression(start: int, minute: int) -> None:
    """Wherever one looks from, the next strike is on the day of the venue it should be, at most 25 h away."""
    begin = utc("2026-03-27") + timedelta(seconds=start)
    cron = parse(f"{minute} 2 * * *")
    first = cron.after(begin, PARIS)
    second = cron.after(first, PARIS)
    assert timedelta(0) < first - begin <= timedelta(hours=25)
    assert second.astimezone(PARIS).date() - first.astimezone(PARIS).date() == timedelta(days=1)


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *", "*/0 * * * *",
     "a * * * *", "1,,2 * * * *", "0 0 31 2 *", "-1 * * * *", "٣ * * * *", "@daily"],
)  # fmt: skip
def test_what_cannot_strike_is_refused(expression: str) -> None:
    """Too few fields, out of range, unreadable, or of no day at all."""
    with pytest.raises(CronRefused):
        parse(expression)
