"""Takes one source's record out of an entity that it joined by itself, and keeps it out."""

from __future__ import annotations

from typing import Any

from catalogue import following
from catalogue.changes import Touched, log
from catalogue.database import Connection
from catalogue.entities import Place, derive, empty, reserve
from catalogue.kinds import KindCode
from catalogue.members import Member
from catalogue.portraits import index
from catalogue.refusals import MergeRefused, UnknownEntity
from catalogue.resolve import hold_kind

_RECORD = """
select r.entity_id, r.gone_at is not null as is_gone,
       (select count(*) from source_record o where o.kind = r.kind and o.entity_id = r.entity_id) as together,
       (select m.merge_id from merge_member m join entity_merge g on g.id = m.merge_id
        where m.source_id = r.source_id and m.kind = r.kind and m.key = r.key and m.part = r.part
          and g.undone_at is null order by m.merge_id desc limit 1) as came_by
from source_record r where r.source_id = $1 and r.kind = $2 and r.key = $3 and r.part = $4 for no key update
"""
_SHARED_IDENTIFIER = """
select i ->> 'value' from source_record r, jsonb_array_elements(r.record -> 'identifiers') i
where r.source_id = $1 and r.kind = $2 and r.key = $3 and r.part = $4 and i ->> 'scheme' in ('ean', 'siret')
  and exists (
    select from source_record o, jsonb_array_elements(o.record -> 'identifiers') j
    where o.kind = r.kind and o.entity_id = r.entity_id and o.gone_at is null and j = i
      and (o.source_id, o.key, o.part) <> (r.source_id, r.key, r.part)) limit 1
"""
_DIFFERENT = """
insert into merge_decision (kind, source_id, key, part, entity_id, outcome, score, author, explanation)
values ($1, $2, $3, $4, $5, 'different', $7, $6, $8)
"""
_UNDONE = """
update merge_decision set undone_at = now()
where kind = $1 and source_id = $2 and key = $3 and part = $4 and entity_id = $5 and outcome = 'same'
  and undone_at is null
"""


async def split(conn: Connection, kind: KindCode, member: Member, *, author: str) -> int:
    """The record's new entity. `UnknownEntity`, or `MergeRefused` with a sentence for the person who asked.

    A person's word (`author` is one's) is kept: the record never joins that entity again by a rule. To be called in a
    transaction of its own, or last in one: it writes the change log.
    """
    touched = Touched()
    now = await split_among(conn, kind, member, touched, author=author)
    await log(conn, touched)
    return now


async def split_among(
    conn: Connection,
    kind: KindCode,
    member: Member,
    touched: Touched,
    *,
    author: str,
    score: int = 0,
    explanation: dict[str, Any] | None = None,
) -> int:
    """As `split`, one of several in a transaction, whose caller logs what was `touched` at the end of it."""
    await hold_kind(conn, kind)
    row = await conn.fetchrow(_RECORD, member.source_id, kind.value, member.key, member.part)
    if row is None or row["entity_id"] is None or row["is_gone"]:
        raise UnknownEntity("aucune source ne dit cela aujourd'hui")
    if row["came_by"] is not None:
        raise MergeRefused(f"il est venu par la fusion {row['came_by']} : défaites-la")
    if row["together"] < 2:
        raise MergeRefused("cette source est la seule à en parler")
    if await conn.fetchval(_SHARED_IDENTIFIER, member.source_id, kind.value, member.key, member.part):
        raise MergeRefused("les deux portent le même numéro (EAN ou SIRET) : l'une des sources doit le corriger")
    was: int = row["entity_id"]
    table = kind.name.lower()
    await conn.execute(f"select from {table} where id = $1 for no key update", was)
    [now] = await reserve(conn, kind, 1)
    await conn.execute(
        "update source_record set entity_id = $5 where source_id = $1 and kind = $2 and key = $3 and part = $4",
        member.source_id, kind.value, member.key, member.part, now,
    )  # fmt: skip
    names = (kind.value, member.source_id, member.key, member.part, was)
    await conn.execute(_UNDONE, *names)
    await conn.execute(_DIFFERENT, *names, author, score, explanation or {})
    place = None
    if kind is KindCode.EVENT:
        place = {now: Place(await conn.fetchval("select venue_id from event where id = $1", was), None)}
    await empty(conn, kind, was)
    await derive(conn, kind, [was])
    await derive(conn, kind, [now], place)
    await following.follow(conn, kind, following.Step(None, was, now, [member]), touched)
    await following.relink_events(conn, [was, now] if kind is KindCode.EVENT else [])
    await following.relink_products(conn, [was, now] if kind is KindCode.PRODUCT else [])
    await index(conn, kind, [was, now])
    touched.add(kind, [was, now])
    return now
