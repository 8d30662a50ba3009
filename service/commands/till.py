"""`passerelle till`: a small till that accepts signed tickets without network, to see how one is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import ClientError, ClientSession

from sandbox.offline_till import OfflineTill
from sandbox.signed_ticket import Refused
from sandbox.till_network import fetch
from sandbox.till_network import upload as send
from service.commands.running import named, out, tell
from service.french import counted, euros

app = typer.Typer(no_args_is_help=True, help="Une caisse qui accepte des billets signés sans réseau.")
File = Annotated[Path, typer.Option(help="Le fichier de la caisse : ce qu'elle sait, et son journal.")]
Key = Annotated[str, typer.Option(prompt="clé d'API", hide_input=True, help="La clé d'API ; sans elle, demandée.")]
Url = Annotated[str, typer.Option(help="L'adresse de la plateforme.")]
HERE = Path("caisse.json")
LOOPBACK = "http://127.0.0.1:8080"


@app.command()
def prepare(
    venue: Annotated[str, typer.Argument(help="L'identifiant public du lieu.")],
    key: Key,
    name: Annotated[str, typer.Option(help="Le nom de la caisse.")] = "caisse 1",
    url: Url = LOOPBACK,
    file: File = HERE,
) -> None:
    """Lit les clés publiées, le plafond et les révocations du lieu, tant qu'il y a du réseau."""

    async def work(http: ClientSession) -> None:
        lists = await fetch(http, key, venue, datetime.now(UTC))
        till = _known(file) if file.exists() else OfflineTill(name, lists)
        till.lists = lists
        till.save(file)
        policy = lists.policy
        out.print(
            f"{till.name} : jusqu'à {euros(policy['mostCents'])} et {counted(policy['mostCount'], 'billet')} hors ligne"
        )

    _online(url, work)


@app.command()
def accept(
    ticket: Annotated[str, typer.Argument(help="Le texte du code QR.")],
    quantity: Annotated[int | None, typer.Option(min=1, help="Pour combien.")] = None,
    file: File = HERE,
) -> None:
    """Accepte un billet signé, sans réseau ; sort en erreur avec le motif s'il ne peut pas l'être."""
    with named():
        till = _known(file)
        try:
            found = till.accept(ticket, datetime.now(UTC), quantity=quantity)
        except Refused as refusal:
            out.print(f"refusé ({refusal.reason}) : {refusal}")
            raise typer.Exit(1) from None
        till.save(file)
        out.print(f"accepté : quantité {found.quantity}, {euros(found.cents)}")


@app.command()
def upload(key: Key, url: Url = LOOPBACK, file: File = HERE) -> None:
    """Envoie le journal, et dit ce qu'est devenue chaque entrée ; sort en erreur s'il y a un conflit."""
    conflicts: list[int] = []

    async def work(http: ClientSession) -> None:
        till = _known(file)
        for one in await send(http, key, till):
            assert one.receipt is not None
            problem = one.receipt.get("problem", {})
            told = f"{one.sequence} : {one.receipt['outcome']} {problem.get('detail', '')}"
            out.print(f"{told.rstrip()} {problem.get('usedWhere', '')}".rstrip())
            if one.receipt["outcome"] in ("conflict", "refused"):
                conflicts.append(one.sequence)
        till.save(file)
        out.print(f"{len(till.pending)} en attente")

    _online(url, work)
    raise typer.Exit(1 if conflicts else 0)


def _known(file: Path) -> OfflineTill:
    if not file.exists():
        raise LookupError(f"{file} n'existe pas encore : « passerelle till prepare » le fait, tant qu'il y a du réseau")
    return OfflineTill.load(file)


def _online(url: str, work: Callable[[ClientSession], Awaitable[None]]) -> None:
    async def run() -> None:
        async with ClientSession(url) as http:
            await work(http)

    with named():
        try:
            asyncio.run(run())
        except ClientError as error:
            tell(error, f"{url} ne répond pas")
            raise typer.Exit(2) from None
