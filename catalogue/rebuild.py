"""Does what a rebuild has planned, some at a time: by the merges that people make too, each of which can be undone.

Between the plan and the deed the sources go on speaking, and people deciding. What no longer stands as it was planned
is left for the next rebuild.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.changes import Touched, log
from catalogue.database import Connection
from catalogue.decisions import REBUILD
from catalogue.joining import join_among, undo_among
from catalogue.kinds import KindCode
from catalogue.members import Member
from catalogue.rebuild_plan import Join
from catalogue.rebuild_splits import Part
from catalogue.refusals import MergeRefused, UnknownEntity
from catalogue.resolve import hold_kind
from catalogue.splitting import split_among

Step = Part | Join

_ENTITY = """
select entity_id from source_record
where source_id = $1 and kind = $2 and key = $3 and part = $4 and gone_at is null
"""
_ASK = """
insert into merge_decision (kind, source_id, key, part, entity_id, outcome, score, explanation, author)
values ($1, $2, $3, $4, $5, 'ask', $6, $7, $8)
"""


@dataclass(slots=True)
class Done:
    """How many steps were made, and how many had been overtaken."""

    made: int = 0
    overtaken: int = 0


async def apply_some(conn: Connection, kind: KindCode, steps: Sequence[Step], *, ask: bool = False) -> Done:
    """Makes these steps in one transaction; `ask`: puts joins to people instead of making them.

    Whoever decides about this kind waits meanwhile: a few dozen steps at a time.
    """
    done, touched = Done(), Touched()
    async with conn.transaction():
        await hold_kind(conn, kind)
        for step in steps:
            try:
                async with conn.transaction():
                    is_made = await _make(conn, kind, step, touched, ask=ask)
            except (MergeRefused, UnknownEntity):
                is_made = False
            done.made += is_made
            done.overtaken += not is_made
        await log(conn, touched)
    return done


async def _make(conn: Connection, kind: KindCode, step: Step, touched: Touched, *, ask: bool) -> bool:
    if isinstance(step, Part):
        return await _part(conn, kind, step, touched)
    ids = [await _entity(conn, kind, member) for member in step.members]
    if None in ids or ids[0] == ids[1] or (ask and ids != [step.one, step.other]):
        return False
    if ask:
        newcomer = step.members[1]
        names = (kind.value, newcomer.source_id, newcomer.key, newcomer.part)
        await conn.execute(_ASK, *names, step.one, step.score, step.explanation, REBUILD)
        return True
    await join_among(conn, kind, step.one, step.other, touched, author=REBUILD, explanation=step.explanation)
    return True


async def _part(conn: Connection, kind: KindCode, part: Part, touched: Touched) -> bool:
    if {await _entity(conn, kind, member) for member in part.members} != {part.entity_id}:
        return False
    if part.merge_id is not None:
        await undo_among(conn, part.merge_id, touched, author=REBUILD)
        return True
    first: int | None = None
    for member in part.members:
        now = await split_among(
            conn, kind, member, touched, author=REBUILD, score=part.score, explanation=part.explanation
        )
        if first is None:
            first = now
        else:
            await join_among(conn, kind, first, now, touched, author=REBUILD)
    return True


async def _entity(conn: Connection, kind: KindCode, member: Member) -> int | None:
    found: int | None = await conn.fetchval(_ENTITY, member.source_id, kind.value, member.key, member.part)
    return found
