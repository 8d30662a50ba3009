"""What a cinema's software knows: films, showtimes, their prices and seats.

Showtimes fill the next three weeks, three a day and a screen, in the local time of the cinema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.clock import draw, local
from sandbox.facts.reading import Film, Place

DAYS = 21
_HOURS = ("14:00", "17:15", "20:45")
CREDIT = "external:credit:passculture"


@dataclass(frozen=True, slots=True)
class Screen:
    """A hall. `ice` is a premium hall."""

    number: int
    name: str
    capacity: int
    ice: bool


@dataclass(slots=True)
class Pricing:
    """One price of one showtime, sold by its own id."""

    id: int
    code: str
    title: str
    amount_cents: int
    payment: str


@dataclass(slots=True)
class Showtime:
    """One showing. `online` is the online gauge, never above `seats`; both are what remains."""

    id: int
    film: Film
    starts_at: datetime
    screen: Screen
    version: str
    three_d: bool
    seats: int
    online: int
    pricings: list[Pricing]
    attributes: list[int] = field(default_factory=list)

    @property
    def ends_at(self) -> datetime:
        """Ten minutes of trailers, then the film."""
        return self.starts_at + timedelta(minutes=10 + self.film.minutes)


@dataclass(slots=True)
class Programme:
    """One cinema's account: how to log in and what it shows. `showtimes` are by id."""

    place: Place
    username: str
    password: str
    station: str
    showtimes: dict[int, Showtime]
    system: str = "boost"
    """The software that the cinema runs: which of the simulated protocols it speaks."""

    def between(self, first: date, last: date) -> list[Showtime]:
        """Returns the showtimes of the local days `first` to `last`, both included, by start."""
        shown = [show for show in self.showtimes.values() if first <= show.starts_at.date() <= last]
        return sorted(shown, key=lambda show: (show.starts_at, show.id))

    def pricing(self, pricing_id: int) -> tuple[Showtime, Pricing] | None:
        """Returns whose price that is."""
        for show in self.showtimes.values():
            for pricing in show.pricings:
                if pricing.id == pricing_id:
                    return show, pricing
        return None


def programmed(place: Place, films: tuple[Film, ...], today: date, *, screens: int, system: str = "boost") -> Programme:
    """Returns three weeks of showings, a few of them sold out, one with two seats left."""
    programme = Programme(
        place=place,
        username=f"pass-{place.id}",
        password=f"mot-de-passe-{place.id}",
        station=f"passerelle-{place.id}",
        showtimes={},
        system=system,
    )
    halls = [
        Screen(number, f"SALLE {number}", 60 + draw(place.id, number) % 120, ice=number == 1)
        for number in range(1, screens + 1)
    ]
    first_id = 10_000 + draw("showtimes", place.id) % 50_000
    for offset in range(DAYS):
        for hall in halls:
            for hour in _HOURS:
                # Another film each day and hall, the same ones all cinemas together.
                film = films[(offset // 7 * 5 + hall.number * 3 + _HOURS.index(hour)) % len(films)]
                show_id = first_id + len(programme.showtimes)
                starts_at = local(today + timedelta(days=offset), hour, place.zone)
                programme.showtimes[show_id] = _showtime(show_id, film, starts_at, hall)
    tomorrow = today + timedelta(days=1)
    next(show for show in programme.between(tomorrow, tomorrow) if show.online > 2).online = 2
    return programme


def _showtime(show_id: int, film: Film, starts_at: datetime, hall: Screen) -> Showtime:
    chance = draw("show", show_id)
    sold = hall.capacity if chance % 17 == 0 else chance % (hall.capacity // 2)
    seats = hall.capacity - sold
    base = show_id * 10
    pricings = [Pricing(base, "PLE", "PLEIN TARIF", 1200 if hall.ice else 950, "cash_or_credit_card")]
    if hall.ice:
        pricings.append(Pricing(base + 2, "PC2", "PASS CULTURE ICE", 1200, CREDIT))
    else:
        pricings.append(Pricing(base + 1, "PCU", "PASS CULTURE", 690, CREDIT))
    return Showtime(
        id=show_id,
        film=film,
        starts_at=starts_at,
        screen=hall,
        version="VO" if chance % 3 == 0 else "VF",
        three_d=chance % 11 == 0,
        seats=seats,
        online=max(0, seats - 5),
        pricings=pricings,
        attributes=[24, 35] if hall.ice else [],
    )
