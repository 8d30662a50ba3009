"""`passerelle match rebuild`: all that stands matched anew; the difference first, the change only when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from accounts.audit import record
from catalogue.kinds import MATCHED, KindCode
from service.commands.entities import KINDS, By, kind_of, who
from service.commands.running import in_house, out
from service.french import counted
from service.house import House

if TYPE_CHECKING:
    from catalogue.rebuild import Done
    from catalogue.rebuild_plan import Join
    from catalogue.rebuild_splits import Part
    from sync.rebuilding import Foreseen


def rebuild(
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="SORTE", help="Une seule sorte : work, product, venue ou event.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Le faire ; sans cela, rien n'est écrit.")] = False,
    examples: Annotated[int, typer.Option(min=0, max=1000, help="Combien d'exemples montrer de chaque.")] = 3,
    by: By = None,
) -> None:
    """Refait le rapprochement de tout ce que la base contient : montre la différence, et l'applique sur demande.

    Les décisions des personnes, les champs verrouillés et les sources propres sont respectés ; chaque fusion se défait
    par « merges undo ».
    """

    async def work(house: House) -> int:
        # It takes the numerical libraries, which need a third of a second.
        from sync import rebuilding

        kinds = MATCHED if kind is None else (kind_of(kind),)
        is_empty = True
        if apply:
            for one in kinds:
                async with house.pool.acquire() as conn:
                    await record(conn, f"staff:{who(by)}", "match.rebuild", f"kind:{one.name.lower()}", {})
                found, done = await rebuilding.rebuild(house.pool, one)
                is_empty &= found.plan.is_empty
                _show(found, 0)
                _tell(one, done)
        else:
            async for found in rebuilding.foresee(house.pool, kinds):
                is_empty &= found.plan.is_empty
                _show(found, examples)
        if not apply:
            out.print("Rien à changer." if is_empty else "Rien n'est écrit ; pour le faire : --apply.")
        return 0

    in_house(work)


def _show(found: Foreseen, examples: int) -> None:
    plan = found.plan
    out.print(
        f"{KINDS[plan.kind.name.lower()]} : {counted(plan.records, 'fiche')}, {counted(plan.entities, 'entité')} ; "
        f"{counted(len(plan.joins), 'fusion')}, {counted(len(plan.parts), 'séparation')}, "
        f"{counted(len(plan.asks), 'question')} ; "
        f"{counted(found.offers, 'offre concernée')}, {counted(found.bookings, 'réservation concernée')}",
        soft_wrap=True,
    )
    _print("à réunir", plan.kind, plan.joins[:examples])
    _print("à séparer", plan.kind, plan.parts[:examples])
    _print("à demander", plan.kind, plan.asks[:examples])


def _print(title: str, kind: KindCode, steps: Sequence[Join | Part]) -> None:
    for step in steps:
        keys = ", ".join(f"{member.key} (source {member.source_id})" for member in step.members)
        what = f"{' et '.join(map(str, step.ids))} : {keys}"
        out.print(f"  {title}, {KINDS[kind.name.lower()]} {what}, {step.score} sur 100", soft_wrap=True)
        for reason in step.explanation.get("reasons", []):
            out.print(Text(f"    {reason}", "dim"), soft_wrap=True)


def _tell(kind: KindCode, done: Done) -> None:
    overtaken = f", {counted(done.overtaken, 'changement dépassé')} entre-temps" if done.overtaken else ""
    out.print(f"  {KINDS[kind.name.lower()]} : {counted(done.made, 'changement fait')}{overtaken}.")
