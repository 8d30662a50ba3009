"""Receipts: what became of each pushed thing, told by what stood before the merge and what stands after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalogue.database import Connection
from catalogue.kinds import CODE, KindCode
from catalogue.stocks import said_of
from connectors.base import Delete, Upsert
from schemas.records import KIND_OF, Record, Session, Stock
from sync.batch import Name, digest
from sync.push_items import Unread

Said = Upsert | Delete | Unread

_STANDING = """
select r.kind, r.key, r.part, r.hash, r.gone_at is not null as is_gone, r.entity_id
from unnest($2::smallint[], $3::text[], $4::text[]) as t (kind, key, part)
join source_record r on r.source_id = $1 and r.kind = t.kind and r.key = t.key and r.part = t.part
"""
_STANDING_STOCKS = """
select u.key, u.part, u.gone_at is not null as is_gone, u.stock_id, u.ean, u.of_kind, u.of_key, u.price_cents,
       u.price_label, u.available, u.sellable_until
from unnest($2::text[], $3::text[]) as t (key, part)
join supply u on u.source_id = $1 and u.key = t.key and u.part = t.part
"""
_REFUSED = "select kind, key, part, why from quarantine where source_id = $1 and run_id = $2 and kind is not null"
_LIVE = """
select kind, key from source_record
where source_id = $1 and kind = any('{2,4,5}') and key = any($2::text[]) and part = '' and gone_at is null
"""
_OF_STOCKS = """
select k.id, k.offer_id, p.price_cents as legal, exists (
    select from source_record r where r.source_id <> $1 and r.gone_at is null
      and ((r.kind = 2 and r.entity_id = o.product_id) or (r.kind = 4 and r.entity_id = o.event_id))) as joined
from stock k join offer o on o.id = k.offer_id left join product p on p.id = o.product_id
where k.id = any($2::bigint[])
"""
_OF_SESSIONS = """
select x.id, o.id as offer_id, null::int as legal, exists (
    select from source_record r
    where r.source_id <> $1 and r.gone_at is null and r.kind = 5 and r.entity_id = x.id) as joined
from session x join event e on e.id = x.event_id
left join offer o on o.event_id = e.id and o.venue_id = e.venue_id and o.merged_into is null
where x.id = any($2::bigint[])
"""
_OF_EVENTS = """
select e.id, o.id as offer_id, null::int as legal, exists (
    select from source_record r
    where r.source_id <> $1 and r.gone_at is null and r.kind = 4 and r.entity_id = e.id) as joined
from event e left join offer o on o.event_id = e.id and o.venue_id = e.venue_id and o.merged_into is null
where e.id = any($2::bigint[])
"""
_TARGETS = {KindCode.STOCK: _OF_STOCKS, KindCode.SESSION: _OF_SESSIONS, KindCode.EVENT: _OF_EVENTS}
_WRITE = """
update push_item i set outcome = t.outcome, effect = t.effect, why = t.why, faults = t.faults,
    entity_id = t.entity_id, offer_id = t.offer_id, joined = t.joined, legal_price_cents = t.legal
from jsonb_to_recordset($2) as t (n int, outcome text, effect text, why text, faults jsonb, entity_id bigint,
                                  offer_id bigint, joined bool, legal int)
