"""`passerelle demo`."""

from __future__ import annotations

import time

import typer
from rich.console import Console

from service.commands.running import NAMED, tell
from service.demo.scenario import play
from service.engines.lifetime import engines
from service.settings import Settings
from service.shadowing import check_rooms
from service.signals import until_stopped


def command() -> None:
    """Montre tout le produit à l'œuvre, sur une base à lui, en une minute."""
    begun = time.monotonic()
    out = Console(highlight=False)
    try:
        check_rooms()
        settings = Settings.from_environment(profile="demo", sandbox=True)
        out.print("[dim]moteurs : démarrage…[/]")
        with engines(settings) as urls:
            code = until_stopped(play(settings, urls, out))
    except NAMED as error:
        tell(error, "La démonstration s'arrête")
        raise typer.Exit(2) from None
    out.print(f"[dim]{time.monotonic() - begun:.0f} s en tout ; pour essayer vous-même : make serve[/]")
    raise typer.Exit(code)
