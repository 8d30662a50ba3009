"""Offerers, vendors, and the venues they run or act for. Said again, everything here stays what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

_OFFERER = """
insert into offerer (siren, name) values ($1, $2)
on conflict (siren) do update set name = excluded.name returning id
"""
_VENUE_OF = """
insert into venue_offerer (venue_id, offerer_id) values ($1, $2)
on conflict (venue_id) do update set offerer_id = excluded.offerer_id
"""
_VENDOR = """
insert into vendor (name) values ($1) on conflict (name) do update set name = excluded.name returning id
"""
_ACTS_FOR = "insert into vendor_venue (vendor_id, venue_id) values ($1, $2) on conflict do nothing"
_NO_LONGER = "delete from vendor_venue where vendor_id = $1 and venue_id = $2"

ACTS_FOR = """
select vv.vendor_id, vv.venue_id from vendor_venue vv
union select vv.vendor_id, v.merged_into from vendor_venue vv join venue v on v.id = vv.venue_id
where v.merged_into is not null
"""
"""Which vendor acts for which venue, as a subquery: one that acts for a merged venue does for its survivor too."""


class Offerers:
    """Registration of legal persons and of the vendors that work for their venues."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def offerer(self, siren: str, name: str) -> int:
        """The row id of the offerer with this SIREN (9 digits), created or renamed."""
        row_id: int = await self._pool.fetchval(_OFFERER, siren, name)
        return row_id

    async def give_venue(self, venue_id: int, offerer_id: int) -> None:
        """The venue belongs to this offerer from now on."""
        await self._pool.execute(_VENUE_OF, venue_id, offerer_id)

    async def vendor(self, name: str) -> int:
        """The row id of the vendor of this name, created where it was not there."""
        row_id: int = await self._pool.fetchval(_VENDOR, name)
        return row_id

    async def let_act(self, vendor_id: int, venue_id: int) -> None:
        """The vendor's keys see this venue from the next request on."""
        await self._pool.execute(_ACTS_FOR, vendor_id, venue_id)

    async def stop_acting(self, vendor_id: int, venue_id: int) -> None:
        """The vendor's keys no longer see this venue."""
        await self._pool.execute(_NO_LONGER, vendor_id, venue_id)
