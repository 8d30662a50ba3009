"""The acts of the demo, in order, and the summary."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten

from aiohttp import ClientSession
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bookings.audit import violations
from bookings.reports import ledger_balance
from catalogue.offers import standing_offers
from open_data.dump import dump
from sandbox.changes import second_act
from sandbox.serving import serve_world
from sandbox.world import build
from service.demo import likeness, notifications, purchases, readings, unplugged
from service.demo.promises import Promises, act
from service.engines.databases import drop_database, held
from service.engines.lifetime import EngineUrls
from service.french import counted
from service.house import House, open_house
from service.sandbox_loading import load
from service.settings import Settings
from service.web import serving
from sync import quarantine
from sync.runner import now
from sync.runs import RunReport

WORKERS = 2
FEWEST_RECORDS = 3_000


async def play(settings: Settings, urls: EngineUrls, console: Console) -> int:
    """Plays the demo on a database of its own, made anew; 0 when every promise was kept."""
    name = settings.database_name
    if name is None:
        raise ValueError("la démonstration ne se joue que sur une base à elle")
    async with held(urls.database, name, "Une autre démonstration est en cours ici : attendez qu'elle finisse."):
        await drop_database(urls.database, name)
        async with open_house(settings, urls) as house:
            await _forget(house)
            return await _play(house, console)


async def _play(house: House, console: Console) -> int:
    promises = Promises(console)
    world = build(datetime.now(UTC).date(), now)
    act(console, "1. Les fournisseurs, la plateforme, deux travailleurs")
    async with (
        serve_world(world) as addresses,
        serving(house, port=0) as address,
        readings.workers(house, WORKERS),
        ClientSession(address) as http,
    ):
        console.print(
            f"  la plateforme répond sur {address}, {len(addresses)} fournisseurs simulés sur la boucle locale",
            soft_wrap=True,
        )
        ids = await load(house, world, addresses)
        console.print(f"  {len(ids)} sources de cinq départements sont enregistrées")

        act(console, "2. Première lecture, par de vrais travailleurs arq")
        first = await readings.read_all(house, ids, console)
        read = sum(run.records for run in first.values())
        promises.check("toutes les sources ont été lues jusqu'au bout", _all_done(first))
        promises.check(f"au moins {FEWEST_RECORDS} fiches lues", read >= FEWEST_RECORDS, f"{read} fiches")

        act(console, "3. Ce qui a été refusé, ligne par ligne, et gardé")
        await _show_refused(house, console, promises)

        act(console, "4. La vie continue chez les fournisseurs, puis lecture de ce qui a changé")
        for change in second_act(world):
            console.print(f"  • {escape(str(change))}", soft_wrap=True)
        second = await readings.read_all(house, ids, console)
        changed = sum(run.changed + run.withdrawn for run in second.values())
        promises.check(
            "la seconde lecture voit ce qui a changé", _all_done(second) and changed >= 8, f"{changed} fiches"
        )
        promises.check(
            "elle n'écrit rien d'autre",
            not any(run.created for run in second.values()),
            f"{sum(run.unchanged for run in second.values())} fiches relues sans écriture",
        )

        act(console, "5. Les rapprochements")
        joined = await likeness.show(house, console, promises)

        act(console, "6. Une jeune personne réserve, les caisses acceptent")
        async with notifications.listening(house, http) as partner:
            booked = await purchases.play(house, http, world, console, promises)
            await unplugged.play(house, http, console, promises)
            await partner.check(console, promises)

        act(console, "7. Les données ouvertes")
        leaving, kept = await _dump(house)
        promises.check(
            "ce dont la licence le permet sort, le reste non",
            leaving and kept,
            f"{leaving} offres ouvertes, {kept} décrites par des sources qui ne le permettent pas",
        )
    act(console, "Le compte")
    await _summary(house, console, promises, first, second, joined, booked)
    return _verdict(console, promises)


async def _forget(house: House) -> None:
    """Removes what an earlier demo rang for: keys of this profile's own prefix, no others."""
    prefix = house.settings.redis_prefix
    for pattern in (f"{prefix}*", f"arq:*:{prefix}*"):
        async for key in house.redis.scan_iter(match=pattern, count=1000):
            await house.redis.delete(key)


def _all_done(runs: Mapping[int, RunReport]) -> bool:
    return all(run.state == "done" for run in runs.values())


async def _show_refused(house: House, console: Console, promises: Promises) -> None:
    async with house.pool.acquire() as conn:
        refused = await quarantine.listed(conn)
    for row in refused[:6]:
        why = shorten(row.why, 140, placeholder="…")
        console.print(escape(f"  {row.kind or 'ligne'} {row.key or '?'} : {why}"), soft_wrap=True)
    reasons = Counter(row.why.split(" : ")[0] for row in refused)
    promises.check(
        "chaque ligne refusée est gardée avec son motif",
        refused,
        f"{counted(len(refused), 'ligne')}, {counted(len(reasons), 'motif')}",
    )


async def _dump(house: House) -> tuple[int, int]:
    """How many offers left, and how many stayed because no open source describes them."""
    folder = Path(tempfile.mkdtemp(prefix="passerelle-demo-"))
    try:
        leaving = (await dump(house.pool, folder / "donnees", at=now())).offers
        async with house.pool.acquire() as conn:
            return leaving, await standing_offers(conn) - leaving
    finally:
        shutil.rmtree(folder)


async def _summary(
    house: House,
    console: Console,
    promises: Promises,
    first: Mapping[int, RunReport],
    second: Mapping[int, RunReport],
    joined: int,
    booked: purchases.Figures,
) -> None:
    async with house.pool.acquire() as conn:
        found = await violations(conn)
        offers = await standing_offers(conn)
        ledger = await ledger_balance(conn)
    promises.check("les comptes tombent juste : grand livre, places, contremarques", not found and ledger == 0)
    runs = [*first.values(), *second.values()]
    table = Table(box=None, pad_edge=False, show_header=False)
    for label, value in (
        ("fiches lues", sum(run.records for run in runs)),
        ("  créées", sum(run.created for run in runs)),
        ("  changées", sum(run.changed for run in runs)),
        ("  retirées", sum(run.withdrawn for run in runs)),
        ("  inchangées, sans écriture", sum(run.unchanged for run in runs)),
        ("  refusées et gardées", sum(run.rejected for run in runs)),
        ("offres au catalogue", offers),
        ("rapprochements décidés", joined),
        ("réservations", booked.made),
        ("  contremarques acceptées", booked.accepted),
        ("  refus attendus", booked.refused),
        ("  annulées et remboursées", booked.cancelled),
        ("solde du grand livre", counted(ledger, "centime")),
    ):
        table.add_row(label, f"[bold]{value}[/]")
    console.print(table)


def _verdict(console: Console, promises: Promises) -> int:
    console.print()
    if promises.broken:
        console.print(f"[red bold]{len(promises.broken)} promesses non tenues :[/]")
        for promise in promises.broken:
            console.print(f"  [red]✗[/] {escape(promise)}", soft_wrap=True)
        return 1
    console.print(f"[green bold]Tout a marché : {promises.kept} promesses tenues.[/]")
    return 0
