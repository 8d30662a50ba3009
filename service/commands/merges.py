"""`passerelle merges`: what was held to be one thing, why, and how it is taken back."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from accounts.audit import record
from catalogue.database import Connection
from catalogue.joining import join, undo
from catalogue.members import Member
from catalogue.merge_history import fields_of, labels, merges, parts
from catalogue.splitting import split
from catalogue.survivorship import BY_HAND
from catalogue.verdicts import PERSON, never
from service.commands.entities import KINDS, By, EntityArgument, KindArgument, entity_of, kind_of, who
from service.commands.running import LARGEST, in_house, out
from service.french import counted
from service.house import House

app = typer.Typer(no_args_is_help=True, help="Les rapprochements : les voir, les expliquer, les faire, les défaire.")


@app.command("list")
def list_(
    undone: Annotated[bool, typer.Option("--undone", help="Aussi celles qui ont été défaites.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Combien en montrer.")] = 50,
) -> None:
    """Liste les fusions, la plus récente d'abord."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            found = await merges(conn, undone=undone, limit=limit)
        made = Table(box=None, pad_edge=False)
        for title in ("n°", "quoi", "absorbé", "dans", "par", "fiches", "état"):
            made.add_column(title)
        for one in found:
            made.add_row(
                str(one.id), KINDS[one.kind.name.lower()], str(one.absorbed_id), str(one.survivor_id), one.author,
                str(one.records), "défaite" if one.undone_at else "en vigueur",
            )  # fmt: skip
        out.print(made)
        return 0

    in_house(work)


@app.command()
def show(kind: KindArgument, entity: EntityArgument) -> None:
    """Dit de quelles fiches une chose est faite, comment elles y sont venues, et quelle source dit quoi."""

    async def work(house: House) -> int:
        code = kind_of(kind)
        id_ = entity_of(code, entity)
        async with house.pool.acquire() as conn:
            members, fields = await parts(conn, code, id_), await fields_of(conn, code, id_)
        if not members:
            raise LookupError(f"personne ne parle de {kind} {entity}, ou il a été fusionné")
        names = {one.source_id: one.source for one in members} | {BY_HAND: "à la main"}
        for one in members:
            came = f"par la fusion {one.merge_id}" if one.merge_id else _came(one.outcome, one.author, one.score)
            gone = " (retirée)" if one.is_gone else ""
            out.print(f"source {one.source_id} ({one.source}) {one.key} {one.part}".rstrip() + f"{gone} : {came}")
            for reason in (one.explanation or {}).get("reasons", []):
                out.print(Text(f"    {reason}", "dim"), soft_wrap=True)
        out.print()
        for name, said in sorted(fields.items()):
            first = said[0]
            why = "verrouillé" if first.source_id == BY_HAND else f"confiance {first.trust}"
            out.print(f"{name} : {_short(first.value)}  ← {names.get(first.source_id, first.source_id)} ({why})")
            for other in said[1:]:
                if other.value != first.value:
                    out.print(Text(f"    {_short(other.value)}  ← {names.get(other.source_id)} ({other.trust})", "dim"))
        return 0

    in_house(work)


@app.command("join")
def join_(kind: KindArgument, one: EntityArgument, other: EntityArgument, by: By = None) -> None:
    """Décide que deux choses sont la même : elles n'en font plus qu'une, jusqu'à ce qu'on le défasse."""

    async def work(house: House) -> int:
        code = kind_of(kind)
        async with house.pool.acquire() as conn, conn.transaction():
            await _note(conn, who(by), "merge.join", f"{kind}:{one}", {"other": other})
            made = await join(conn, code, entity_of(code, one), entity_of(code, other), author=PERSON + who(by))
        out.print(f"fusion {made.id} : {made.absorbed_id} est désormais {made.survivor_id}.")
        return 0

    in_house(work)


@app.command("undo")
def undo_(
    merge: Annotated[int, typer.Argument(min=1, max=LARGEST, metavar="N", help="Le numéro de la fusion.")],
    by: By = None,
    never_again: Annotated[bool, typer.Option("--never", help="Et que les deux ne soient jamais réunis.")] = False,
) -> None:
    """Défait une fusion : chaque fiche, séance, offre et place redevient ce qu'elle était."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn, conn.transaction():
            await _note(conn, who(by), "merge.undo", f"merge:{merge}", {"never": never_again})
            was = await undo(conn, merge, author=PERSON + who(by))
            if never_again:
                await never(conn, was.kind, was.absorbed_id, was.survivor_id, author=who(by))
        out.print(f"fusion {merge} défaite : {was.absorbed_id} et {was.survivor_id} sont de nouveau deux.")
        return 0

    in_house(work)


@app.command("split")
def split_(
    kind: KindArgument,
    source: Annotated[int, typer.Argument(min=1, max=LARGEST, help="Le numéro de la source.")],
    key: Annotated[str, typer.Argument(metavar="CLÉ", help="Comment cette source l'appelle.")],
    part: Annotated[str, typer.Option(help="La partie de la fiche, s'il y en a.")] = "",
    by: By = None,
) -> None:
    """Sort la fiche d'une source d'une chose qu'elle avait rejointe d'elle-même, pour de bon."""

    async def work(house: House) -> int:
        code = kind_of(kind)
        async with house.pool.acquire() as conn, conn.transaction():
            await _note(conn, who(by), "merge.split", f"{kind}:{source}:{key}", {})
            new = await split(conn, code, Member(source, key, part), author=PERSON + who(by))
        out.print(f"la fiche {key} de la source {source} est désormais {KINDS[kind]} {new}.")
        return 0

    in_house(work)


@app.command("never")
def never_(kind: KindArgument, one: EntityArgument, other: EntityArgument, by: By = None) -> None:
    """Décide que deux choses ne sont pas la même : aucune règle ne les réunira."""

    async def work(house: House) -> int:
        code = kind_of(kind)
        async with house.pool.acquire() as conn, conn.transaction():
            await _note(conn, who(by), "merge.never", f"{kind}:{one}", {"other": other})
            await never(conn, code, entity_of(code, one), entity_of(code, other), author=who(by))
        out.print("noté : jamais les mêmes.")
        return 0

    in_house(work)


@app.command("labels")
def labels_(
    to: Annotated[Path, typer.Option("--out", help="Le fichier CSV à écrire.")],
) -> None:
    """Écrit les décisions des personnes : `kind,id_a,id_b,label`, 1 pour la même chose, 0 pour deux."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            found = await labels(conn)
        with to.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("kind", "id_a", "id_b", "label"))
            for one in found:
                writer.writerow((one.kind.name.lower(), one.left, f"e{one.right}", int(one.same)))
        out.print(f"{counted(len(found), 'décision')} dans {to}")
        return 0

    in_house(work)


def _came(outcome: str | None, author: str | None, score: int | None) -> str:
    if outcome is None:
        return "la première à en parler"
    return f"{'même chose' if outcome == 'same' else outcome}, {score} sur 100, par {author}"


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"


async def _note(conn: Connection, by: str, action: str, subject: str, details: dict[str, object]) -> None:
    await record(conn, f"staff:{by}", action, subject, details)
