"""`passerelle locks`: fields that people set by hand, and no import overwrites."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from accounts.audit import record
from catalogue.field_locks import hold, lift, locks
from service.commands.entities import KINDS, By, EntityArgument, KindArgument, entity_of, kind_of, who
from service.commands.running import in_house, out
from service.house import House

app = typer.Typer(no_args_is_help=True, help="Les champs fixés à la main, qu'aucune source ne change.")
FieldArgument = Annotated[str, typer.Argument(metavar="CHAMP", help="Le nom du champ dans le format ouvert.")]


@app.command("list")
def list_() -> None:
    """Liste les champs verrouillés, le plus récent d'abord."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            found = await locks(conn)
        made = Table(box=None, pad_edge=False)
        for title in ("quoi", "n°", "champ", "valeur", "par"):
            made.add_column(title)
        for one in found:
            value = one.value if isinstance(one.value, str) else json.dumps(one.value, ensure_ascii=False)
            made.add_row(KINDS[one.kind.name.lower()], str(one.entity_id), one.field, value, one.author)
        out.print(made)
        return 0

    in_house(work)


@app.command("set")
def set_(
    kind: KindArgument,
    entity: EntityArgument,
    field: FieldArgument,
    value: Annotated[str, typer.Argument(metavar="VALEUR", help="Un texte, ou du JSON.")],
    by: By = None,
) -> None:
    """Fixe un champ : c'est ce qui est montré, quoi que disent les sources."""

    async def work(house: House) -> int:
        code = kind_of(kind)
        async with house.pool.acquire() as conn, conn.transaction():
            await record(conn, f"staff:{who(by)}", "field.lock", f"{kind}:{entity}", {"field": field})
            await hold(conn, code, entity_of(code, entity), field, _value(value), author=who(by))
        out.print(f"{field} est verrouillé.")
        return 0

    in_house(work)


@app.command("clear")
def clear(kind: KindArgument, entity: EntityArgument, field: FieldArgument, by: By = None) -> None:
    """Rend la parole aux sources."""

    async def work(house: House) -> int:
        code = kind_of(kind)
        async with house.pool.acquire() as conn, conn.transaction():
            await record(conn, f"staff:{who(by)}", "field.unlock", f"{kind}:{entity}", {"field": field})
            await lift(conn, code, entity_of(code, entity), field)
        out.print(f"{field} suit de nouveau les sources.")
        return 0

    in_house(work)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
