"""A client of the vendors' face, for its tests and those of its contract (`from partner_client import Partner`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import storefront as s
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from storefront import Clock, Directory, Storefront

from accounts.keys import HOUSE_SCOPES, KeyRing
from accounts.offerers import Offerers
from accounts.people import People
from bookings.booking import Bookings
from bookings.deliveries import Deliveries
from bookings.desk import Desk
from bookings.offline import OfflineDesk
from bookings.records import Booking
from bookings.ticket_keys import TicketKeys
from bookings.tickets import Tickets
from bookings.wallets import Wallets
from bookings.webhooks import Webhooks
from catalogue.database import Pool
from edge.app import root
from edge.buckets import LocalBuckets
from partner_api.keys import PartnerApi
from partner_api.mounting import mount
from sync.reviewing import Reviews
from sync.vault import Vault

Client = TestClient[web.Request, web.Application]
VAULT = Vault([bytes(32)])
ALL = ("countermarks:check", "countermarks:use", "runs:read", "runs:release", "stocks:write", "webhooks:manage")


@dataclass
class Partner:
    """A client of the face, and what its tests turn by hand."""

    client: Client
    deps: PartnerApi
    clock: Clock
    shop: Storefront
    venues: dict[str, int]
    """Row ids by name: port, theatre."""
    directory: Directory
    keys: TicketKeys
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of a key of each vendor, by its venue's name."""

    async def key(self, venue: str, scopes: tuple[str, ...] = ALL) -> dict[str, str]:
        """The headers of a new key of the vendor that acts for this venue."""
        parties = Offerers(self.deps.pool)
        vendor_id = await parties.vendor(f"Logiciel de {venue}")
        await parties.let_act(vendor_id, self.venues[venue])
        issued = await self.deps.keys.issue(vendor_id, label="test", scopes=scopes, actor="system:test")
        return {"Authorization": f"Bearer {issued.text}"}

    async def house_key(self) -> dict[str, str]:
        """The headers of a new key of the house's own page."""
        vendor_id = await Offerers(self.deps.pool).vendor("La maison")
        issued = await self.deps.keys.issue(vendor_id, label="test", scopes=HOUSE_SCOPES, actor="system:test")
        return {"Authorization": f"Bearer {issued.text}"}

    async def booked(self, source: str, key: str, *, quantity: int = 1, number: int = 1) -> Booking:
        """A booking of that stock by the person of that number."""
        person = await self.deps.pool.fetchval(
            "insert into beneficiary (email, first_name, last_name) values ($1, 'Lou', 'Martin')"
            " on conflict (email) do update set first_name = 'Lou' returning pseudonym",
            f"lou{number}@example.org",
        )
        await Wallets(self.deps.pool, self.clock).open(person, "2018")
        stock_id = await self.shop.stock(source, key)
        return await Bookings(self.deps.pool, self.directory, self.clock).book(person, stock_id, quantity, f"{key}")

    async def ticket(self, booking: Booking) -> str:
        """The signed ticket of a booking, as its owner's app shows it."""
        owner = await self.deps.pool.fetchval(
            "select w.pseudonym from booking b join wallet w on w.id = b.wallet_id where b.id = $1", booking.id
        )
        return (await Tickets(self.deps.pool, self.keys, self.clock).of(owner, booking.id)).signed

    async def get(self, path: str, venue: str = "port") -> tuple[int, Any]:
        answer = await self.client.get(f"/partner/v1{path}", headers=self.headers[venue])
        return answer.status, await answer.json(content_type=None)

    async def post(
        self, path: str, venue: str = "port", *, number: str | None = None, body: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        """The answer to a request with this Idempotency-Key and this JSON body; None for an answer without one."""
        headers = self.headers[venue] | ({"Idempotency-Key": number} if number else {})
        answer = await self.client.post(f"/partner/v1{path}", headers=headers, json=body)
        return answer.status, await answer.json(content_type=None) if await answer.read() else None


async def open_partner(pool: Pool, clock: Clock, aiohttp_client: AiohttpClient) -> Partner:
    """The face where the service mounts it, over a town of its own."""
    shop = Storefront(pool)
    port = await shop.venue(s.BOOKSHOP, "Librairie du Port")
    theatre = await shop.venue(s.THEATRE, "Théâtre des Deux Rives")
    await shop.source("publisher", "onix", trust=80)
    await shop.source("till", "stocks_api", venue_id=port)
    await shop.source("tickets", "stocks_api", venue_id=theatre)
    await shop.says("publisher", s.book("publisher", s.STRANGER, "L'Étranger"))
    await shop.says("till", s.on_shelf("till", s.STRANGER, 3))
    await shop.says("tickets", *s.show("tickets", "cid", "Le Cid", is_duo=True))
    deps = PartnerApi(
        pool=pool,
        clock=clock,
        desk=Desk(pool, clock),
        offline=OfflineDesk(pool, clock),
        ticket_keys=TicketKeys(pool, VAULT, clock),
        keys=KeyRing(pool, clock, environment="sandbox"),
        people=People(pool),
        reviews=Reviews(pool),
        webhooks=Webhooks(pool, VAULT, clock),
        deliveries=Deliveries(pool, clock),
        buckets=LocalBuckets(clock=lambda: clock().timestamp()),
    )
    whole: web.Application = root()
    mount(whole, deps)
    venues = {"port": port, "theatre": theatre}
    made = Partner(await aiohttp_client(whole), deps, clock, shop, venues, Directory(), TicketKeys(pool, VAULT, clock))
    for name in venues:
        made.headers[name] = await made.key(name)
    return made
