"""When a source is read next: spread, without drift, and ever later while it fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.schedule import Schedule

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_sources_of_one_schedule_are_spread_and_each_keeps_its_place() -> None:
    """A thousand sources of four in the morning fill half an hour; asked again, each says the same."""
    times = [Schedule(n, DAY, "0 4 * * *").after(NOON) for n in range(1000)]
    assert times == [Schedule(n, DAY, "0 4 * * *").after(NOON) for n in range(1000)]
    four = datetime(2026, 6, 2, 2, tzinfo=UTC)
    assert min(times) < four + timedelta(minutes=1)
    assert four + timedelta(minutes=29) < max(times) < four + timedelta(minutes=30)
    assert all(150 < sum(four + timedelta(minutes=n) <= t < four + timedelta(minutes=n + 6) for t in times) < 250
               for n in range(0, 30, 6))  # fmt: skip


def test_a_cron_time_served_late_is_not_served_twice() -> None:
    """From its postponed time on, the next one is the next day's, and the place in it is the same: no drift."""
    schedule = Schedule(7, DAY, "0 4 * * *", "Europe/Paris")
    first = schedule.after(NOON)
    assert schedule.after(first) - first == DAY
    assert schedule.after(first + timedelta(hours=3)) - first == DAY


def test_an_interval_is_kept_within_a_twenty_fifth() -> None:
    """Sooner rather than later, and not all at once."""
    waits = {Schedule(n, timedelta(hours=1)).after(NOON) - NOON for n in range(100)}
    assert len(waits) == 100
    assert timedelta(minutes=57) < min(waits) < max(waits) <= timedelta(hours=1)


def test_the_venue_s_clock_counts() -> None:
    """Four in the morning is another instant in La Réunion."""
    home, far = (Schedule(1, DAY, "0 4 * * *", zone).after(NOON) for zone in ("Europe/Paris", "Indian/Reunion"))
    assert home - far == timedelta(hours=2)


def test_failures_wait_ever_longer_but_not_beyond_the_schedule() -> None:
    """1, 2, 4… minutes and up to half as much again, an hour and a half at most, spread over sources."""
    for failures, minutes in ((1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (500, 60)):
        waits = [Schedule(n, DAY).after_failures(NOON, failures) - NOON for n in range(50)]
        assert timedelta(minutes=minutes) <= min(waits) < max(waits) < timedelta(minutes=1.5 * minutes)
    soon = Schedule(1, timedelta(minutes=10))
    assert soon.after_failures(NOON, 9) == soon.after(NOON)


def test_what_the_provider_asks_for_is_done_up_to_a_day() -> None:
    """Retry-After is waited for, however often the source is read; less than our own wait changes nothing."""
    often = Schedule(1, timedelta(minutes=10))
    assert often.after_failures(NOON, 1, 3600) == NOON + timedelta(hours=1)
    assert often.after_failures(NOON, 1, 1) == often.after_failures(NOON, 1)
    assert often.after_failures(NOON, 1, 1e9) == NOON + DAY
