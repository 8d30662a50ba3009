"""`passerelle quarantine`: the rows that were refused, and trying them again after a fault of ours was mended."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from accounts import audit
from connectors.registry import SettingsRefused, UnknownConnector
from schemas.ids import public_id
from service.commands.running import LARGEST, in_house, out
from service.commands.staff import actor
from service.french import counted
from service.house import House
from sync.guard import TooMuchEmptied
from sync.quarantine import listed, one_of
from sync.replay import ReplayHeld, sources_waiting
from sync.runner import SourceBusy
from sync.vault import SealBroken

app = typer.Typer(no_args_is_help=True, help="Les lignes refusées : lesquelles, pourquoi, et les reprendre.")
SHOWN = 16 * 1024


@app.command("list")
def list_(
    source: Annotated[int | None, typer.Option(help="Le numéro d'une source ; sans lui, toutes.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Combien de lignes montrer.")] = 50,
) -> None:
    """Liste ce qui attend d'être corrigé, le plus récent d'abord."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            rows = await listed(conn, source, limit)
        made = Table(box=None, pad_edge=False)
        for title in ("n°", "source", "vue", "quoi", "raison"):
            made.add_column(title, justify="right" if title in ("n°", "source", "vue") else "left")
        for row in rows:
            what = f"{row.kind or '?'} {row.key or ''}".strip()
            made.add_row(str(row.id), str(row.source_id), f"{row.times_seen}×", what, row.why)
        out.print(made)
        return 0

    in_house(work)


@app.command()
def show(
    reject: Annotated[int, typer.Argument(min=1, max=LARGEST, metavar="ID", help="Le numéro de la ligne.")],
) -> None:
    """Montre une ligne refusée telle qu'elle a été reçue."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            row = await one_of(conn, reject)
        out.print(f"source {row.source_id}, exécution {row.run_id}, vue {row.times_seen} fois : {row.why}")
        out.print(row.raw.decode(errors="replace")[:SHOWN], soft_wrap=True)
        return 0

    in_house(work)


@app.command()
def replay(
    reject: Annotated[int | None, typer.Argument(min=1, max=LARGEST, metavar="[ID]", help="Une seule ligne.")] = None,
    source: Annotated[int | None, typer.Option(help="Toutes celles d'une source.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Toutes, de toutes les sources.")] = False,
) -> None:
    """Reprend des lignes refusées, après une correction, sans redemander au fournisseur."""
    if sum((reject is not None, source is not None, everything)) != 1:
        raise typer.BadParameter("il faut un numéro, --source N ou --all")

    async def work(house: House) -> int:
        ids = None if reject is None else [reject]
        sources = [source] if source is not None else await sources_waiting(house.pool, ids)
        if not sources:
            out.print("rien n'attend")
        held = 0
        for one in sources:
            try:
                done = await house.runner.replay(one, ids)
                async with house.pool.acquire() as conn:
                    about = f"source:{public_id('source', one)}"
                    counts = {"mended": done.mended, "still": done.still}
                    await audit.record(conn, actor(), "quarantine.replayed", about, counts)
            except (ReplayHeld, SourceBusy, TooMuchEmptied, SealBroken, SettingsRefused, UnknownConnector) as error:
                # One source that cannot be replayed does not keep the others from it.
                held += 1
                out.print(Text.assemble(f"source {one} : ", (str(error), "yellow")), soft_wrap=True)
                continue
            out.print(
                f"source {one} : {counted(done.mended, 'ligne reprise')}, encore {counted(done.still, 'refusée')}"
            )
        return 1 if held else 0

    in_house(work)
