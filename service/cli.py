"""The `passerelle` command."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from service.commands import (
    connectors,
    credits,
    format,
    house,
    keys,
    locks,
    match,
    merges,
    offline,
    open_data,
    outbox,
    pages,
    people,
    providers,
    quarantine,
    read,
    review,
    reviewers,
    sandbox,
    secrets,
    serve,
    sources,
    sync,
    till,
    vendors,
    venues,
)
from service.commands.running import PROFILE
from service.demo import command as demo
from service.signals import end_on_signals

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Passerelle : lit les logiciels de la culture, rapproche, publie et réserve.",
)
app.add_typer(venues.app, name="venues")
app.add_typer(vendors.app, name="vendors")
app.add_typer(sources.app, name="sources")
app.add_typer(sync.app, name="sync")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(pages.app, name="pages")
app.add_typer(providers.app, name="providers")
app.add_typer(providers.alerts_app, name="alerts")
app.add_typer(outbox.app, name="outbox")
app.add_typer(people.app, name="people")
app.add_typer(secrets.app, name="secrets")
app.add_typer(credits.app, name="credits")
app.add_typer(keys.app, name="keys")
app.add_typer(offline.app, name="offline")
app.add_typer(till.app, name="till")
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(merges.app, name="merges")
app.add_typer(locks.app, name="locks")
app.add_typer(reviewers.app, name="reviewers")
app.add_typer(open_data.app, name="open-data")
app.add_typer(connectors.app, name="connectors")
app.add_typer(format.app, name="format")
app.add_typer(match.app, name="match")
app.add_typer(house.engines_app, name="engines")
app.command("review")(review.review)
app.command("read")(read.command)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("migrate")(house.migrate)
app.command("audit")(house.audit)
app.command("doubts")(house.doubts)
app.command("demo")(demo.command)


@app.callback()
def profile(
    name: Annotated[
        str | None, typer.Option("--profile", help="main, sandbox, demo… ; sans lui, celui du serveur en marche ici.")
    ] = None,
) -> None:
    """Choisit la base de travail avant toute commande."""
    if name is not None:
        os.environ[PROFILE] = name


def main() -> None:
    """The console script. Whatever asks it to end, engines and workers are stopped, not left."""
    end_on_signals()
    app()


if __name__ == "__main__":
    main()
