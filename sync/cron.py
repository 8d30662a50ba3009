"""When a cron expression strikes by a venue's clock, through changes of that clock.

Five fields (minute, hour, day of month, month, day of week), each `*`, a number, `a-b`, any of these with
`/step`, or a list of them. Days of the week count from Sunday, which is 0 and 7; where both kinds of day are
given, either is enough (crontab(5), Vixie). By a clock that jumps: a time that does not exist strikes when the
jump is over, a time that comes twice strikes the first time; but where the hour is `*` it strikes by the clock
as it goes, twice in the hour that comes twice and not at all in the one that is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FIELDS = (("minute", 0, 59), ("heure", 0, 23), ("jour", 1, 31), ("mois", 1, 12), ("jour de la semaine", 0, 7))
PART = re.compile(r"(?:\*|(?P<low>\d{1,2})(?:-(?P<high>\d{1,2}))?)(?:/(?P<step>\d{1,2}))?", re.ASCII)
DAYS = 8 * 366 + 1
"""A 29 February comes within eight years, whatever century begins between."""


class CronRefused(ValueError):
    """The expression cannot be read, or never strikes. The text is French and says which field."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression, read. Made by `parse`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Both kinds of day are given: one of them is enough."""
    by_the_hour: bool
    """The hour is `*`: it follows the clock as it goes."""

    def after(self, instant: datetime, zone: ZoneInfo) -> datetime:
        """The first strike later than `instant`, in UTC, by the clocks of `zone`."""
        first = instant.astimezone(zone).date()
        for n in range(DAYS):
            day = first + timedelta(days=n)
            if self._falls_on(day):
                strikes = [one for one in self._strikes(day, zone) if one > instant]
                if strikes:
                    return min(strikes)
        raise CronRefused("cette expression ne désigne aucun jour")

    def _falls_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        monthly, weekly = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return monthly or weekly if self.either_day else monthly and weekly

    def _strikes(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        for hour in self.hours:
            for minute in self.minutes:
                naive = datetime.combine(day, time(hour, minute))
                first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
                if first.astimezone(zone).replace(tzinfo=None) == naive:
                    yield first
                    if self.by_the_hour and second != first:
                        yield second
                elif not self.by_the_hour:
                    yield _end_of_gap(first, second, zone)


def parse(text: str) -> Cron:
    """The expression, read. Raises `CronRefused`."""
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise CronRefused(
            f"expression cron « {text[:60]} » : cinq champs sont attendus (minute heure jour mois semaine)"
        )
    minutes, hours, days, months, weekdays = (
        _values(field, *about) for field, about in zip(fields, FIELDS, strict=True)
    )
    cron = Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(day % 7 for day in weekdays),
        either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
        by_the_hour=fields[1] == "*",
    )
    cron.after(datetime(2024, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
    return cron


def _values(field: str, name: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        read = PART.fullmatch(part)
        if read is None:
            raise CronRefused(f"expression cron, {name} : « {part[:20]} » est illisible")
        low = least if read["low"] is None else int(read["low"])
        high = most if read["low"] is None else int(read["high"] or (most if read["step"] else low))
        step = int(read["step"] or 1)
        if not least <= low <= high <= most or step == 0:
            raise CronRefused(f"expression cron, {name} : « {part[:20]} » n'est pas entre {least} et {most}")
        found.update(range(low, high + 1, step))
    return found


def _end_of_gap(first: datetime, second: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the jump, between the two readings of a time that the clock leaves out (PEP 495)."""
    early, late = sorted((first, second))
    while late - early > timedelta(minutes=1):
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == early.astimezone(zone).utcoffset():
            early = middle
        else:
            late = middle
    return late.replace(second=0, microsecond=0)
