"""Venues as offerers register them: the registry is a source like any other, and the most trusted one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from catalogue.changes import log
from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.matched import merge_matched
from catalogue.merging import Merge, source_info
from schemas.records import SourceRef, Venue

CONNECTOR, ACCOUNT = "registry", "passerelle"
TRUST = 90


def registered(siret: str) -> SourceRef:
    """How the registry names a venue."""
    return SourceRef(connector=CONNECTOR, account=ACCOUNT, key=siret)


async def register_venue(conn: Connection, venue: Venue, *, at: datetime) -> int:
    """The canonical id of the venue, known already or new; registering it again updates it."""
    async with conn.transaction():
        source_id = await _registry(conn)
        merge = Merge(conn, await source_info(conn, source_id), at, 0)
        digest = hashlib.blake2b(msgspec.json.encode(venue), digest_size=16).digest()
        await merge_matched(merge, KindCode.VENUE, [(0, digest, venue)])
        venue_id: int = await conn.fetchval(
            "select entity_id from source_record where source_id = $1 and kind = 3 and key = $2 and part = ''",
            source_id,
            venue.ref.key,
        )
        await log(conn, merge.touched)
    return venue_id


async def _registry(conn: Connection) -> int:
    # Asked for first: an insert that meets its conflict uses up an id each time.
    known = "select id from source where connector = $1 and account = $2"
    found: int | None = await conn.fetchval(known, CONNECTOR, ACCOUNT)
    if found is None:
        await conn.execute(
            """
            insert into source (connector, account, label, licence, trust)
            values ($1, $2, 'Registre des lieux', 'etalab-2.0', $3) on conflict do nothing
            """,
            CONNECTOR,
            ACCOUNT,
            TRUST,
        )
        found = await conn.fetchval(known, CONNECTOR, ACCOUNT)
    assert found is not None
    return found


async def venue_of_siret(conn: Connection, siret: str) -> int:
    """The venue of this SIRET; `LookupError` when the référentiel has none."""
    found: int | None = await conn.fetchval("select id from venue where siret = $1 and merged_into is null", siret)
    if found is None:
        raise LookupError(f"aucun lieu de SIRET {siret} dans le référentiel : « passerelle venues add » l'inscrit")
    return found


@dataclass(frozen=True, slots=True)
class Namesakes:
    """Different venues of one name, and where they are."""

    name: str
    cities: tuple[str, ...]


async def namesakes(conn: Connection, limit: int = 20) -> Sequence[Namesakes]:
    """Names that several venues bear."""
    rows = await conn.fetch(
        """
        select min(name) as name, array_agg(coalesce(fields -> 'address' ->> 'city', '?') order by id) as cities
        from venue where merged_into is null and withdrawn_at is null
        group by lower(name) having count(*) > 1 order by 1 limit $1
        """,
        limit,
    )
    return [Namesakes(row["name"], tuple(row["cities"])) for row in rows]
