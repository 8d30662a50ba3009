"""What people answered to questions of the review, each answer with what it did."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Text, text
from sqlmodel import Field, SQLModel

from catalogue.columns import moment, surrogate


class ReviewAnswer(SQLModel, table=True):
    """One answer to one question (a `merge_decision` that asks): one stands at a time."""

    __tablename__ = "review_answer"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("verdict in ('same', 'different', 'unsure')", name="review_answer_verdict"),
        CheckConstraint("(verdict = 'same') = (merge_id is not null)", name="review_answer_merge"),
        Index("review_answer_standing", "question_id", unique=True, postgresql_where=text("undone_at is null")),
    )

    id: int = surrogate()
    question_id: int = Field(sa_column=Column(BigInteger, ForeignKey("merge_decision.id"), nullable=False))
    verdict: str = Field(sa_type=Text)
    newcomer_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    candidate_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The two entities as they stood when it was given."""
    merge_id: int | None = Field(sa_column=Column(BigInteger, ForeignKey("entity_merge.id")))
    author: str = Field(sa_type=Text)
    answered_at: datetime = moment(required=True)
    undone_at: datetime | None = moment()
