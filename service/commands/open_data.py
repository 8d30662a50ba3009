"""`passerelle open-data`: the open data as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from open_data.dump import NotADump, dump
from service.commands.running import in_house, out
from service.house import House
from sync.runner import now

app = typer.Typer(no_args_is_help=True, help="Les données ouvertes.")


@app.command("dump")
def dump_(folder: Annotated[Path, typer.Option("--out", help="Le dossier à écrire, remplacé d'un coup.")]) -> None:
    """Écrit toutes les offres dont la licence le permet, avec leur datapackage.json."""

    async def work(house: House) -> int:
        try:
            manifest = await dump(house.pool, folder, at=now())
        except NotADump as error:
            raise ValueError(str(error)) from None
        out.print(f"{manifest.offers} offres dans {manifest.folder} ({', '.join(manifest.licences)})", soft_wrap=True)
        return 0

    in_house(work)


@app.callback()
def _group() -> None:
    """A group of its own, though it has one command yet."""
