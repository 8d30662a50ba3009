"""`passerelle review`: the doubtful cases side by side, most valuable answer first; y, n or u."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from catalogue.refusals import MergeRefused, QuestionAnswered, QuestionClosed
from catalogue.review import side_by_side
from catalogue.verdicts import Question
from service.commands.entities import KINDS, By, who
from service.commands.running import err, in_house, out
from service.french import counted
from service.house import House
from sync.reviewing import Reviews

KEYS = "o/y : la même chose · n : deux choses · p : passer · u : défaire la dernière réponse · q : quitter"


def review(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Combien de cas au plus.")] = 50,
    show: Annotated[bool, typer.Option("--list", help="Seulement les montrer, sans rien demander.")] = False,
    by: By = None,
) -> None:
    """Demande si deux choses sont la même, en commençant par les réponses qui changent le plus."""

    async def work(house: House) -> int:
        reviews = Reviews(house.pool)
        asked = await reviews.open(limit=limit)
        if not asked:
            out.print("Aucun doute n'attend de réponse.")
            return 0
        if show:
            for question in asked:
                _print(question)
            return 0
        return await _ask(reviews, list(asked), who(by))

    in_house(work)


async def _ask(reviews: Reviews, asked: list[Question], by: str) -> int:
    given: list[Question] = []
    place = 0
    while place < len(asked):
        question = asked[place]
        _print(question)
        key = _key()
        if key == "q":
            break
        if key == "u":
            if not given:
                err.print("rien à défaire")
                continue
            last = given.pop()
            await reviews.take_back(last.id, by=by, actor=f"staff:{by}")
            place = asked.index(last)
            continue
        if key in ("o", "y", "n"):
            try:
                await reviews.answer(question.id, "different" if key == "n" else "same", by=by, actor=f"staff:{by}")
                given.append(question)
            except (MergeRefused, QuestionAnswered, QuestionClosed, LookupError) as error:
                err.print(str(error))
        place += 1
    out.print(f"{counted(len(given), 'réponse notée')}.")
    return 0


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
    for row in side_by_side(question):
        left, right = _short(row.left), _short(row.right)
        style = "" if row.left == row.right else "yellow"
        made.add_row(row.name, Text(left, style), Text(right, style))
    out.print(made)
    for reason in question.explanation.get("reasons", []):
        out.print(f"  {reason}", soft_wrap=True)


def _short(text: str | None) -> str:
    text = text or ""
    return text if len(text) <= 80 else f"{text[:79]}…"
