"""`passerelle offline`: what venues risk by accepting tickets without network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from bookings import offline_reports
from schemas.ids import internal_id
from service.commands.running import in_house, out
from service.french import counted, euros
from service.house import House

app = typer.Typer(no_args_is_help=True, help="L'acceptation hors ligne : le plafond d'un lieu, et ce qu'il risque.")
Venue = Annotated[str, typer.Argument(metavar="LIEU", help="L'identifiant public du lieu.")]
BY = "staff:cli"


@app.command()
def limit(
    venue: Venue,
    cents: Annotated[int, typer.Option(min=0, help="Combien de centimes chaque caisse peut accepter avant d'envoyer.")],
    count: Annotated[int, typer.Option(min=0, help="Combien de billets.")],
) -> None:
    """Règle ce que chaque caisse d'un lieu peut accepter hors ligne ; zéro l'interdit."""

    async def work(house: House) -> int:
        venue_id = internal_id("venue", venue)
        await house.offline.set_limit(venue_id, most_cents=cents, most_count=count, actor=BY)
        out.print(f"{venue} : {euros(cents)} et {counted(count, 'billet')} par caisse")
        return 0

    in_house(work)


@app.command()
def risk(venue: Venue) -> None:
    """Montre ce qu'un lieu risque, et ce que trente jours d'acceptation hors ligne lui ont coûté."""

    async def work(house: House) -> int:
        venue_id = internal_id("venue", venue)
        place = await house.offline.place(venue_id, {venue_id})
        if place is None:
            raise LookupError("aucun lieu n'a cet identifiant")
        policy = await house.offline.policy(place)
        found = await offline_reports.risk(house.pool, policy, datetime.now(UTC))
        out.print(f"plafond : {euros(policy.most_cents)} et {counted(policy.most_count, 'billet')} par caisse")
        out.print(f"exposé : {euros(found.exposed_cents)}")
        out.print(f"acceptés : {found.accepted}, {euros(found.accepted_cents)}")
        out.print(f"conflits : {found.conflicts}, {euros(found.conflict_cents)} remis et non payés")
        out.print(f"refusés : {found.refused}")
        for till in found.tills:
            out.print(
                f"  {till.vendor}, {till.till} : entrée {till.last_sequence}, {till.missing} manquent, "
                f"{counted(till.conflicts, 'conflit')}, vue le {till.last_received_at:%d/%m à %H:%M} UTC",
                soft_wrap=True,
            )
        return 0

    in_house(work)
