"""`passerelle migrate`, `audit`, `doubts` and `engines`: the state of the house itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from bookings.audit import violations
from bookings.reconciler import InDoubt
from migrations.run import upgrade
from schemas.ids import public_id
from service.commands.running import in_house, named, out, settings_here
from service.engines.databases import prepare_database
from service.engines.lifetime import EngineUrls, engines, states, stop
from service.french import counted
from service.house import House
from service.settings import Settings
from service.signals import until_stopped

engines_app = typer.Typer(no_args_is_help=True, help="Les moteurs embarqués de ce dossier.")


def migrate() -> None:
    """Met la base à jour. À lancer avant le nouveau code ; sans effet si elle l'est déjà."""
    with named():
        settings = settings_here()
        with engines(settings) as urls:
            until_stopped(_migrate(settings, urls))
    out.print("base à jour")


async def _migrate(settings: Settings, urls: EngineUrls) -> None:
    await upgrade(await prepare_database(settings, urls))


def audit() -> None:
    """Vérifie tout ce qui doit être vrai dans la base ; sort en erreur avec les lignes fautives."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            found = await violations(conn)
        for violation in found:
            out.print(Text.assemble((violation.rule, "red"), f" : {_as_json(violation.row)}"), soft_wrap=True)
        out.print(counted(len(found), "anomalie") if found else "tout est juste")
        return 1 if found else 0

    in_house(work)


def _as_json(row: Mapping[str, Any]) -> str:
    # The sums come as decimals, and nobody knows « 5E+4 » for fifty thousand cents.
    plain = {name: int(value) if isinstance(value, Decimal) else value for name, value in row.items()}
    return msgspec.json.encode(plain, enc_hook=str).decode()


def doubts() -> None:
    """Liste les ventes dont personne ne sait si la billetterie du lieu les a faites : à éclaircir avec lui."""

    async def work(house: House) -> int:
        found = await house.reconciler.in_doubt()
        for one in found:
            out.print(doubt(one), soft_wrap=True)
        out.print(f"{counted(len(found), 'vente')} en doute" if found else "aucune vente en doute")
        return 0

    in_house(work)


def doubt(one: InDoubt) -> str:
    """A sale in doubt in one line."""
    ended = "remboursée ici, peut-être vendue là-bas" if one.booking_status == "cancelled" else one.booking_status
    return (
        f"{public_id('booking', one.booking_id)} (source {one.source_id}) : {one.state}, {ended} ; "
        f"{counted(one.attempts, 'essai')}, prochain le {one.next_try_at:%d/%m à %H:%M} UTC ; {one.last_error or '—'}"
    )


@engines_app.command("status")
def status() -> None:
    """Dit si les moteurs embarqués tournent, et où sont leurs données et leurs journaux."""
    with named():
        found = states(settings_here(profile="test").home)
    for state in found:
        out.print(f"{state.title} : {'en marche' if state.is_running else 'arrêté'}")
        out.print(f"  données : {state.data}\n  journal : {state.log}", soft_wrap=True)
    if not found:
        out.print("aucun moteur embarqué dans ce dossier")


@engines_app.command("stop")
def stop_(
    force: Annotated[bool, typer.Option("--force", help="Même si un autre processus s'en sert.")] = False,
) -> None:
    """Arrête les moteurs embarqués restés en marche."""
    with named():
        stop(settings_here(profile="test").home, force=force)
