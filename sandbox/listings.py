"""What an agenda knows: events of many places, among them the theatres' shows, told in other words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.clock import draw, local, seeded_at
from sandbox.facts.reading import Place
from sandbox.season import Season

KEY = "cle-bac-a-sable"
AGENDA_UID = 48_353_001
SCHEDULED, CANCELLED = 1, 6
ON_SITE, ONLINE = 1, 2

_NAMES = {
    "tgp": "Théâtre Gérard-Philipe, centre dramatique national de Saint-Denis",
    "quartz": "Le Quartz, scène nationale de Brest",
    "domaine": "Domaine d'O - Montpellier",
}
_LOCAL_EVENTS = (
    # place, title, keyword, first day, days, opening, minutes
    ("fetes67", "Veillée de contes", "conte", 4, 1, "19:30", 90),
    ("fetes34", "Veillée de contes", "conte", 4, 1, "19:30", 90),
    ("fetes67", "Concert de l'harmonie municipale", "concert", 11, 1, "20:00", 105),
    ("fetes34", "Concert de l'harmonie municipale", "concert", 12, 1, "20:00", 105),
    ("fetes67", "Bal folk", "danse", 18, 1, "21:00", 180),
    ("fetes34", "Marionnettes au village", "marionnettes", 9, 2, "15:00", 50),
    ("camp", "Nuit du conte amazonien", "conte", 3, 2, "21:30", 120),
    ("camp", "Aléké et kaseko : concert", "concert", 8, 2, "21:30", 120),
    ("camp", "Cinéma sous les étoiles : Orfeu Negro", "cinéma", 10, 1, "21:00", 105),
    ("camp", "Visite guidée du camp", "visite", 1, 18, "09:30", 90),
    ("franconie", "Papillons et oiseaux de Guyane", "exposition", 0, 60, "09:00", 300),
    ("franconie", "Nocturne au musée", "exposition", 5, 3, "22:00", 90),
    ("mamcs", "Gustave Doré, dessins", "exposition", 0, 75, "10:00", 480),
    ("mamcs", "Atelier de gravure", "atelier", 6, 3, "14:00", 150),
    ("quimper", "Max Jacob et ses amis", "exposition", 0, 90, "09:30", 480),
    ("quimper", "Conférence : l'école de Pont-Aven", "conférence", 7, 1, "18:00", 90),
    ("fabre", "Frédéric Bazille, la lumière du Midi", "exposition", 0, 120, "10:00", 480),
    ("fabre", "Dessiner au musée", "atelier", 2, 6, "14:30", 120),
    ("mc93", "Requiem de Mozart", "concert", 5, 2, "20:30", 75),
    ("mc93", "Le Sacre du printemps", "danse", 13, 4, "20:00", 60),
    ("mc93", "Rencontre autour d'Aimé Césaire", "rencontre", 15, 1, "18:30", 90),
    ("cornouaille", "Fest-noz d'automne", "danse", 10, 1, "21:00", 240),
    ("cornouaille", "Carnets de Bretagne : chants de marins", "concert", 14, 2, "20:00", 90),
    ("cornouaille", "L'Avare", "théâtre", 16, 2, "20:00", 120),
    ("mamcs", "Les Nuits de décembre : lectures", "lecture", -9, 1, "19:00", 60),
    ("fabre", "Concert de midi", "concert", -6, 1, "12:15", 45),
    ("mc93", "Antigone", "théâtre", -12, 3, "20:00", 100),
)


@dataclass(slots=True)
class Location:
    """Where an event takes place, as the agenda writes it."""

    uid: int
    name: str
    place: Place


@dataclass(slots=True)
class Listing:
    """One event of the agenda. `timings` are (begin, end); `removed` leaves only its number behind."""

    uid: int
    title: dict[str, str]
    description: dict[str, str]
    keywords: list[str]
    location: Location | None
    zone: str
    timings: list[tuple[datetime, datetime]]
    updated_at: datetime
    status: int = SCHEDULED
    attendance_mode: int = ON_SITE
    link: str | None = None
    removed: bool = False


@dataclass(slots=True)
class Agenda:
    """One agenda, its events by number."""

    uid: int
    key: str
    listings: dict[int, Listing] = field(default_factory=dict)

    def titled(self, title: str) -> list[Listing]:
        """Returns the events still listed whose French title that is."""
        return [one for one in self.listings.values() if one.title.get("fr") == title and not one.removed]


def announced(places: Mapping[str, Place], seasons: Iterable[Season], today: date) -> Agenda:
    """Returns the agenda: the theatres' shows, what halls and museums do, and the odd ones every agenda has."""
    agenda = Agenda(AGENDA_UID, KEY)
    for season in seasons:
        location = _location(season.place)
        for show in season.shows:
            timings = [(timing.starts_at, timing.ends_at) for timing in show.timings if not timing.naive]
            if show.author and timings:
                told = _told(show.title, show.author, len(agenda.listings))
                _add(agenda, today, told, "théâtre", location, season.place.zone, timings)
    for place_id, title, keyword, first, days, opening, minutes in _LOCAL_EVENTS:
        place = places[place_id]
        begins = [local(today + timedelta(days=first + day), opening, place.zone) for day in range(days)]
        timings = [(begin, begin + timedelta(minutes=minutes)) for begin in begins]
        _add(agenda, today, title, keyword, _location(place), place.zone, timings)
    _add_odd_ones(agenda, places, today)
    return agenda


def _add_odd_ones(agenda: Agenda, places: Mapping[str, Place], today: date) -> None:
    begin = local(today + timedelta(days=9), "18:30", "Europe/Paris")
    timings = [(begin, begin + timedelta(hours=1))]
    online = _add(agenda, today, "Lecture en ligne", "lecture", None, "Europe/Paris", timings)
    online.attendance_mode, online.link = ONLINE, "https://exemple.fr/lecture-en-ligne"
    hall = _location(places["mc93"])
    cancelled = _add(agenda, today, "Concert annulé du mardi", "concert", hall, "Europe/Paris", timings)
    cancelled.status = CANCELLED
    foreign = _add(agenda, today, "", "concert", _location(places["mamcs"]), "Europe/Paris", timings)
    foreign.title, foreign.description = {"de": "Kammermusik im Museum"}, {"de": "Kammermusik im Museum."}


def _add(
    agenda: Agenda,
    today: date,
    title: str,
    keyword: str,
    location: Location | None,
    zone: str,
    timings: list[tuple[datetime, datetime]],
) -> Listing:
    uid = 10_000_000 + draw("listing", len(agenda.listings), title) % 80_000_000
    where = f" à {location.place.city}" if location else " en ligne"
    listing = Listing(
        uid=uid,
        title={"fr": title},
        description={"fr": f"{title}{where}."},
        keywords=[keyword],
        location=location,
        zone=zone,
        timings=timings,
        updated_at=seeded_at(today, "listing", uid),
    )
    agenda.listings[uid] = listing
    return listing


def _location(place: Place) -> Location:
    return Location(1_000_000 + draw("location", place.id) % 9_000_000, _NAMES.get(place.id, place.name), place)


def _told(title: str, author: str, number: int) -> str:
    """The same show as a town's web page writes it: in capitals, with its author, with a genre before."""
    return (title.upper(), f"{title}, de {author}", f"Théâtre : {title}", f"{title} - {author}")[number % 4]
