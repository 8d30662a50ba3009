"""Questions about likeness answered one by one: an answer is kept with what it did, stands once, and is taken back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from catalogue.database import Connection
from catalogue.joining import join, undo
from catalogue.kinds import KindCode
from catalogue.refusals import NotAnswered, QuestionAnswered, QuestionClosed, QuestionUnknown, UnknownEntity
from catalogue.survivorship import NOT_FIELDS
from catalogue.verdicts import PERSON, Question, never, question, unsay

Verdict = Literal["same", "different", "unsure"]
VERDICTS: Final[tuple[Verdict, ...]] = ("same", "different", "unsure")

_LONGEST: Final = 300
_HOLD: Final = "select kind from merge_decision where id = $1 and outcome = 'ask' for update"
# A merge that was undone elsewhere was an answer, and is none now.
_STANDING: Final = """
select a.id, a.verdict, a.author, a.answered_at, a.merge_id, a.newcomer_id, a.candidate_id
from review_answer a left join entity_merge m on m.id = a.merge_id
where a.question_id = $1 and a.undone_at is null and m.undone_at is null
"""
_SETTLED: Final = "update merge_decision set undone_at = now() where id = $1 and undone_at is null"
_FORGET: Final = "update review_answer set undone_at = now() where question_id = $1 and undone_at is null"
_KEEP: Final = """
insert into review_answer (question_id, verdict, newcomer_id, candidate_id, merge_id, author)
values ($1, $2, $3, $4, $5, $6) returning answered_at
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that stands."""

    question_id: int
    verdict: Verdict
    author: str
    answered_at: datetime


async def standing(conn: Connection, question_id: int) -> Answered | None:
    """The question's answer; None while there is none. Nobody else answers it until the transaction ends.

    `QuestionUnknown` where there is no such question.
    """
    if await conn.fetchval(_HOLD, question_id) is None:
        raise QuestionUnknown
    row = await conn.fetchrow(_STANDING, question_id)
    return None if row is None else Answered(question_id, row["verdict"], row["author"], row["answered_at"])


async def answer(conn: Connection, question_id: int, verdict: Verdict, *, author: str) -> Answered:
    """Does what a person says: joins the two, keeps them apart for good, or leaves the question to somebody else.

    The same answer again is the same answer. `QuestionUnknown`; `QuestionAnswered` where another one stands, but
    « unsure », which gives way; `QuestionClosed` where it is no question any more; `MergeRefused`. `author` is a
    person's name. To be called in a transaction of its own, or last in one: it writes the change log.
    """
    before = await standing(conn, question_id)
    if before is not None and before.verdict == verdict:
        return before
    if before is not None and before.verdict != "unsure":
        raise QuestionAnswered(before.verdict)
    asked = await question(conn, question_id)
    if asked is None:
        raise QuestionClosed
    await conn.execute(_FORGET, question_id)
    merge_id = None
    if verdict == "same":
        merge_id = await _join(conn, asked, author)
    elif verdict == "different":
        await never(conn, asked.kind, asked.newcomer, asked.candidate, author=author)
        await conn.execute(_SETTLED, question_id)
    at = await conn.fetchval(_KEEP, question_id, verdict, asked.newcomer, asked.candidate, merge_id, PERSON + author)
    return Answered(question_id, verdict, PERSON + author, at)


async def take_back(conn: Connection, question_id: int, *, author: str) -> Answered:
    """Undoes an answer with all it did, and opens the question again; the answer there was.

    `QuestionUnknown`, `NotAnswered`. To be called in a transaction of its own, or last in one.
    """
    before = await standing(conn, question_id)
    if before is None:
        raise NotAnswered
    row = await conn.fetchrow(_STANDING, question_id)
    assert row is not None
    await conn.execute(_FORGET, question_id)
    if row["merge_id"] is not None:
        await undo(conn, row["merge_id"], author=PERSON + author)
    elif row["verdict"] == "different":
        kind = KindCode(await conn.fetchval("select kind from merge_decision where id = $1", question_id))
        await unsay(conn, kind, row["newcomer_id"], row["candidate_id"], question_id)
    return before


async def _join(conn: Connection, asked: Question, author: str) -> int:
    try:
        made = await join(
            conn,
            asked.kind,
            asked.newcomer,
            asked.candidate,
            author=PERSON + author,
            explanation=asked.explanation,
        )
    except UnknownEntity:
        raise QuestionClosed from None
    return made.id


@dataclass(frozen=True, slots=True)
class Compared:
    """A field as both sides tell it, as text; None where one does not."""

    name: str
    left: str | None
    right: str | None


def side_by_side(asked: Question) -> list[Compared]:
    """The fields that either side tells, in the order of their names."""
    names = sorted({*asked.left, *asked.right} - NOT_FIELDS)
    rows = [Compared(name, _text(asked.left, name), _text(asked.right, name)) for name in names]
    return [row for row in rows if row.left is not None or row.right is not None]


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value in (None, "", [], {}):
        return None
    if name == "contributors":
        text = ", ".join(one["name"] for one in value)
    elif name == "identifiers":
        text = ", ".join(f"{one['scheme']} {one['value']}" for one in value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
