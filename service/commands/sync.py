"""`passerelle sync`: reading a source now, and how readings went."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.live import Live
from rich.text import Text

from accounts import audit
from service.commands import shown
from service.commands.providers import print_alerts
from service.commands.providers import table as providers_table
from service.commands.running import LARGEST, in_house, out
from service.commands.staff import actor
from service.french import FAILURES, counted
from service.house import House
from service.worker import stopping
from sync.alerts import untold
from sync.providers import listed as providers_listed
from sync.runs import RunReport, report
from sync.sources import listed

REFRESHED = 1.0
"""Seconds between two looks of `--watch`."""
app = typer.Typer(no_args_is_help=True, help="Les lectures des sources.")


@app.command()
def run(
    source: Annotated[int, typer.Argument(min=1, max=LARGEST, help="Le numéro de la source.")],
    full: Annotated[bool, typer.Option("--full", help="Tout relire, au lieu de ce qui a changé.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Dire ce qui changerait, sans rien changer.")] = False,
) -> None:
    """Lit une source maintenant, et dit ce qui a changé."""

    async def work(house: House) -> int:
        if dry_run:
            rehearsal = await house.runner.rehearse(source, full=full)
            print_report(rehearsal.report)
            if rehearsal.differences:
                out.print(shown.changes(rehearsal.differences))
            out.print("essai seulement : rien n'a été changé")
            return 0
        told = await house.runner.run(source, full=full)
        print_report(told)
        return 0 if told.state == "done" else 1

    in_house(work)


@app.command()
def release(
    run_id: Annotated[int, typer.Argument(min=1, max=LARGEST, metavar="RUN", help="L'exécution qui attend.")],
) -> None:
    """Laisse passer les retraits qu'une garde a retenus, après les avoir regardés."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            # Before: a person has looked and says so, whatever then becomes of it.
            await audit.record(conn, actor(), "run.released", f"run:{run_id}")
        print_report(await house.runner.release(run_id))
        return 0

    in_house(work)


@app.command()
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Rester et suivre les lectures, jusqu'à Ctrl-C.")] = False,
) -> None:
    """Montre toutes les sources, où en sont leurs lectures, et ce qui attend."""

    async def work(house: House) -> int:
        if not watch:
            out.print(await standing(house))
            async with house.pool.acquire() as conn:
                troubled = [row for row in await providers_listed(conn) if row.stopped_at or row.opened_at]
                alerts = await untold(conn)
            if troubled:
                out.print(providers_table(troubled))
            if alerts:
                print_alerts(alerts)
            return 0
        stop = stopping()
        with Live(console=out, auto_refresh=False, screen=out.is_terminal) as live:
            while not stop.is_set():
                live.update(await standing(house, most=max(out.height - 4, 1)), refresh=True)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), REFRESHED)
        return 0

    in_house(work)


@app.command("report")
def report_(
    run_id: Annotated[int, typer.Argument(min=1, max=LARGEST, metavar="RUN", help="L’exécution.")],
) -> None:
    """Montre le rapport d'une exécution : comptes, étapes, séances déplacées, premiers refus."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            out.print(shown.run_report(await report(conn, run_id)), soft_wrap=True)
        return 0

    in_house(work)


async def standing(house: House, *, most: int | None = None) -> RenderableType:
    """Where the sources stand now."""
    async with house.pool.acquire() as conn:
        waiting = await conn.fetchval("select count(*) from quarantine where resolved_at is null")
        return shown.status(await listed(conn), waiting, most=most)


def print_report(report: RunReport) -> None:
    """One run in a line, and why it ended badly where it did."""
    out.print(shown.run_line(report))
    if report.moved:
        out.print(f"{counted(report.moved, 'séance')} déplacées : passerelle sync report {report.id}")
    if report.message:
        failure = FAILURES.get(report.failure or "", report.failure or "à savoir")
        out.print(Text.assemble((failure, "yellow"), f" : {report.message}"), soft_wrap=True)
