"""Venues as lists of them show them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from catalogue.database import Connection, Pool
from matching.normalise import fold

LISTED = """
select id, name, siret, department, time_zone from venue
where id = any($1::bigint[]) and merged_into is null and withdrawn_at is null order by name, id
"""


@dataclass(frozen=True, slots=True)
class ListedVenue:
    """A standing venue."""

    id: int
    name: str
    siret: str | None
    department: str | None
    time_zone: str


async def listed(conn: Connection, venue_ids: Collection[int]) -> Sequence[ListedVenue]:
    """Those of these venues that stand, by name; a merged one is shown as its survivor where that is among them."""
    return [ListedVenue(**row) for row in await conn.fetch(LISTED, sorted(venue_ids))]


FIND = """
select id, name, siret, department, time_zone from venue
where merged_into is null and withdrawn_at is null and folded like all ($1::text[])
  and ($2::text is null or department = $2)
order by name, id limit $3
"""


async def find(conn: Connection, words: str, *, department: str | None = None, limit: int) -> Sequence[ListedVenue]:
    """Standing venues whose name or town holds all these words, accents and case apart; by name."""
    patterns = [f"%{word}%" for word in fold(words).split()]
    return [ListedVenue(**row) for row in await conn.fetch(FIND, patterns, department, limit)]


ADDRESSES = """
select v0.id, v.department, v.fields -> 'address' ->> 'street' as street,
       v.fields -> 'address' ->> 'postalCode' as postal_code, v.fields -> 'address' ->> 'city' as city
from venue v0 join venue v on v.id = coalesce(v0.merged_into, v0.id) where v0.id = any($1::bigint[])
"""


@dataclass(frozen=True, slots=True)
class VenueAddress:
    """Where a venue is, as far as anybody says."""

    department: str | None
    street: str | None
    postal_code: str | None
    city: str | None

    @property
    def in_full(self) -> str | None:
        """On one line; None where nothing is known."""
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        return ", ".join(part for part in (self.street, town) if part) or None


async def addresses(conn: Connection | Pool, venue_ids: Collection[int]) -> dict[int, VenueAddress]:
    """Where each of these venues is; of a merged one, its survivor."""
    rows = await conn.fetch(ADDRESSES, sorted(set(venue_ids)))
    return {row["id"]: VenueAddress(row["department"], row["street"], row["postal_code"], row["city"]) for row in rows}
