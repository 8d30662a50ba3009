"""A client of the youth app's face, for its tests and those of its contract (`from app_client import App`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import storefront as s
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp.plugin import AiohttpClient
from storefront import BoxOffice, Clock, Directory, Storefront

from accounts.people import Beneficiary, People
from accounts.tokens import Issuers, sandbox_token
from app_api.app import build
from app_api.keys import AppApi
from bookings.booking import Bookings
from bookings.privacy import Privacy
from bookings.ticket_keys import TicketKeys
from bookings.tickets import Tickets
from bookings.wallets import Wallets
from catalogue.database import Pool
from edge.app import root
from edge.buckets import LocalBuckets
from schemas.ids import public_id
from sync.vault import Vault

KEY = "k" * 40
AUDIENCE = "passerelle-app"
VAULT = Vault([b"v" * 32])
Client = TestClient[web.Request, web.Application]


@dataclass
class App:
    """A client of the face, and what its tests turn by hand."""

    client: Client
    deps: AppApi
    clock: Clock
    shop: Storefront
    directory: Directory
    stocks: dict[str, str] = field(default_factory=dict)
    """Public ids by name: book, show, film."""

    async def person(self, name: str = "lou") -> dict[str, str]:
        """The headers of a beneficiary with 500 €."""
        person = await self.deps.people.register(
            email=f"{name}@example.org", first_name=name.title(), last_name="Martin"
        )
        await self.deps.wallets.open(person.pseudonym, "2018")
        return self.headers(person)

    def headers(self, person: Beneficiary, lifetime: timedelta = timedelta(hours=1)) -> dict[str, str]:
        token = sandbox_token(person.id, key=KEY, audience=AUDIENCE, now=self.clock(), lifetime=lifetime)
        return {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        answer = await self.client.get(f"/app/v1{path}", headers=headers)
        return answer.status, await answer.json(content_type=None)

    async def book(self, headers: dict[str, str], stock: str, *, key: str | None = "a", **body: Any) -> tuple[int, Any]:
        given = headers | ({"Idempotency-Key": key} if key else {})
        sent = {"stockId": self.stocks.get(stock, stock)} | body
        answer = await self.client.post("/app/v1/bookings", headers=given, json=sent)
        return answer.status, await answer.json(content_type=None)

    async def cancel(self, headers: dict[str, str], booking: str) -> tuple[int, Any]:
        answer = await self.client.post(f"/app/v1/bookings/{booking}/cancel", headers=headers)
        return answer.status, await answer.json(content_type=None)


async def open_app(pool: Pool, clock: Clock, aiohttp_client: AiohttpClient) -> App:
    """The face where the service mounts it, over a town of its own."""
    shop = await _town(pool)
    directory = Directory({shop.sources["box"]: BoxOffice()})
    bookings = Bookings(pool, directory, clock)
    deps = AppApi(
        pool=pool,
        clock=clock,
        bookings=bookings,
        privacy=Privacy(pool, bookings, clock),
        wallets=Wallets(pool, clock),
        tickets=Tickets(pool, TicketKeys(pool, VAULT, clock), clock),
        people=People(pool),
        issuers=Issuers([], audience=AUDIENCE, clock=clock, sandbox=True, sandbox_key=KEY),
        buckets=LocalBuckets(),
    )
    whole = root()
    whole.add_subapp("/app/v1", build(deps))
    made = App(await aiohttp_client(whole), deps, clock, shop, directory)
    for name, source, key in (
        ("book", "till", s.STRANGER),
        ("dear", "till", s.EXILE),
        ("show", "tickets", "cid-1"),
        ("film", "box", "nuit-1"),
    ):
        made.stocks[name] = public_id("stock", await shop.stock(source, key))
    return made


async def _town(pool: Pool) -> Storefront:
    made = Storefront(pool)
    port = await made.venue(s.BOOKSHOP, "Librairie du Port")
    theatre = await made.venue(s.THEATRE, "Théâtre des Deux Rives")
    far = await made.venue(s.FAR, "Cinéma de l'Équateur", postal_code="97300", zone="America/Cayenne")
    await made.source("publisher", "onix", trust=80)
    await made.source("till", "stocks_api", venue_id=port)
    await made.source("tickets", "stocks_api", venue_id=theatre)
    await made.source("box", "stocks_api", venue_id=far)
    await made.says(
        "publisher",
        s.book("publisher", s.STRANGER, "L'Étranger"),
        s.book("publisher", s.EXILE, "L'Exil et le Royaume", price_cents=9500),
    )
    await made.says("till", s.on_shelf("till", s.STRANGER, 3), s.on_shelf("till", s.EXILE, None))
    await made.says("tickets", *s.show("tickets", "cid", "Le Cid", is_duo=True))
    await made.says("box", *s.show("box", "nuit", "La Nuit américaine", price_cents=700))
    return made
