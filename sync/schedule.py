"""When a source is read next: by its cron expression in its venue's zone, or so long after the last reading.

Sources of one schedule are spread by a jitter that depends on the source alone: it neither drifts nor changes
between machines.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.cron import parse

HOME_ZONE = "Europe/Paris"
"""The clock of sources that no venue is bound to."""
SHARE = 25
"""An interval is shortened by up to a twenty-fifth of it, a cron time postponed by up to that of its interval."""
MOST_JITTER = timedelta(minutes=30)
FIRST_BACK_OFF = timedelta(minutes=1)
LONGEST_BACK_OFF = timedelta(hours=1)
LONGEST_RETRY_AFTER = timedelta(days=1)
"""A provider may ask us to wait so long, and no longer."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one source is read. `cron` wins over the interval."""

    source_id: int
    every: timedelta
    cron: str | None = None
    zone: str = HOME_ZONE

    def after(self, instant: datetime) -> datetime:
        """The next time, in UTC."""
        if self.cron is None:
            return instant + self.every - self._jitter(self.every)
        cron, zone = parse(self.cron), ZoneInfo(self.zone)
        # What strikes now was postponed: the strike after the one just served is meant.
        strike = cron.after(instant, zone)
        return strike + self._jitter(cron.after(strike, zone) - strike)

    def after_failures(self, instant: datetime, failures: int, retry_after: float | None = None) -> datetime:
        """When to ask again a provider that was unavailable so often: 1, 2, 4… minutes, or when it said.

        Never later than the schedule says, unless the provider asks for it.
        """
        wait: timedelta = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * (1 << min(failures - 1, 20)))
        wait += wait * fraction(f"{self.source_id}:{failures}") / 2
        again = min(instant + wait, self.after(instant))
        if retry_after is None:
            return again
        return max(again, instant + min(timedelta(seconds=retry_after), LONGEST_RETRY_AFTER))

    def _jitter(self, interval: timedelta) -> timedelta:
        return min(interval / SHARE, MOST_JITTER) * fraction(str(self.source_id))


def fraction(text: str) -> float:
    """A number from 0 up to 1, always the same for a text, evenly spread over texts."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest()) / 2**48
