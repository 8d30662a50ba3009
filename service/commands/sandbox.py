"""`passerelle sandbox`: credentials for a running sandbox, one a line and nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from accounts.keys import SCOPES
from accounts.offerers import Offerers
from bookings.policies import POLICIES
from service.commands.running import in_house
from service.house import House
from service.sandbox_loading import VENDOR
from service.young_people import POLICY, beneficiary_tokens, countermarks

app = typer.Typer(no_args_is_help=True, help="Le bac à sable : des clés et des jetons pour l'essayer.")


@app.command()
def partner_key(label: Annotated[str, typer.Option(help="À quoi sert la clé.")] = "essai") -> None:
    """Imprime une clé d'éditeur qui agit pour tous les lieux du bac à sable."""

    async def work(house: House) -> int:
        _only_in_sandbox(house)
        vendor = await Offerers(house.pool).vendor(VENDOR)
        issued = await house.keys.issue(vendor, label=label, scopes=SCOPES, actor="system:sandbox")
        print(issued.text)
        return 0

    in_house(work)


@app.command()
def beneficiary_token(
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Combien de jeunes.")] = 1,
    policy: Annotated[str, typer.Option(help=f"Leur crédit : {', '.join(POLICIES)}.")] = POLICY,
    born: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leur date de naissance.")] = None,
) -> None:
    """Imprime des jetons de bénéficiaires neufs, chacun avec 500 €, ou le crédit d'autres règles."""

    async def work(house: House) -> int:
        _only_in_sandbox(house)
        if policy not in POLICIES:
            raise ValueError(f"crédit inconnu : {policy} (attendu : {', '.join(POLICIES)})")
        birth_date = None if born is None else born.date()
        for token in await beneficiary_tokens(house, count, policy=policy, birth_date=birth_date):
            print(token)
        return 0

    in_house(work)


@app.command()
def countermark(
    count: Annotated[int, typer.Option(min=1, max=1_000, help="Combien de contremarques.")] = 1,
) -> None:
    """Imprime des contremarques de livres que des jeunes viennent de réserver : une caisse peut les accepter."""

    async def work(house: House) -> int:
        _only_in_sandbox(house)
        for one in await countermarks(house, count):
            print(one)
        return 0

    in_house(work)


def _only_in_sandbox(house: House) -> None:
    if not house.settings.sandbox:
        raise ValueError("cette commande n'existe que dans le bac à sable : lancez « passerelle serve --sandbox »")
