"""`passerelle providers` and `passerelle alerts`: who answers, what they may be asked, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from accounts import audit
from service.commands.running import in_house, out
from service.commands.staff import actor
from service.french import counted
from service.house import House
from sync.alerts import KINDS, Alert, tell, untold
from sync.providers import ProviderRow, limit, listed, start, stop

app = typer.Typer(no_args_is_help=True, help="Les fournisseurs : ce qui est permis chez eux, et l'arrêt d'urgence.")
alerts_app = typer.Typer(no_args_is_help=True, help="Les alertes : ce que quelqu'un doit savoir, une fois.")
Name = Annotated[str, typer.Argument(help="Le nom, tel que « passerelle providers list » le montre.")]


@app.command("list")
def list_() -> None:
    """Liste les fournisseurs, ceux qui ont un problème d'abord."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            out.print(table(await listed(conn)))
        return 0

    in_house(work)


@app.command("stop")
def stop_(name: Name) -> None:
    """Arrête tout chez un fournisseur : rien n'est commencé, ce qui court finit au prochain lot."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn, conn.transaction():
            running = await stop(conn, name, datetime.now(UTC))
            await audit.record(conn, actor(), "provider.stopped", f"provider:{name}")
        out.print(f"{name} est arrêté ; {running} lectures en cours s'arrêtent à leur prochain lot")
        return 0

    in_house(work)


@app.command("start")
def start_(name: Name) -> None:
    """Reprend chez un fournisseur arrêté : ce qui est dû est lu."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn, conn.transaction():
            await start(conn, name)
            await audit.record(conn, actor(), "provider.started", f"provider:{name}")
        out.print(f"{name} est repris")
        return 0

    in_house(work)


@app.command("limit")
def limit_(
    name: Name,
    runs: Annotated[int | None, typer.Option(min=1, help="Combien de ses sources lire à la fois.")] = None,
    per_second: Annotated[
        float | None, typer.Option(min=0, help="Combien de requêtes par seconde ; 0 : toutes.")
    ] = None,
) -> None:
    """Règle ce que toutes les lectures d'un fournisseur peuvent faire ensemble, sur toutes les machines."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn, conn.transaction():
            await limit(conn, name, most_runs=runs, per_second=per_second)
            set_to = {"runs": runs, "perSecond": per_second}
            await audit.record(conn, actor(), "provider.limited", f"provider:{name}", set_to)
            out.print(table([row for row in await listed(conn) if row.name == name]))
        return 0

    in_house(work)


@alerts_app.command("list")
def alerts() -> None:
    """Liste ce que personne n'a encore lu."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            print_alerts(await untold(conn))
        return 0

    in_house(work)


@alerts_app.command("told")
def told(ids: Annotated[list[int], typer.Argument(metavar="N…", help="Les numéros des alertes.")]) -> None:
    """Note que des alertes ont été lues."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            out.print(counted(await tell(conn, ids, datetime.now(UTC)), "alerte lue"))
        return 0

    in_house(work)


def print_alerts(found: Sequence[Alert]) -> None:
    """Each on a line of its own, with its number."""
    for one in found:
        what = (f"{one.id} {KINDS[one.kind]}", "yellow")
        out.print(Text.assemble(what, f" {one.at:%d/%m %H:%M} UTC : {one.message}"), soft_wrap=True)
    if not found:
        out.print("aucune alerte")


def table(rows: Sequence[ProviderRow]) -> Table:
    """Providers as people read them."""
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("fournisseur", no_wrap=True, overflow="ellipsis")
    made.add_column("état", min_width=7)
    for title in ("sources", "dues", "en cours", "permis", "req/s"):
        made.add_column(title, justify="right", min_width=4)
    for row in rows:
        state = "arrêté" if row.stopped_at else "en panne" if row.opened_at else "ok"
        rate = "" if row.per_second is None else f"{row.per_second:g}"
        counts = (row.sources, row.due, row.running, row.most_runs)
        made.add_row(row.name, state, *map(str, counts), rate)
    return made
