"""The review as its readers use it, at the keyboard and over HTTP: an answer is one transaction, and audited in it."""

from __future__ import annotations

from collections.abc import Sequence

from accounts import audit
from catalogue.database import Pool
from catalogue.kinds import KindCode
from catalogue.review import Answered, Verdict, answer, standing, take_back
from catalogue.verdicts import Place, Question, question, questions


class Reviews:
    """Questions, answers, and answers taken back. Raises what `catalogue.review` does."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def open(
        self, *, kind: KindCode | None = None, after: Place | None = None, limit: int = 50
    ) -> Sequence[Question]:
        """Questions that wait, the most valuable answer first; those that somebody was unsure of come last."""
        async with self._pool.acquire() as conn:
            return await questions(conn, limit, kind=kind, after=after)

    async def one(self, question_id: int) -> tuple[Question | None, Answered | None]:
        """A question as it stands, None where it is no question any more; and its answer. Raises `QuestionUnknown`."""
        async with self._pool.acquire() as conn, conn.transaction():
            given = await standing(conn, question_id)
            return await question(conn, question_id), given

    async def answer(self, question_id: int, verdict: Verdict, *, by: str, actor: str) -> Answered:
        """An answer of `by`, for which `actor` is held to account; the same again is answered the same, noted once."""
        async with self._pool.acquire() as conn, conn.transaction():
            before = await standing(conn, question_id)
            if before is None or before.verdict != verdict:
                await audit.record(conn, actor, f"review.{verdict}", f"question:{question_id}")
            return await answer(conn, question_id, verdict, author=by)

    async def take_back(self, question_id: int, *, by: str, actor: str) -> Answered:
        """The answer that was undone."""
        async with self._pool.acquire() as conn, conn.transaction():
            await audit.record(conn, actor, "review.undone", f"question:{question_id}")
            return await take_back(conn, question_id, author=by)