where i.job_id = $1 and i.n = t.n
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is stored of a record."""

    said: object
    """Equal for the same words: a hash, or of a stock the words themselves."""
    is_gone: bool
    entity_id: int | None


@dataclass(slots=True)
class Written:
    """One receipt to be written."""

    n: int
    outcome: str
    effect: str | None = None
    why: str | None = None
    faults: list[dict[str, str]] | None = None
    entity_id: int | None = None
    offer_id: int | None = None
    joined: bool | None = None
    legal: int | None = None


def name_of(said: Said) -> Name | None:
    """The record a pushed thing speaks of."""
    match said:
        case Upsert(record):
            return CODE[KIND_OF[type(record)]], record.ref.key, record.ref.part
        case Delete(kind, ref):
            return CODE[kind], ref.key, ref.part
    return None


async def standing(conn: Connection, source_id: int, said: Mapping[int, Said]) -> dict[Name, Standing]:
    """What is stored now of the records that are spoken of."""
    names = sorted({name for one in said.values() if (name := name_of(one)) is not None})
    rows = await conn.fetch(
        _STANDING,
        source_id,
        [kind.value for kind, _, _ in names],
        [key for _, key, _ in names],
        [part for _, _, part in names],
    )
    found = {
        (KindCode(row["kind"]), row["key"], row["part"]): Standing(row["hash"], row["is_gone"], row["entity_id"])
        for row in rows
    }
    stocks = [(key, part) for kind, key, part in names if kind is KindCode.STOCK]
    for key, part, is_gone, stock_id, *words in await conn.fetch(
        _STANDING_STOCKS, source_id, [key for key, _ in stocks], [part for _, part in stocks]
    ):
        found[KindCode.STOCK, key, part] = Standing(tuple(words), is_gone, stock_id)
    return found


def _words(record: Record) -> object:
    """As `Standing.said` would be of it."""
    if not isinstance(record, Stock):
        return digest(record)
    told = (record.price_cents, record.price_label, record.available, record.sellable_until)
    return (*said_of(record), *told)


async def write_receipts(
    conn: Connection,
    source_id: int,
    run_id: int,
    job_id: int,
    said: Mapping[int, Said],
    before: Mapping[Name, Standing],
) -> None:
    """Writes the receipt of every item, after the batch was applied and in its transaction.

    `said`: by the items' numbers, in their order.
    """
    after = await standing(conn, source_id, said)
    refused = {
        (KindCode(row["kind"]), row["key"], row["part"] or ""): row["why"]
        for row in await conn.fetch(_REFUSED, source_id, run_id)
    }
    live = await _live(conn, source_id, said)
    last = {name: n for n, one in said.items() if (name := name_of(one)) is not None}
    receipts = []
    for n, one in said.items():
        name = name_of(one)
        if isinstance(one, Unread) or name is None:
            receipts.append(_unread(n, one))
        elif last[name] != n:
            receipts.append(Written(n, "superseded", why="un élément suivant du même envoi parle de la même chose"))
        elif isinstance(one, Delete):
            receipts.append(_deleted(n, before.get(name), after.get(name)))
        elif name in refused:
            outcome = "unknown_reference" if _is_of_unknown(one, live) else "refused"
            receipts.append(Written(n, outcome, why=refused[name]))
        else:
            receipts.append(_merged(n, one, before.get(name), after.get(name)))
    await _say_where(conn, source_id, said, receipts)
    await conn.execute(_WRITE, job_id, receipts)


def _unread(n: int, one: Said) -> Written:
    assert isinstance(one, Unread)
    if one.is_unknown:
        return Written(n, "unknown_reference", why=one.why)
    return Written(n, "refused", why=one.why, faults=[{"path": fault.path, "why": fault.why} for fault in one.faults])


def _deleted(n: int, before: Standing | None, after: Standing | None) -> Written:
    if before is None:
        return Written(n, "unknown_reference", why="rien n'a été envoyé ici sous cette clé")
    effect = "withdrawn" if not before.is_gone and after is not None and after.is_gone else None
    return Written(n, "accepted" if effect else "unchanged", effect)


def _merged(n: int, one: Upsert, before: Standing | None, after: Standing | None) -> Written:
    if after is None or after.said != _words(one.record):
        return Written(n, "superseded", why="un envoi plus récent parle de la même chose")
    receipt = Written(n, "accepted", "created", entity_id=after.entity_id)
    if isinstance(one.record, Stock) and after.entity_id is None:
        receipt.joined = False  # a book that nobody has described yet: no offer to tell of
    if before is not None:
        same = before.said == after.said and not before.is_gone
        receipt.outcome, receipt.effect = ("unchanged", None) if same else ("accepted", "changed")
    return receipt


async def _live(conn: Connection, source_id: int, said: Mapping[int, Said]) -> set[tuple[KindCode, str]]:
    keys = {key for one in said.values() if isinstance(one, Upsert) for _, key in _relations(one)}
    return {(KindCode(row["kind"]), row["key"]) for row in await conn.fetch(_LIVE, source_id, sorted(keys))}


def _relations(one: Upsert) -> list[tuple[KindCode, str]]:
    match one.record:
        case Session(event_key=key):
            return [(KindCode.EVENT, key)]
        case Stock(product_key=product, session_key=session, event_key=event):
            told = ((KindCode.PRODUCT, product), (KindCode.SESSION, session), (KindCode.EVENT, event))
            return [(kind, key) for kind, key in told if key is not None]
    return []


def _is_of_unknown(one: Upsert, live: set[tuple[KindCode, str]]) -> bool:
    return any(relation not in live for relation in _relations(one))


async def _say_where(conn: Connection, source_id: int, said: Mapping[int, Said], receipts: Sequence[Written]) -> None:
    """What each was merged into, whether it is another source's too, and its legal price where that differs."""
    for kind, query in _TARGETS.items():
        records = {
            receipt.n: one.record
            for receipt in receipts
            if receipt.entity_id is not None and isinstance(one := said[receipt.n], Upsert)
        }
        mine = [r for r in receipts if r.n in records and CODE[KIND_OF[type(records[r.n])]] is kind]
        found = {row["id"]: row for row in await conn.fetch(query, source_id, [r.entity_id for r in mine])}
        for receipt in mine:
            row = found.get(receipt.entity_id)
            if row is None:
                continue
            receipt.offer_id, receipt.joined = row["offer_id"], row["joined"]
            record = records[receipt.n]
            told = record.price_cents if isinstance(record, Stock) else None
            if told is not None and row["legal"] not in (None, told):
                receipt.legal = row["legal"]
