"""`passerelle review`: the doubtful cases side by side, most valuable answer first; y, n or u."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from accounts.audit import record
from catalogue.database import Pool
from catalogue.joining import join, undo
from catalogue.refusals import MergeRefused
from catalogue.verdicts import PERSON, Question, never, questions, unsay
from service.commands.entities import KINDS, By, who
from service.commands.running import err, in_house, out
from service.french import counted
from service.house import House

HIDDEN = frozenset({"kind", "ref", "workKey", "venueKey", "eventKey"})
KEYS = "o/y : la même chose · n : deux choses · p : passer · u : défaire la dernière réponse · q : quitter"


def review(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Combien de cas au plus.")] = 50,
    show: Annotated[bool, typer.Option("--list", help="Seulement les montrer, sans rien demander.")] = False,
    by: By = None,
) -> None:
    """Demande si deux choses sont la même, en commençant par les réponses qui changent le plus."""

    async def work(house: House) -> int:
        async with house.pool.acquire() as conn:
            asked = await questions(conn, limit)
        if not asked:
            out.print("Aucun doute n'attend de réponse.")
            return 0
        if show:
            for question in asked:
                _print(question)
            return 0
        return await _ask(house.pool, list(asked), who(by))

    in_house(work)


async def _ask(pool: Pool, asked: list[Question], by: str) -> int:
    undoable: list[tuple[Question, int | None]] = []
    answered, place = 0, 0
    while place < len(asked):
        question = asked[place]
        _print(question)
        key = _key()
        if key == "q":
            break
        if key == "u":
            if not undoable:
                err.print("rien à défaire")
                continue
            last, merge_id = undoable.pop()
            await _take_back(pool, last, merge_id, by)
            answered, place = answered - 1, asked.index(last)
            continue
        if key in ("o", "y", "n"):
            try:
                undoable.append((question, await _answer(pool, question, same=key != "n", by=by)))
                answered += 1
            except (MergeRefused, LookupError) as error:
                err.print(str(error))
        place += 1
    out.print(f"{counted(answered, 'réponse notée')}.")
    return 0


async def _answer(pool: Pool, question: Question, *, same: bool, by: str) -> int | None:
    async with pool.acquire() as conn, conn.transaction():
        subject = f"{question.kind.name.lower()}:{question.newcomer}"
        await record(
            conn, f"staff:{by}", "merge.join" if same else "merge.never", subject, {"other": question.candidate}
        )
        if same:
            made = await join(
                conn, question.kind, question.newcomer, question.candidate,
                author=PERSON + by, explanation=question.explanation,
            )  # fmt: skip
            return made.id
        await never(conn, question.kind, question.newcomer, question.candidate, author=by)
        return None


async def _take_back(pool: Pool, question: Question, merge_id: int | None, by: str) -> None:
    async with pool.acquire() as conn, conn.transaction():
        await record(conn, f"staff:{by}", "merge.undo", f"{question.kind.name.lower()}:{question.newcomer}", {})
        if merge_id is not None:
            await undo(conn, merge_id, author=PERSON + by)
        else:
            await unsay(conn, question.kind, question.newcomer, question.candidate, question.id)


def _key() -> str:
    out.print(Text(KEYS, "dim"))
    try:
        return input("> ").strip().lower()[:1] or "p"
    except EOFError:
        return "q"


def _print(question: Question) -> None:
    out.print()
    title = f"{KINDS[question.kind.name.lower()]} : {question.score} sur 100, {question.dependents} en dépendent"
    made = Table(title=title, title_justify="left")
    made.add_column("")
    made.add_column(f"{question.newcomer} ({question.source})")
    made.add_column(str(question.candidate))
    for name in sorted({*question.left, *question.right} - HIDDEN):
        left, right = _short(question.left, name), _short(question.right, name)
        if left or right:
            style = "" if left == right else "yellow"
            made.add_row(name, Text(left, style), Text(right, style))
    out.print(made)
    for reason in question.explanation.get("reasons", []):
        out.print(f"  {reason}", soft_wrap=True)


def _short(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value in (None, "", [], {}):
        return ""
    if name == "contributors":
        return ", ".join(one["name"] for one in value)
    if name == "identifiers":
        return ", ".join(f"{one['scheme']} {one['value']}" for one in value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
