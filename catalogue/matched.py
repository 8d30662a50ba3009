"""Merges a batch of works, products, venues or events: resolve, remember, derive, file anew."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from catalogue.contents import content_of
from catalogue.decisions import store_decisions
from catalogue.entities import Place, derive
from catalogue.kinds import IMPLIED, KindCode
from catalogue.merging import Fault, Merge, Outcome
from catalogue.portraits import index
from catalogue.renaming import known_otherwise
from catalogue.resolve import Resolution, resolve
from catalogue.verdicts import refused
from catalogue.waiting import take_up
from catalogue.withdrawals import abandon
from matching.features import features
from schemas.identifiers import SCHEMES
from schemas.records import Event, Product, Record, Session, Venue, Work
from schemas.taxonomy import SUBCATEGORIES

Matched = Work | Product | Venue | Event
Row = tuple[int, bytes, Matched]

REMEMBER = """
insert into source_record (source_id, kind, key, part, hash, entity_id, generation, observed_at, record, content)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (source_id, kind, key, part) do update
set hash = excluded.hash, entity_id = excluded.entity_id, generation = excluded.generation,
    observed_at = excluded.observed_at, record = excluded.record, content = excluded.content, gone_at = null
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a record already."""

    hash: bytes
    entity_id: int | None
    is_gone: bool
    observed_at: datetime
    identifiers: list[dict[str, str]]


def implied_works(rows: Sequence[tuple[int, bytes, Record]]) -> list[Row]:
    """The works that books imply where their source does not tell works apart; they come and go with the book."""
    works: list[Row] = []
    for n, _, product in rows:
        assert isinstance(product, Product)
        if product.work_key is not None or SUBCATEGORIES[product.subcategory].category != "LIVRE":
            continue
        title = product.title
        if product.volume and product.volume not in title:
            title = f"{title}, tome {product.volume}"
        work = Work(
            ref=msgspec.structs.replace(product.ref, part=IMPLIED),
            title=title,
            type="book",
            contributors=product.contributors,
            language=product.language,
            genres=product.genres,
        )
        works.append((n, hashlib.blake2b(msgspec.json.encode(work), digest_size=16).digest(), work))
    return works


async def merge_matched(
    merge: Merge, kind: KindCode, rows: Sequence[Row], sessions: Mapping[str, Sequence[Session]] | None = None
) -> Outcome:
    """Merges records of one kind, given as (row number, content hash, record).

    `sessions` are those of the same batch by their event's key: they help to recognise events.
    """
    if not rows:
        return Outcome()
    conn = merge.conn
    known = await _known(merge, kind, rows)
    changed = [row for row in rows if _differs(merge, known.get((row[2].ref.key, row[2].ref.part)), row[1])]
    outcome = Outcome(unchanged=len(rows) - len(changed))
    if not changed:
        return outcome
    places, faults = await _places(merge, kind, changed)
    outcome.faults += faults
    faulty = {fault.n for fault in faults}
    changed = [row for row in changed if row[0] not in faulty]

    begins = {n: _begins(record, sessions) for n, _, record in changed}
    unknown = [(n, r) for n, _, r in changed if (r.ref.key, r.ref.part) not in known]
    names = {(r.ref.key, r.ref.part) for _, _, r in rows}
    entity_of = await known_otherwise(merge, kind, unknown, places, begins, names)
    newcomers = []
    left: list[int] = []
    for n, _, record in changed:
        stored = known.get((record.ref.key, record.ref.part))
        if n in entity_of:
            continue
        if stored is None or stored.entity_id is None:
            newcomers.append((n, record))
        elif _is_another(stored, record):
            newcomers.append((n, record))
            left.append(stored.entity_id)
        else:
            entity_of[n] = stored.entity_id
    source = [str(merge.source.id)] if merge.source.is_clean else []
    words = await refused(conn, kind, merge.source.id, [(r.ref.key, r.ref.part) for _, r in newcomers])
    by_people = {place: words.get((r.ref.key, r.ref.part), frozenset()) for place, (_, r) in enumerate(newcomers)}
    resolutions = await resolve(
        conn,
        kind,
        [
            features(
                record,
                sources=[] if record.ref.part == IMPLIED else source,
                venue_id=places[n].venue_id if n in places else None,
                work_id=places[n].work_id if n in places else None,
                begins=begins[n],
            )
            for n, record in newcomers
        ],
        by_people,
    )
    settled: list[tuple[Record, Resolution]] = []
    for (n, record), resolution in zip(newcomers, resolutions, strict=True):
        entity_of[n] = resolution.entity_id
        settled.append((record, resolution))
    await conn.executemany(
        REMEMBER,
        [
            (merge.source.id, kind.value, record.ref.key, record.ref.part, digest, entity_of[n],
             merge.generation, merge.observed_at, msgspec.to_builtins(record), content_of(record))
            for n, digest, record in sorted(changed, key=lambda row: (row[2].ref.key, row[2].ref.part))
        ],
    )  # fmt: skip
    await store_decisions(merge, kind, settled)

    await abandon(merge, kind, left)
    ids = sorted(set(entity_of.values()))
    place_of = {entity_of[n]: place for n, place in places.items() if n in entity_of}
    if kind is KindCode.PRODUCT:
        await derive(conn, kind, ids)
        await _link_works(merge, {id_: place.work_id for id_, place in place_of.items()})
    else:
        await derive(conn, kind, ids, place_of if kind is KindCode.EVENT else None)
    starts: dict[int, list[datetime]] = defaultdict(list)
    for n, moments in begins.items():
        starts[entity_of[n]].extend(moments)
    # What stands alone, and nobody else in the batch speaks of, is filed as it came.
    speak = Counter(entity_of.values())
    fresh = {r.entity_id: r.filed for _, r in settled if r.is_new and speak[r.entity_id] == 1}
    await index(conn, kind, ids, starts, fresh)
    merge.touched.add(kind, ids)
    if kind is KindCode.EVENT:
        await _propose(merge, ids)
    if kind is KindCode.PRODUCT:
        await take_up(merge, ids)
    outcome.created = sum((r.ref.key, r.ref.part) not in known for _, _, r in changed)
    outcome.changed = len(changed) - outcome.created
    return outcome


def _differs(merge: Merge, stored: Known | None, digest: bytes) -> bool:
    if stored is None:
        return True
    # What was asked for before the stored answer is late, and says nothing new.
    return stored.observed_at <= merge.observed_at and (stored.is_gone or stored.hash != digest)


def _is_another(stored: Known, record: Matched) -> bool:
    """Whether the source now uses this key of another thing: an EAN that was another EAN is another book."""
    for scheme in {i.scheme for i in record.identifiers if SCHEMES[i.scheme].exclusive}:
        before = {i["value"] for i in stored.identifiers if i["scheme"] == scheme}
        if before and before.isdisjoint(i.value for i in record.identifiers if i.scheme == scheme):
            return True
    return False


def _begins(record: Matched, sessions: Mapping[str, Sequence[Session]] | None) -> list[datetime]:
    if not isinstance(record, Event) or sessions is None:
        return []
    return [session.begins_at for session in sessions.get(record.ref.key, ()) if not session.cancelled]


async def _known(merge: Merge, kind: KindCode, rows: Sequence[Row]) -> dict[tuple[str, str], Known]:
    found = await merge.conn.fetch(
        """
        select r.key, r.part, r.hash, r.entity_id, r.gone_at is not null as is_gone, r.observed_at,
               coalesce(r.record -> 'identifiers', '[]') as identifiers
        from unnest($3::text[], $4::text[]) as t (key, part)
        join source_record r on r.source_id = $1 and r.kind = $2 and r.key = t.key and r.part = t.part
        """,
        merge.source.id,
        kind.value,
        [record.ref.key for _, _, record in rows],
        [record.ref.part for _, _, record in rows],
    )
    return {
        (r["key"], r["part"]): Known(r["hash"], r["entity_id"], r["is_gone"], r["observed_at"], r["identifiers"])
        for r in found
    }


async def _entities(merge: Merge, kind: KindCode, keys: set[str], part: str = "") -> dict[str, int]:
    rows = await merge.conn.fetch(
        """
        select key, entity_id from source_record
        where source_id = $1 and kind = $2 and key = any($3::text[]) and part = $4 and entity_id is not null
        """,
        merge.source.id,
        kind.value,
        sorted(keys),
        part,
    )
    return {row["key"]: row["entity_id"] for row in rows}


async def _places(merge: Merge, kind: KindCode, rows: Sequence[Row]) -> tuple[dict[int, Place], list[Fault]]:
    """Where events are and what they and products are of, as the source's own keys say."""
    if kind not in (KindCode.PRODUCT, KindCode.EVENT):
        return {}, []
    told = {r.work_key for _, _, r in rows if isinstance(r, Product | Event) and r.work_key}
    works = await _entities(merge, KindCode.WORK, told)
    implied = {}
    if kind is KindCode.PRODUCT:
        implied = await _entities(merge, KindCode.WORK, {r.ref.key for _, _, r in rows}, IMPLIED)
    venues = await _entities(
        merge, KindCode.VENUE, {r.venue_key for _, _, r in rows if isinstance(r, Event) and r.venue_key}
    )
    places, faults = {}, []
    for n, _, record in rows:
        assert isinstance(record, Product | Event)
        work_id = works.get(record.work_key) if record.work_key else implied.get(record.ref.key)
        if isinstance(record, Product):
            places[n] = Place(0, work_id)
            continue
        venue_id = venues.get(record.venue_key) if record.venue_key else merge.source.venue_id
        if venue_id is None:
            why = f"événement d'un lieu inconnu : {record.venue_key or 'la source n’est liée à aucun lieu'}"
            faults.append(Fault(n, why))
        else:
            places[n] = Place(venue_id, work_id)
    return places, faults


async def _link_works(merge: Merge, works: Mapping[int, int | None]) -> None:
    pairs = sorted((product, work) for product, work in works.items() if work is not None)
    await merge.conn.executemany("update product set work_id = $2 where id = $1 and work_id is distinct from $2", pairs)


async def _propose(merge: Merge, events: Sequence[int]) -> None:
    """Every event is its venue's offer, tickets or not."""
    await merge.conn.execute(
        """
        insert into offer (venue_id, event_id)
        select e.venue_id, e.id from event e where e.id = any($1::bigint[]) and not exists (
            select from offer o where o.event_id = e.id and o.venue_id = e.venue_id and o.merged_into is null)
        order by 1, 2 on conflict do nothing
        """,
        list(events),
    )
    rows = await merge.conn.fetch(
        """
        with ordered as (
            select id from offer where event_id = any($1::bigint[]) and merged_into is null
            order by id for no key update
        )
        update offer o set withdrawn_at = null, changed_at = now() from ordered where o.id = ordered.id returning o.id
        """,
        list(events),
    )
    merge.touched.add(KindCode.OFFER, [row["id"] for row in rows])
