"""`passerelle sources`: what is registered, and registering."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from typing import Annotated

import typer
from redis.exceptions import RedisError
from rich.table import Table
from rich.text import Text

from accounts import audit
from catalogue.venues import venue_of_siret
from connectors.registry import REGISTRY, entry
from connectors.sellers import SELLERS
from open_data.licences import LICENCES, OPEN
from schemas.ids import public_id
from schemas.records import Kind
from service.commands.running import LARGEST, in_house, out
from service.commands.staff import actor
from service.french import STATES
from service.house import House
from service.worker import redis_settings
from sync.bells import doorbell, ring_next
from sync.sources import NewSource, SourceRow, feed_state, listed, register
from sync.ticketings import attach, detach

app = typer.Typer(no_args_is_help=True, help="Les sources : qui est lu, comment, et depuis quand.")


@app.command("list")
def list_() -> None:
    """Liste les sources avec leur dernière lecture."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            out.print(table(await listed(conn)))
        return 0

    in_house(work)


@app.command()
def show(source: Annotated[int, typer.Argument(min=1, max=LARGEST, help="Le numéro de la source.")]) -> None:
    """Montre une source, ses réglages (jamais ses secrets) et sa dernière lecture."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            rows = await listed(conn, source)
            if not rows:
                raise LookupError(f"aucune source {source}")
            state = await feed_state(conn, source)
        row = rows[0]
        out.print(table(rows))
        out.print(f"  compte : {row.account}\n  licence : {row.licence}", soft_wrap=True)
        if row.venue:
            out.print(f"  lieu : {row.venue}", soft_wrap=True)
        if state is not None:
            for name, value in sorted(state.settings.items()):
                out.print(f"  {name} = {value}", soft_wrap=True)
            if state.has_secrets:
                out.print(f"  {', '.join(sorted(entry(row.connector).secret_fields))} : scellé")
        if row.paused_why:
            out.print(Text.assemble("  ", ("en pause", "yellow"), f" : {row.paused_why}"), soft_wrap=True)
        if row.stale_since:
            since = f"{row.stale_since:%d/%m/%Y à %H:%M} UTC"
            out.print(Text.assemble("  ", ("muette", "yellow"), f" : ses stocks sont masqués depuis le {since}"))
        if row.message:
            out.print(Text.assemble("  ", ("dernière lecture", "yellow"), f" : {row.message}"), soft_wrap=True)
        return 0

    in_house(work)


@app.command()
def add(
    connector: Annotated[str, typer.Argument(help=f"Parmi : {', '.join(sorted(REGISTRY))}.")],
    account: Annotated[str, typer.Option(help="Le compte chez le fournisseur : un SIRET, un agenda, un cinéma.")],
    licence: Annotated[str, typer.Option(help="La licence des données (etalab-2.0, ODbL-1.0, tous-droits-reserves…).")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="Un réglage, nom=valeur ; répétable.")] = None,
    label: Annotated[str | None, typer.Option(help="Le nom que les gens lisent.")] = None,
    venue: Annotated[str | None, typer.Option(help="Le SIRET du lieu auquel la source est liée.")] = None,
    allow_private: Annotated[bool, typer.Option(help="Permettre des adresses privées (caisse sur place).")] = False,
    every: Annotated[int, typer.Option(min=1, help="Toutes les combien de minutes la lire.")] = 1440,
    cron: Annotated[
        str | None, typer.Option(help="Quand la lire, à l'heure du lieu : « 30 4 * * 1-6 » ; l'emporte sur --every.")
    ] = None,
    expected: Annotated[
        tuple[int, int] | None, typer.Option(help="Combien de fiches au moins et au plus, lue en entier.")
    ] = None,
) -> None:
    """Enregistre une source : un lieu qui emploie un logiciel connu est une ligne, pas du code."""

    async def work(house: House) -> int:
        if not account.strip() or not licence.strip():
            raise ValueError("il faut un compte et une licence : --account et --licence ne peuvent pas être vides")
        async with house.pool.acquire() as conn:
            venue_id = await venue_of_siret(conn, venue) if venue is not None else None
            new = NewSource(
                connector=connector,
                account=account,
                label=label or f"{connector} {account}",
                licence=licence,
                settings=assignments(settings or []),
                venue_id=venue_id,
                allow_private=allow_private,
                every_minutes=every,
                cron=cron,
                expected=expected,
            )
            known = {(row.connector, row.account) for row in await listed(conn)}
            async with conn.transaction():
                number = await register(conn, house.vault, new)
                await audit.record(conn, actor(), "source.registered", f"source:{public_id('source', number)}")
        out.print(f"source {number} {'mise à jour' if (connector, account) in known else 'enregistrée'}")
        if licence not in LICENCES:
            out.print(
                f"licence inconnue : « {licence} », rien de cette source ne sortira en données ouvertes "
                f"(celles qui le permettent : {', '.join(sorted(OPEN))})",
                soft_wrap=True,
            )
        if venue is None and needs_venue(entry(connector).manifest.kinds):
            out.print(
                "liée à aucun lieu : ses stocks et ses séances seront refusés ; redites la commande avec --venue SIRET "
                "(« passerelle venues list » montre les lieux, « venues add » en inscrit un)",
                soft_wrap=True,
            )
        await call_at_once(house)
        return 0

    in_house(work)


def needs_venue(kinds: Collection[Kind]) -> bool:
    """Whether what a source tells is somebody's, and the source itself never says whose."""
    return Kind.VENUE not in kinds and bool({Kind.STOCK, Kind.SESSION} & set(kinds))


