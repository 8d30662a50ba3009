"""What became of a source's records between two moments of one transaction, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalogue.database import Connection
from catalogue.kinds import NAME

SHOWN = 50
_TOLD = """
select r.kind, r.key, r.part, r.hash, r.gone_at is not null as is_gone, r.record as said,
       coalesce(r.record ->> 'title', r.record ->> 'name', e.title) as title
from source_record r
left join session x on r.kind = 5 and x.id = r.entity_id
left join event e on e.id = x.event_id
where r.source_id = $1
union all
select 6, u.key, u.part, ''::bytea, u.gone_at is not null, jsonb_build_object(
           'available', u.available, 'priceCents', u.price_cents, 'priceLabel', u.price_label,
           'sellableUntil', u.sellable_until),
       coalesce(p.title, e.title)
from supply u
left join stock k on k.id = u.stock_id and k.venue_id = u.venue_id
left join offer o on o.id = k.offer_id
left join product p on p.id = o.product_id
left join event e on e.id = o.event_id
where u.source_id = $1
"""
_CHANGED = f"""
with told as ({_TOLD})
select t.kind, t.key, t.part, t.title, t.said, s.said as stood,
       case when s.key is null then 'new' when t.is_gone then 'gone' else 'changed' end as what
from told t left join stood s on s.kind = t.kind and s.key = t.key and s.part = t.part
where (s.key is null or s.hash <> t.hash or s.said <> t.said or t.is_gone) and (s.key is not null or not t.is_gone)
order by t.kind, t.key, t.part limit $2
"""  # noqa: S608 - no value is among it
_NO_FIELDS = frozenset({"ref"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a record, by its name in the published format, before and after; None where it is not told."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One record as the source names it, and what would become of it: new, changed or gone."""

    what: str
    kind: str
    key: str
    part: str
    title: str | None
    fields: Sequence[FieldChange] = field(default=())
    """Of a changed record those that differ, of a new one all that it tells; none of one that is gone."""


async def note_before(conn: Connection, source_id: int) -> None:
    """Remembers what stands, for as long as the open transaction."""
    await conn.execute(
        "create temp table stood (kind smallint, key text, part text, hash bytea, said jsonb) on commit drop"
    )
    await conn.execute(
        f"insert into stood select kind, key, part, hash, said from ({_TOLD}) t where not is_gone",  # noqa: S608
        source_id,
    )


async def differences(conn: Connection, source_id: int, *, limit: int = SHOWN) -> list[Difference]:
    """The first differences against what stood, in the order of kinds and keys."""
    return [
        Difference(
            row["what"],
            NAME[row["kind"]],
            row["key"],
            row["part"],
            row["title"],
            () if row["what"] == "gone" else _fields(row["stood"] or {}, row["said"]),
        )
        for row in await conn.fetch(_CHANGED, source_id, limit)
    ]


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    names = [name for name in {**after, **before} if name not in _NO_FIELDS]
    changes = [FieldChange(name, before.get(name), after.get(name)) for name in names]
    return [one for one in changes if one.before != one.after]
