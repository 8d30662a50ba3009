"""Who sells a source's seats: an attached ticketing before its own connector, anew when its settings change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.boost_sales import BoostSales
from connectors.selling import Order
from connectors.settings import SettingsRefused
from net.errors import AccessDenied
from sandbox.faults import Faults
from sandbox.serving import serve_app
from sandbox.ticketing import TicketDesk
from service.sellers import Sellers
from sync.opening import Opener
from sync.runner import now
from sync.sources import NewSource, register
from sync.ticketings import attach, detach
from sync.vault import SealBroken, Vault

CINEMA = {"base_url": "http://127.0.0.1:1", "username": "u", "password": "p", "station_name": "s"}
ORDER = Order(client_ref="b_1", session_key="s1", price_part="", quantity=1)


async def test_an_attached_ticketing_sells_in_the_connectors_place(pool) -> None:
    """Its key is sealed in the database; a changed key holds at the next sale; detached, the connector sells again."""
    vault = Vault([bytes(32)])
    desk = TicketDesk("bonne", lambda: datetime.now(UTC), seats={"s1": 3})
    sellers = Sellers(pool, Opener(pool, vault, clock=now, limits=None), vault)
    async with serve_app(desk.build(Faults())) as address, pool.acquire() as conn:
        cinema = NewSource(connector="boost", account="a", label="l", licence="x", settings=CINEMA, allow_private=True)
        source_id = await register(conn, vault, cinema)
        assert isinstance(await sellers.seller_of(source_id), BoostSales)
        where = {"booking_url": f"{address}/book", "cancel_url": f"{address}/cancel"}
        await attach(conn, vault, source_id, "ticketing_webhook", where | {"hmac_key": "fausse"}, allow_private=True)
        row = await conn.fetchrow("select settings, secrets from ticketing")
        assert row["settings"] == where
        assert b"fausse" not in row["secrets"]
        with pytest.raises(SealBroken):
            vault.open(row["secrets"], owner="ticketing:999")
        seller = await sellers.seller_of(source_id)
        with pytest.raises(AccessDenied):
            await seller.confirm(await seller.hold(ORDER), ORDER)
        await attach(conn, vault, source_id, "ticketing_webhook", where | {"hmac_key": "bonne"}, allow_private=True)
        seller = await sellers.seller_of(source_id)
        assert len((await seller.confirm(await seller.hold(ORDER), ORDER)).tickets) == 1
        assert await detach(conn, source_id)
        assert not await detach(conn, source_id)
        assert isinstance(await sellers.seller_of(source_id), BoostSales)
        assert await sellers.seller_of(source_id + 1) is None
        with pytest.raises(SettingsRefused):
            await attach(conn, vault, source_id, "guichet", where)
        with pytest.raises(LookupError):
            await attach(conn, vault, source_id + 1, "ticketing_webhook", where | {"hmac_key": "k"})
    await sellers.close()
