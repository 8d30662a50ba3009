"""The answers of `/review…`: two records side by side, and what was said of them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import field

from catalogue.review import Answered, side_by_side
from catalogue.verdicts import Question
from partner_api.answers import Answer
from schemas.ids import public_id


class ComparedFieldAnswer(Answer, frozen=True):
    """A field as both sides tell it, as text."""

    name: str
    left: str | None = None
    right: str | None = None


class VerdictAnswer(Answer, frozen=True):
    """What was answered."""

    verdict: str
    """`same`, `different` or `unsure`."""
    answered_at: datetime


class QuestionAnswer(Answer, frozen=True):
    """Whether a source's record is of an entity."""

    id: str
    kind: str | None = None
    """None where it is no question any more; then only its answer is told."""
    score: int | None = None
    """0 to 100: how likely they are the same."""
    dependents: int | None = None
    """How many things hang on the answer."""
    source: str | None = None
    """Who tells the left side."""
    left_id: str | None = None
    right_id: str | None = None
    fields: list[ComparedFieldAnswer] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """Why it is thought so, in French, the heaviest first."""
    answer: VerdictAnswer | None = None


class QuestionsAnswer(Answer, frozen=True):
    """A page of questions."""

    questions: list[QuestionAnswer]


def question(asked: Question) -> QuestionAnswer:
    """A question that waits."""
    kind = asked.kind.name.lower()
    return QuestionAnswer(
        id=public_id("question", asked.id),
        kind=kind,
        score=asked.score,
        dependents=asked.dependents,
        source=asked.source,
        left_id=public_id(kind, asked.newcomer),
        right_id=public_id(kind, asked.candidate),
        fields=[ComparedFieldAnswer(name=row.name, left=row.left, right=row.right) for row in side_by_side(asked)],
        reasons=asked.explanation.get("reasons", []),
    )


def question_with_answer(id_: int, asked: Question | None, given_: Answered | None) -> QuestionAnswer:
    """A question in whatever state."""
    told = QuestionAnswer(id=public_id("question", id_)) if asked is None else question(asked)
    return told if given_ is None else _with(told, given_)


def given(answered: Answered) -> VerdictAnswer:
    """An answer that stands."""
    return VerdictAnswer(verdict=answered.verdict, answered_at=answered.answered_at)


def _with(told: QuestionAnswer, answered: Answered) -> QuestionAnswer:
    return msgspec.structs.replace(told, answer=given(answered))
