"""A partner's server is told of what the young person books: signed, checked there, in the log here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession
from rich.console import Console

from accounts.keys import SCOPES
from accounts.offerers import Offerers
from sandbox.receiver import Receiver
from sandbox.serving import serve_app
from service.demo.promises import Promises
from service.demo.purchases import Visitor
from service.french import counted
from service.house import House
from service.sandbox_loading import VENDOR
from sync.runner import now

EVENTS = ["booking.created", "booking.used", "booking.cancelled"]
SECONDS = 30
"""How long the workers may take to deliver."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A partner that is told, and its log here."""

    receiver: Receiver
    visitor: Visitor
    path: str

    async def check(self, console: Console, promises: Promises) -> None:
        """Waits until it was told, and holds its words against the log."""
        told: list[str] = []
        for _ in range(SECONDS * 4):
            told = self.receiver.types()
            if set(told) >= set(EVENTS):
                break
            await asyncio.sleep(0.25)
        promises.check(
            "le logiciel du lieu est prévenu de ce qui est réservé, validé, annulé",
            set(told) >= set(EVENTS) and not self.receiver.refused,
            f"{counted(len(told), 'message signé')}, {counted(self.receiver.refused, 'signature')} en défaut",
        )
        log = (await self.visitor.get(f"{self.path}/deliveries?state=delivered")).body["deliveries"]
        promises.check(
            "il lit le journal des envois, sous les mêmes numéros",
            {one["id"] for one in log} & {one.id for one in self.receiver.told},
            f"{counted(len(log), 'envoi')}",
        )
        for one in self.receiver.told[:3]:
            console.print(f"  [dim]{one.id} {one.type} {one.data['bookingId']}[/]", soft_wrap=True)


@asynccontextmanager
async def listening(house: House, http: ClientSession) -> AsyncIterator[Listening]:
    """A partner that asks to be told, while the block lasts."""
    receiver = Receiver(now)
    vendor = await Offerers(house.pool).vendor(VENDOR)
    issued = await house.keys.issue(vendor, label="notifications", scopes=SCOPES, actor="system:demo")
    visitor = Visitor(http, "/partner/v1", issued.text)
    async with serve_app(receiver.build()) as address:
        made = await visitor.post("/webhooks", {"url": f"{address}/hook", "events": EVENTS})
        receiver.secrets.append(made.body["secret"])
        yield Listening(receiver, visitor, f"/webhooks/{made.body['id']}")
