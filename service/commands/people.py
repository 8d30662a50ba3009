"""`passerelle people`: what is known of a person, and forgetting it."""

from __future__ import annotations

from typing import Annotated

import typer

from schemas.ids import internal_id
from service.commands.running import in_house, out
from service.commands.staff import actor
from service.french import counted
from service.house import House

app = typer.Typer(no_args_is_help=True, help="Les personnes : ce qui est su d'elles, et l'oublier.")
Person = Annotated[str, typer.Argument(help="L'identifiant de la personne, u_….")]


@app.command()
def export(person: Person) -> None:
    """Imprime en JSON tout ce qui est gardé d'une personne."""

    async def work(house: House) -> int:
        print((await house.privacy.export(internal_id("beneficiary", person), actor=actor())).decode())
        return 0

    in_house(work)


@app.command()
def erase(
    person: Person, yes: Annotated[bool, typer.Option("--yes", help="Sans cela, rien n'est effacé.")] = False
) -> None:
    """Efface les données d'une personne ; ses réservations restent, sous un pseudonyme."""

    async def work(house: House) -> int:
        number = internal_id("beneficiary", person)
        if not yes:
            raise ValueError("rien n'est effacé sans --yes : l'effacement ne se défait pas")
        done = await house.privacy.erase(number, actor=actor())
        out.print(f"effacée ; {counted(done, 'réservation annulée')}")
        return 0

    in_house(work)
