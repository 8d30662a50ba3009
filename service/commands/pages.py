"""`passerelle pages`: what providers answered, as read, for some days."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from service.commands.running import LARGEST, in_house, out
from service.house import House
from sync.raw_pages import body_of, listed

app = typer.Typer(no_args_is_help=True, help="Les réponses des fournisseurs, gardées quelques jours.")


@app.command("list")
def list_(
    source: Annotated[int, typer.Option(help="Le numéro de la source.")],
    run: Annotated[int | None, typer.Option(help="Une seule exécution.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Combien de pages montrer.")] = 50,
) -> None:
    """Liste les pages gardées d'une source, celles de sa dernière lecture d'abord."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            pages = await listed(conn, source, run, limit)
        made = Table(box=None, pad_edge=False)
        for title in ("n°", "exécution", "lue à", "octets", "adresse"):
            made.add_column(title, justify="left" if title in ("lue à", "adresse") else "right")
        for page in pages:
            where = f"… {page.place}" if page.follows else page.place
            made.add_row(str(page.id), str(page.run_id), f"{page.at:%Y-%m-%d %H:%M:%S}", str(page.size), where)
        out.print(made)
        return 0

    in_house(work)


@app.command()
def show(page: Annotated[int, typer.Argument(min=1, max=LARGEST, metavar="ID", help="Le numéro de la page.")]) -> None:
    """Écrit une page telle qu'elle a été lue, pour un fichier ou pour « passerelle read … --set path= »."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            body = await body_of(conn, page)
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        return 0

    in_house(work)