@app.command()
def ticketing(
    source: Annotated[int, typer.Argument(min=1, max=LARGEST, help="Le numéro de la source.")],
    seller: Annotated[
        str | None, typer.Argument(help=f"Parmi : {', '.join(sorted(SELLERS))} ; sans elle, nous vendons seuls.")
    ] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Un réglage, nom=valeur ; répétable.")] = None,
    allow_private: Annotated[
        bool, typer.Option(help="Permettre des adresses privées (billetterie sur place).")
    ] = False,
) -> None:
    """Dit quelle billetterie vend les places d'une source, appelée quand quelqu'un réserve."""

    async def work(house: House) -> int:
        about = f"source:{public_id('source', source)}"
        async with house.pool.acquire() as conn, conn.transaction():
            if seller is None:
                done = await detach(conn, source)
                await audit.record(conn, actor(), "ticketing.detached", about)
                out.print(f"source {source} : {'billetterie retirée' if done else 'aucune billetterie'}")
                return 0
            given = assignments(settings or [])
            await attach(conn, house.vault, source, seller, given, allow_private=allow_private)
            await audit.record(conn, actor(), "ticketing.attached", about, {"seller": seller})
        out.print(f"source {source} : vendue par {seller}")
        return 0

    in_house(work)


async def call_at_once(house: House) -> None:
    """Rings for what was just registered; without Redis the workers find it within a minute."""
    with contextlib.suppress(OSError, RedisError):
        bell = await doorbell(redis_settings(house.redis_url))
        try:
            await ring_next(bell, house.settings.redis_prefix)
        finally:
            await bell.aclose()


def assignments(texts: list[str]) -> dict[str, str]:
    """`name=value` texts as a mapping; a text without `=` is an error that names it."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ValueError(f"réglage illisible : « {text} » ; écrivez nom=valeur")
        found[name.strip()] = value
    return found


def table(rows: Sequence[SourceRow]) -> Table:
    """Sources as people read them."""
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    # In a narrow terminal the name gives way, never a figure.
    made.add_column("n°", justify="right", min_width=2)
    made.add_column("source", no_wrap=True, overflow="ellipsis", max_width=26)
    made.add_column("connecteur", min_width=10)
    made.add_column("état", min_width=7)
    for title in ("lues", "créé", "chgt", "inch", "ref.", "ret."):
        made.add_column(title, justify="right", min_width=4)
    for row in rows:
        state = STATES["paused" if row.paused_why else "stale" if row.stale_since else row.state or "never"]
        counts = (row.records, row.created, row.changed, row.unchanged, row.rejected, row.withdrawn)
        made.add_row(
            str(row.id),
            row.label,
            row.connector,
            state,
            *("" if n is None else str(n) for n in counts),
        )
    return made
