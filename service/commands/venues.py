"""`passerelle venues`: the venues of the référentiel, and registering one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table

from accounts import audit
from accounts.offerers import Offerers
from catalogue.database import Connection
from catalogue.directory import ListedVenue, VenueAddress, addresses, find, listed
from catalogue.venues import register_venue, registered, venue_of_siret
from connectors.told_places import zone_of
from schemas.ids import public_id
from schemas.numbers import Refused
from schemas.numbers import siret as checked
from schemas.records import Address, Identifier, Position, Venue
from schemas.zones import is_zone
from service.commands.running import in_house, out
from service.commands.staff import actor
from service.house import House

app = typer.Typer(no_args_is_help=True, help="Les lieux : les chercher, en inscrire un.")


@app.command("list")
def list_(
    words: Annotated[str, typer.Argument(help="Des mots du nom ; sans eux, tous.")] = "",
    department: Annotated[str | None, typer.Option(help="Le code du département : 67, 2A, 973.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Combien de lieux montrer.")] = 50,
) -> None:
    """Liste les lieux du référentiel, inscrits ou lus chez une source."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            found = await find(conn, words, department=department, limit=limit)
            where = await addresses(conn, [venue.id for venue in found])
        if not found:
            out.print("aucun lieu ; « passerelle venues add » en inscrit un")
            return 0
        out.print(table(found, where))
        return 0

    in_house(work)


@app.command()
def add(
    siret: Annotated[str, typer.Argument(help="Le SIRET du lieu, quatorze chiffres.")],
    name: Annotated[str, typer.Option(help="Le nom que le public connaît.")],
    postal_code: Annotated[str, typer.Option(help="Le code postal.")],
    city: Annotated[str, typer.Option(help="La commune.")],
    street: Annotated[str | None, typer.Option(help="Le numéro et la voie.")] = None,
    insee_code: Annotated[str | None, typer.Option(help="Le code INSEE de la commune, en Corse surtout.")] = None,
    position: Annotated[tuple[float, float] | None, typer.Option(help="Latitude et longitude, en degrés.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="Le fuseau ; sans lui, celui du département.")] = None,
    offerer: Annotated[str | None, typer.Option(help="La personne morale ; sans elle, le nom du lieu.")] = None,
) -> None:
    """Inscrit un lieu, ou corrige ce qui en avait été dit : les sources peuvent alors y être liées."""

    async def work(house: House) -> int:
        number = _checked(siret)
        address = Address(street=street, postal_code=postal_code, city=city, insee_code=insee_code)
        zone = time_zone or zone_of(address)
        if zone is None or not is_zone(zone):
            raise ValueError("le fuseau horaire ne se devine pas de ce code postal : donnez --time-zone Europe/Paris")
        venue = Venue(
            ref=registered(number),
            name=name,
            time_zone=zone,
            identifiers=[Identifier(scheme="siret", value=number)],
            address=address,
            position=Position(latitude=position[0], longitude=position[1]) if position else None,
        )
        async with house.pool.acquire() as conn, conn.transaction():
            before = await _known(conn, number)
            venue_id = await register_venue(conn, venue, at=datetime.now(UTC))
            public = public_id("venue", venue_id)
            await audit.record(conn, actor(), "venue.registered", f"venue:{public}")
        offerers = Offerers(house.pool)
        await offerers.give_venue(venue_id, await offerers.offerer(number[:9], offerer or name))
        was = f" ; il s'appelait {before.name}" if before is not None and before.name != name else ""
        done = "inscrit" if before is None else "corrigé"
        out.print(f"{public} {done} : {name}, {city}, à l'heure de {zone}{was}", soft_wrap=True)
        return 0

    in_house(work)


async def _known(conn: Connection, siret: str) -> ListedVenue | None:
    try:
        [found] = await listed(conn, [await venue_of_siret(conn, siret)])
    except LookupError:
        return None
    return found


def _checked(text: str) -> str:
    try:
        return checked(text)
    except Refused as error:
        raise ValueError(f"SIRET « {text} » : {error}") from None


def table(venues: Sequence[ListedVenue], where: dict[int, VenueAddress]) -> Table:
    """Venues as people read them."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column("lieu", no_wrap=True)
    made.add_column("SIRET", no_wrap=True)
    made.add_column("nom", overflow="fold")
    made.add_column("commune", overflow="fold")
    for venue in venues:
        made.add_row(public_id("venue", venue.id), venue.siret or "", venue.name, where[venue.id].city or "")
    return made
