"""`passerelle vendors`: who holds keys, for which venues, and to do what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from accounts import audit
from accounts.keys import SCOPES
from accounts.offerers import Offerers
from accounts.vendors import ListedKey, Vendors
from catalogue.directory import listed
from catalogue.venues import venue_of_siret
from schemas.ids import public_id
from service.commands.running import in_house, out
from service.commands.staff import actor
from service.french import counted
from service.house import House

app = typer.Typer(
    no_args_is_help=True, help="Les éditeurs de logiciels : leurs clés, et les lieux pour qui ils agissent."
)
Name = Annotated[str, typer.Argument(help="Le nom de l'éditeur.")]


@app.command("list")
def list_() -> None:
    """Liste les éditeurs."""

    async def work(house: House) -> int:
        for vendor in await Vendors(house.pool).listed():
            acts = f"agit pour {vendor.venues} {'lieux' if vendor.venues > 1 else 'lieu'}"
            out.print(f"{vendor.name} : {acts}, {counted(vendor.keys, 'clé')} en vigueur", soft_wrap=True)
        return 0

    in_house(work)


@app.command()
def add(
    name: Name,
    venue: Annotated[list[str] | None, typer.Option(help="Le SIRET d'un lieu pour qui il agit ; répétable.")] = None,
    no_longer: Annotated[list[str] | None, typer.Option(help="Le SIRET d'un lieu qu'il quitte ; répétable.")] = None,
) -> None:
    """Inscrit un éditeur et les lieux pour qui il agit ; le redire complète."""

    async def work(house: House) -> int:
        offerers = Offerers(house.pool)
        async with house.pool.acquire() as conn:
            begun = [await venue_of_siret(conn, siret) for siret in venue or []]
            ended = [await venue_of_siret(conn, siret) for siret in no_longer or []]
            vendor = await offerers.vendor(name)
            for venue_id in begun:
                await offerers.let_act(vendor, venue_id)
            for venue_id in ended:
                await offerers.stop_acting(vendor, venue_id)
            told = {
                "begun": [public_id("venue", one) for one in begun],
                "ended": [public_id("venue", one) for one in ended],
            }
            await audit.record(conn, actor(), "vendor.registered", f"vendor:{public_id('vendor', vendor)}", told)
            acts = await listed(conn, await Vendors(house.pool).venue_ids(vendor))
        out.print(
            f"{name} agit pour : {', '.join(one.name for one in acts) or 'personne encore (--venue SIRET)'}",
            soft_wrap=True,
        )
        return 0

    in_house(work)


@app.command()
def key(
    name: Name,
    label: Annotated[str, typer.Option(help="À quoi sert la clé : « caisse 2 », « site ».")],
    scope: Annotated[
        list[str] | None, typer.Option(help=f"Un droit, répétable, parmi {', '.join(sorted(SCOPES))} ; sans lui, tous.")
    ] = None,
) -> None:
    """Imprime une clé d'API neuve, une fois : personne ne peut la relire."""

    async def work(house: House) -> int:
        vendor = await Vendors(house.pool).find(name)
        issued = await house.keys.issue(vendor, label=label, scopes=scope or SCOPES, actor=actor())
        print(issued.text)
        return 0

    in_house(work)


@app.command()
def keys(name: Name) -> None:
    """Liste les clés d'un éditeur, sans leur secret."""

    async def work(house: House) -> int:
        vendors = Vendors(house.pool)
        out.print(table(await vendors.keys(await vendors.find(name))))
        return 0

    in_house(work)


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="Le début de la clé, jusqu'à son second tiret bas.")]) -> None:
    """Révoque une clé : la demande suivante est refusée."""

    async def work(house: House) -> int:
        done = await house.keys.revoke(await Vendors(house.pool).key(prefix), actor=actor())
        out.print(f"{prefix} {'est révoquée' if done else 'était déjà révoquée'}")
        return 0

    in_house(work)


def table(keys: Sequence[ListedKey]) -> Table:
    """Keys as people read them."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column("clé", no_wrap=True)
    for title in ("usage", "créée", "servie", "état", "droits"):
        made.add_column(title, overflow="fold")
    for one in keys:
        state = "révoquée" if one.revoked_at else "en vigueur"
        rights = "tous" if set(one.scopes) == SCOPES else ", ".join(one.scopes)
        made.add_row(one.prefix, one.label, _day(one.created_at), _day(one.last_used_at), state, rights)
    return made


def _day(moment: datetime | None) -> str:
    return f"{moment:%d/%m/%Y}" if moment else "jamais"
