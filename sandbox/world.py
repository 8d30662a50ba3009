"""Everything the simulated providers know. The same day always makes the same world; only `changes` alters
it.

It must be built before the clock's present: what it holds was last changed before the first minute of
`today`, so that an incremental read asked from then on tells later changes only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sandbox.box_office import BoxOffice
from sandbox.clock import Clock, seeded_at
from sandbox.facts.reading import Film, books, films, places, plays
from sandbox.faults import Faults
from sandbox.imprint import Imprint, catalogue
from sandbox.listings import Agenda, announced
from sandbox.programme import Programme, programmed
from sandbox.season import SHOWS_A_THEATRE, Season, scheduled, spoil
from sandbox.till import Quirk, Row, Till, cut_at_edge, stocked

_CINEMAS = {
    "star": ("boost", 3),
    "melies": ("boost", 3),
    "agora": ("boost", 2),
    "studios": ("cds", 2),
    "etoile": ("cgr", 2),
    "utopia": ("ems", 1),
    "odyssee": ("allocine", 1),
    "diagonal": ("vista", 1),
    "trianon": ("webedia", 1),
}
"""The software each cinema runs, and how many screens it has."""


@dataclass(slots=True)
class World:
    """Tills and seasons by SIRET, programmes and box offices by the cinema's id, faults by application."""

    today: date
    clock: Clock
    tills: dict[str, Till]
    imprint: Imprint
    programmes: dict[str, Programme]
    offices: dict[str, BoxOffice]
    seasons: dict[str, Season]
    agenda: Agenda
    faults: dict[str, Faults] = field(default_factory=dict)

    def till(self, place_id: str) -> Till:
        """Returns the till of a bookshop by its place's id."""
        return self.tills[places()[place_id].siret]

    def season(self, place_id: str) -> Season:
        """Returns the season of a theatre by its place's id."""
        return self.seasons[places()[place_id].siret]


def build(today: date, clock: Clock) -> World:
    """Returns the world as it is at the start of `today`."""
    tills = {place.siret: stocked(place, books(), today) for place in places().values() if place.kind == "bookshop"}
    programmes = {
        place_id: programmed(places()[place_id], _films_of(system), today, screens=screens, system=system)
        for place_id, (system, screens) in _CINEMAS.items()
    }
    theatres = [place for place in places().values() if place.kind == "theatre"]
    seasons = {
        place.siret: scheduled(place, plays()[number * SHOWS_A_THEATRE : (number + 1) * SHOWS_A_THEATRE], today)
        for number, place in enumerate(theatres)
    }
    agenda = announced(places(), seasons.values(), today)
    world = World(
        today=today,
        clock=clock,
        tills=tills,
        imprint=catalogue(books(), today),
        programmes=programmes,
        offices={place_id: BoxOffice(programme, clock) for place_id, programme in programmes.items()},
        seasons=seasons,
        agenda=agenda,
        faults={name: Faults() for name in ("bookshop", "publisher", "theatre", "agenda", *programmes)},
    )
    _spoil(world)
    return world


def _films_of(system: str) -> tuple[Film, ...]:
    """Allociné tells the films that it numbers itself; software in the cinemas numbers what it shows."""
    return tuple(film for film in films() if film.allocine is not None) if system == "allocine" else films()


def _spoil(world: World) -> None:
    """The rows every real feed has wrong: a platform must reject them one by one and read on."""
    at = seeded_at(world.today, "spoiled")
    world.till("sauramps").put(Row("9782070360025", 3, Decimal("7.2"), at))  # its check digit is wrong
    world.till("folies").put(Row("9782070360024", -3, Decimal("8.9"), at))
    world.till("folies").put(Row("9782070368228", 2, Decimal("17.905"), at))
    world.till("folies").quirks.add(Quirk.NULL_TOTAL)
    world.till("dialogues").quirks.add(Quirk.NO_CONTENT)
    spoil(world.season("tgp"), world.today)
    for till in world.tills.values():
        cut_at_edge(till)
