"""`passerelle secrets`: sealing what is kept under a new key (docs/rotation.md)."""

from __future__ import annotations

import typer

from accounts import audit
from service.commands.running import in_house, out
from service.commands.staff import actor
from service.french import counted
from service.house import House
from sync.resealing import reseal

app = typer.Typer(no_args_is_help=True, help="Les secrets scellés : les passer sous une nouvelle clé.")


@app.command()
def rotate() -> None:
    """Scelle tout de nouveau avec PASSERELLE_SECRET_KEY ; ensuite les anciennes clés peuvent être retirées."""

    async def work(house: House) -> int:
        done = await reseal(house.pool, house.vault)
        done["ticket_key"] += await house.ticket_keys.reseal()
        async with house.pool.acquire() as conn:
            await audit.record(conn, actor(), "secrets.resealed", "vault:current", dict(done))
        out.print(f"{counted(done.total(), 'secret scellé')} de nouveau ; aucun ne tient plus à une ancienne clé")
        return 0

    in_house(work)
