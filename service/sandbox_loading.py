"""Registers the sandbox's world: its venues, their offerers, a vendor that acts for all of them, its sources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from accounts.offerers import Offerers
from catalogue.venues import register_venue, registered
from sandbox.directory import VenueSpec, sources, venues
from sandbox.world import World
from schemas.records import Address, Identifier, Position, Venue
from service.house import House
from sync.sources import NewSource, register

VENDOR = "Caisses du bac à sable"


async def load(house: House, world: World, addresses: Mapping[str, str]) -> list[int]:
    """The ids of all sources, registered anew or brought up to date with where the providers listen now."""
    offerers = Offerers(house.pool)
    vendor = await offerers.vendor(VENDOR)
    ids: dict[str, int] = {}
    async with house.pool.acquire() as conn:
        for spec in venues():
            ids[spec.siret] = await register_venue(conn, venue(spec), at=datetime.now(UTC))
    for spec in venues():
        offerer = await offerers.offerer(spec.siren, spec.name)
        await offerers.give_venue(ids[spec.siret], offerer)
        await offerers.let_act(vendor, ids[spec.siret])
    found = []
    async with house.pool.acquire() as conn:
        for source in sources(world, addresses):
            new = NewSource(
                connector=source.connector,
                account=source.account,
                label=source.label,
                licence=source.licence,
                settings=source.settings,
                venue_id=ids[source.venue_siret] if source.venue_siret else None,
                trust=source.trust,
                sales_seen=source.sales_seen,
                allow_private=True,
                every_minutes=source.every_minutes,
            )
            found.append(await register(conn, house.vault, new))
    return found


def venue(spec: VenueSpec) -> Venue:
    """The venue as its offerer registers it."""
    return Venue(
        ref=registered(spec.siret),
        name=spec.name,
        time_zone=spec.time_zone,
        identifiers=[Identifier(scheme="siret", value=spec.siret)],
        address=Address(
            street=spec.street or None,
            postal_code=spec.postal_code,
            city=spec.city,
            insee_code=spec.insee_code,
        ),
        position=Position(latitude=spec.latitude, longitude=spec.longitude),
    )
