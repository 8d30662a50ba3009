"""`passerelle keys`: the keys that sign tickets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from bookings.ticket_keys import LEAD, CarriedKey
from service.commands.running import in_house, out
from service.house import House

app = typer.Typer(no_args_is_help=True, help="Les clés qui signent les billets : les lister, les relayer, les retirer.")
BY = "staff:cli"


@app.command("list")
def list_() -> None:
    """Liste les clés, et les billets valables qui en dépendent encore."""

    async def work(house: House) -> int:
        out.print(table(await house.ticket_keys.listed(), datetime.now(UTC)))
        return 0

    in_house(work)


@app.command()
def rotate(
    hours: Annotated[
        int, typer.Option(min=0, help="Publiée combien d'heures avant de signer : les caisses doivent la lire d'abord.")
    ] = LEAD // timedelta(hours=1),
) -> None:
    """Publie une nouvelle clé, qui signera ensuite ; les billets déjà imprimés restent valables."""

    async def work(house: House) -> int:
        made = await house.ticket_keys.rotate(actor=BY, lead=timedelta(hours=hours))
        out.print(f"{made.id} est publiée ; elle signera à partir du {made.signs_from:%d/%m/%Y à %H:%M} UTC")
        return 0

    in_house(work)


@app.command()
def retire(
    key: Annotated[str, typer.Argument(help="La clé, telle que « passerelle keys list » la montre.")],
    force: Annotated[
        bool, typer.Option("--force", help="Même si des billets valables la portent : clé volée.")
    ] = False,
) -> None:
    """Retire une clé : ce qu'elle a signé ne prouve plus rien."""

    async def work(house: House) -> int:
        await house.ticket_keys.retire(key.upper(), actor=BY, force=force)
        out.print(f"{key.upper()} est retirée")
        return 0

    in_house(work)


def table(keys: Sequence[CarriedKey], now: datetime) -> Table:
    """Keys as people read them."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in ("clé", "état", "signe depuis", "billets valables", "jusqu'au"):
        made.add_column(title)
    signing = [one.key.id for one in keys if one.key.retired_at is None and one.key.signs_from <= now][-1:]
    for one in keys:
        if one.key.retired_at is not None:
            state = "retirée"
        elif one.key.signs_from > now:
            state = "publiée"
        else:
            state = "signe" if one.key.id in signing else "vérifie"
        until = f"{one.valid_until:%d/%m/%Y}" if one.valid_until else ""
        made.add_row(one.key.id, state, f"{one.key.signs_from:%d/%m/%Y %H:%M}", str(one.tickets), until)
    return made
