"""What a platform registers to read this world: the venues, and one source a feed.

Setting names are those of the platform's connectors; all values are text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox import allocine, cgr, ems, webedia
from sandbox.facts.reading import Place, places
from sandbox.imprint import TOKEN
from sandbox.programme import Programme
from sandbox.world import World

OPEN, CLOSED = "etalab-2.0", "tous-droits-reserves"
"""Licences: what theatres, tills and the agenda say may be re-used; the distributor's and cinemas' data may
not.
"""

SELLING = frozenset({"boost", "cds", "cgr", "ems"})
"""Cinemas' software that also sells."""
_KEYWORDS = {
    "concert": "CONCERT",
    "exposition": "VISITE",
    "visite": "VISITE_GUIDEE",
    "atelier": "ATELIER_PRATIQUE_ART",
    "conférence": "CONFERENCE",
    "rencontre": "RENCONTRE",
    "cinéma": "CINE_PLEIN_AIR",
}


@dataclass(frozen=True, slots=True)
class VenueSpec:
    """A venue to register. `siret` is fictitious, `siren` is its offerer's; `department` as in INSEE codes."""

    id: str
    siret: str
    siren: str
    name: str
    street: str
    postal_code: str
    city: str
    insee_code: str
    department: str
    latitude: float
    longitude: float
    time_zone: str
    kind: str
    """bookshop, cinema or theatre."""


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """A source to register. `name` is the application's name in `serve_world`'s addresses and `World.faults`."""

    name: str
    label: str
    connector: str
    account: str
    settings: Mapping[str, str] = field(repr=False)
    venue_siret: str | None
    licence: str
    sales_seen: str = "never"
    """What the provider's figures leave out of our sales: a simulated till never hears of them."""
    every_minutes: int = 1440
    trust: int = 50


def venues() -> list[VenueSpec]:
    """Returns the venues that sell: bookshops, cinemas, theatres of the five departments."""
    return [_venue(place) for place in places().values() if place.siret]


def sources(world: World, addresses: Mapping[str, str]) -> list[SourceSpec]:
    """Returns all sources of the world served at `addresses`."""
    return [
        SourceSpec(
            name="publisher",
            label="Distributeur simulé, catalogue ONIX",
            connector="onix",
            account="distributeur-simule",
            settings={
                "url": f"{addresses['publisher']}/onix/full.xml",
                "delta_url": f"{addresses['publisher']}/onix/delta.xml",
                "token": TOKEN,
            },
            venue_siret=None,
            licence=CLOSED,
            trust=80,
        ),
        *(_till(world, siret, addresses["bookshop"]) for siret in world.tills),
        *(_cinema(world, place_id, addresses[place_id]) for place_id in world.programmes),
        *(_theatre(world, siret, addresses["theatre"]) for siret in world.seasons),
        SourceSpec(
            name="agenda",
            label="Agenda des cinq départements",
            connector="openagenda",
            account=str(world.agenda.uid),
            settings={
                "base_url": addresses["agenda"],
                "agenda": str(world.agenda.uid),
                "key": world.agenda.key,
                "default_subcategory": "SPECTACLE_REPRESENTATION",
                "subcategories": "; ".join(f"{word}={name}" for word, name in _KEYWORDS.items()),
            },
            venue_siret=None,
            licence=OPEN,
            every_minutes=360,
            trust=40,
        ),
    ]


def _till(world: World, siret: str, address: str) -> SourceSpec:
    till = world.tills[siret]
    settings = {"base_url": address, "siret": siret, "serves": "stocks", "refs": "ean"}
    return SourceSpec(
        name="bookshop",
        label=f"Caisse de {till.place.name}",
        connector="stocks_api",
        account=siret,
        settings=settings | ({"token": till.token} if till.token else {}),
        venue_siret=siret,
        licence=OPEN,
    )


def _cinema(world: World, place_id: str, address: str) -> SourceSpec:
    programme = world.programmes[place_id]
    return SourceSpec(
        name=place_id,
        label=f"{'Caisse' if programme.system in SELLING else 'Programme'} de {programme.place.name}",
        connector=programme.system,
        account=place_id,
        settings=_cinema_settings(programme, address),
        venue_siret=programme.place.siret,
        licence=CLOSED,
        sales_seen="at_booking",
        every_minutes=60,
        trust=70,
    )


def _cinema_settings(programme: Programme, address: str) -> dict[str, str]:
    place, username, password = programme.place, programme.username, programme.password
    signed_in = {"username": username, "password": password}
    return {
        "boost": {"base_url": address, "station_name": programme.station} | signed_in,
        "cds": {"base_url": f"{address}/vad", "token": password, "cinema": place.id},
        "cgr": {"base_url": f"{address}{cgr.PATH}", "cinema": str(cgr.NUMBER), "time_zone": place.zone} | signed_in,
        "ems": {
            "base_url": f"{address}/horaires",
            "site": place.id,
            "booking_url": f"{address}/ventes",
            "booking_source": ems.SOURCE,
            "booking_secret": programme.station,
        }
        | signed_in,
        "allocine": {
            "base_url": f"{address}/api/query",
            "theater": allocine.THEATER,
            "token": password,
            "time_zone": place.zone,
        },
        "vista": {"base_url": address, "site": place.id, "token": password},
        "webedia": {"base_url": address, "theater": webedia.THEATER, "time_zone": place.zone},
    }[programme.system]


def _theatre(world: World, siret: str, address: str) -> SourceSpec:
    season = world.seasons[siret]
    settings = {"base_url": address, "siret": siret, "serves": "events,stocks", "is_duo": "true"}
    return SourceSpec(
        name="theatre",
        label=f"Billetterie de {season.place.name}",
        connector="stocks_api",
        account=siret,
        settings=settings | ({"token": season.token} if season.token else {}),
        venue_siret=siret,
        licence=OPEN,
        every_minutes=360,
        trust=70,
    )


def _venue(place: Place) -> VenueSpec:
    return VenueSpec(
        id=place.id,
        siret=place.siret,
        siren=place.siret[:9],
        name=place.name,
        street=place.street,
        postal_code=place.postal_code,
        city=place.city,
        insee_code=place.insee,
        department=place.department,
        latitude=place.latitude,
        longitude=place.longitude,
        time_zone=place.zone,
        kind=place.kind,
    )
