"""`passerelle outbox`: what was sent to partners' addresses, what could not be, and sending it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table

from bookings.deliveries import Delivery
from schemas.ids import internal_id, public_id
from service.commands.running import in_house, out
from service.commands.staff import actor
from service.french import counted
from service.house import House

app = typer.Typer(no_args_is_help=True, help="Les envois aux logiciels partenaires (webhooks).")
STATES = {"waiting": "en attente", "delivered": "reçu", "dead": "abandonné", "superseded": "remplacé"}
Endpoint = Annotated[str | None, typer.Option("--endpoint", help="Une adresse : hook_….")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="Combien au plus.")]


@app.command("list")
def list_(endpoint: Endpoint = None, limit: Limit = 30) -> None:
    """Liste les derniers envois, les plus récents d'abord."""
    _print(endpoint, None, limit)


@app.command()
def dead(endpoint: Endpoint = None, limit: Limit = 100) -> None:
    """Liste les envois abandonnés : personne ne les a pris en un jour."""
    _print(endpoint, "dead", limit)


@app.command()
def replay(
    delivery: Annotated[str | None, typer.Argument(help="Un envoi : msg_….")] = None,
    endpoint: Endpoint = None,
    every: Annotated[bool, typer.Option("--all", help="Tous les envois abandonnés.")] = False,
) -> None:
    """Envoie de nouveau : un envoi, ou tous ceux qui ont été abandonnés, sous le même numéro."""

    async def work(house: House) -> int:
        if sum((delivery is not None, endpoint is not None, every)) != 1:
            raise ValueError("dites un envoi, ou --endpoint, ou --all")
        if delivery is not None:
            if not await house.deliveries.replay_one(internal_id("delivery", delivery), actor=actor()):
                raise LookupError(f"{delivery} n'est ni reçu ni abandonné")
            done = 1
        else:
            one = None if endpoint is None else internal_id("webhook", endpoint)
            done = await house.deliveries.replay_dead(endpoint_id=one, actor=actor())
        out.print(f"{counted(done, 'envoi repris')}")
        return 0

    in_house(work)


def _print(endpoint: str | None, state: str | None, limit: int) -> None:
    async def work(house: House) -> int:
        one = None if endpoint is None else internal_id("webhook", endpoint)
        out.print(table(await house.deliveries.listed(one, state=state, limit=limit)))
        return 0

    in_house(work)


def table(deliveries: Sequence[Delivery]) -> Table:
    """Deliveries as people read them."""
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for title in ("envoi", "adresse", "événement", "état", "essais", "dernière réponse"):
        made.add_column(title, no_wrap=title in ("envoi", "adresse"))
    for one in deliveries:
        said = one.last_error or ("" if one.last_status is None else str(one.last_status))
        made.add_row(
            public_id("delivery", one.id),
            public_id("webhook", one.endpoint_id),
            one.kind,
            STATES[one.state],
            str(one.attempts),
            said,
        )
    return made
