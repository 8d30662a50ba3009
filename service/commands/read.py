"""`passerelle read`: what a connector makes of a provider's answer, with no database at all."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
import typer

from connectors.reading import read, to_line
from connectors.registry import REGISTRY
from net.client import open_http
from service.commands.running import named
from service.commands.sources import assignments
from service.signals import until_stopped
from sync.runner import now


def command(
    connector: Annotated[str, typer.Argument(help=f"Parmi : {', '.join(sorted(REGISTRY))}.")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="Un réglage, nom=valeur ; répétable.")] = None,
    allow_private: Annotated[bool, typer.Option(help="Permettre des adresses privées.")] = False,
) -> None:
    """Lit une source et imprime les changements normalisés, un objet JSON par ligne (path=… pour un fichier)."""
    with named():
        try:
            until_stopped(_print(connector, assignments(settings or []), allow_private=allow_private))
        except OSError as error:
            # Nothing more can be written: keep Python from complaining at its end.
            sys.stdout = None
            # `| head` has read enough; a full disk is worth a word.
            if not isinstance(error, BrokenPipeError):
                raise


async def _print(connector: str, settings: dict[str, str], *, allow_private: bool) -> None:
    async with open_http(allow_private=allow_private) as http:
        try:
            async for change in read(connector, settings, http, clock=now):
                sys.stdout.buffer.write(msgspec.json.encode(to_line(change)) + b"\n")
        finally:
            sys.stdout.flush()
