"""`passerelle reviewers`: keys of the review page, one for each of its readers."""

from __future__ import annotations

from typing import Annotated

import typer

from accounts.keys import HOUSE_SCOPES
from accounts.offerers import Offerers
from service.commands.running import LARGEST, in_house, out
from service.commands.staff import actor
from service.house import House

app = typer.Typer(no_args_is_help=True, help="Les clés de la page de relecture : une par personne qui répond.")
HOUSE_VENDOR = "La maison"
"""Whose keys the house's own are: a vendor that acts for no venue."""


@app.command()
def add(
    label: Annotated[str, typer.Argument(metavar="NOM", help="Pour qui, en un mot : une fonction, des initiales.")],
) -> None:
    """Imprime une clé neuve, montrée cette fois seulement. Elle ne sert qu'à répondre aux questions."""

    async def work(house: House) -> int:
        vendor = await Offerers(house.pool).vendor(HOUSE_VENDOR)
        print((await house.keys.issue(vendor, label=label, scopes=HOUSE_SCOPES, actor=actor())).text)
        return 0

    in_house(work)


@app.command("list")
def list_() -> None:
    """Liste les clés qui valent : leur numéro, pour qui, et quand elles ont servi."""

    async def work(house: House) -> int:
        for key in await house.keys.listed(HOUSE_VENDOR):
            used = f"{key.last_used_at:%d/%m/%Y à %H:%M} UTC" if key.last_used_at else "jamais"
            out.print(f"{key.key_id} : {key.label}, {key.prefix}, dernier usage : {used}")
        return 0

    in_house(work)


@app.command()
def revoke(
    key: Annotated[int, typer.Argument(min=1, max=LARGEST, metavar="N", help="Le numéro de la clé.")],
) -> None:
    """Retire une clé, dès la requête suivante. Ses réponses restent."""

    async def work(house: House) -> int:
        if key not in {one.key_id for one in await house.keys.listed(HOUSE_VENDOR)}:
            raise LookupError(f"aucune clé de relecture {key} en vigueur")
        await house.keys.revoke(key, actor=actor())
        out.print(f"la clé {key} est retirée.")
        return 0

    in_house(work)
