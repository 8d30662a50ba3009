"""What a theatre's ticketing knows: shows, their performances, and how many places at which price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sandbox.clock import draw, local, seeded_at
from sandbox.facts.reading import Place, Play
from sandbox.till import Row

SHOWS_A_THEATRE = 6
_PRICES = (Decimal(9), Decimal(14), Decimal("24.5"))


@dataclass(slots=True)
class Timing:
    """One performance. `naive` tells the ticketing's fault of writing it without an offset."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    naive: bool = False


@dataclass(slots=True)
class Show:
    """One run of a show."""

    uid: str
    title: str
    author: str
    category: str
    timings: list[Timing]
    updated_at: datetime


@dataclass(slots=True)
class Season:
    """One theatre. `shows` are by uid, `rows` by performance, then price."""

    place: Place
    token: str | None
    shows: list[Show]
    rows: list[Row]

    def rows_of(self, timing: Timing) -> list[Row]:
        """Returns the places on sale for a performance, cheapest first."""
        return [row for row in self.rows if row.ref == timing.uid]


def scheduled(place: Place, plays: tuple[Play, ...], today: date) -> Season:
    """Returns a run of a few evenings for each play, at two or three prices."""
    season = Season(place, f"billetterie-{place.siret}", [], [])
    for number, play in enumerate(plays):
        uid = f"{place.id}-{number + 1:03d}-{play.id}"
        # The first show opens tomorrow: somebody always plays within two days.
        opening = today + timedelta(days=1 + number * 3 + (draw(uid) % 2 if number else 0))
        timings: list[Timing] = []
        for evening in range(3 + draw("run", uid) % 3):
            day = opening + timedelta(days=evening)
            starts_at = local(day, "16:00" if day.weekday() == 6 else "20:00", place.zone)
            timings.append(Timing(f"{uid}-{evening + 1}", starts_at, starts_at + timedelta(minutes=play.minutes)))
        updated_at = seeded_at(today, "season", uid)
        season.shows.append(Show(uid, play.title, play.author, play.category, timings, updated_at))
        for timing in timings:
            for price in _PRICES[: 2 + draw("prices", timing.uid) % 2]:
                places = draw("places", timing.uid, price) % 90
                season.rows.append(Row(timing.uid, places, price, updated_at))
    season.rows.sort(key=lambda row: (row.ref, row.price))
    return season


def spoil(season: Season, today: date) -> None:
    """Adds what real ticketings get wrong: a category nobody knows, a performance without an offset."""
    starts_at = local(today + timedelta(days=6), "15:00", season.place.zone)
    ends_at = starts_at + timedelta(hours=1)
    updated_at = seeded_at(today, "spoiled", season.place.id)
    for uid, title, category, naive in (
        (f"{season.place.id}-900-enigmes", "Énigmes dans les coulisses", "escape_room", False),
        (f"{season.place.id}-901-lecture", "Lecture au foyer", "performing_arts", True),
    ):
        timing = Timing(f"{uid}-1", starts_at, ends_at, naive=naive)
        season.shows.append(Show(uid, title, "", category, [timing], updated_at))
