"""A young person books through the app's API, tills accept through the partners': all of it over real HTTP."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import ClientSession
from rich.console import Console
from rich.markup import escape

from accounts.keys import SCOPES
from accounts.offerers import Offerers
from sandbox.world import World
from service.demo.promises import Promises
from service.french import counted, euros
from service.house import House
from service.sandbox_loading import VENDOR
from service.young_people import token_of, young_person
from sync.runner import now

FIRM = timedelta(hours=47)
"""A session that begins sooner than this cannot be cancelled any more."""


@dataclass(slots=True)
class Figures:
    """What was done, for the summary."""

    made: int = 0
    accepted: int = 0
    refused: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and its JSON."""

    status: int
    body: Any


@dataclass(slots=True)
class Visitor:
    """Somebody with a credential, calling one face."""

    http: ClientSession
    face: str
    credential: str

    async def get(self, path: str) -> Answer:
        """Asks."""
        async with self.http.get(f"{self.face}{path}", headers=self._headers()) as response:
            return Answer(response.status, await response.json(content_type=None))

    async def post(self, path: str, body: object = None, *, key: str | None = None) -> Answer:
        """Does, under an idempotency key of its own unless one is given."""
        headers = self._headers() | {"Idempotency-Key": key or uuid.uuid4().hex}
        async with self.http.post(f"{self.face}{path}", json=body or {}, headers=headers) as response:
            return Answer(response.status, await response.json(content_type=None))

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credential}"}


async def play(house: House, http: ClientSession, world: World, console: Console, promises: Promises) -> Figures:
    """Books a book, a cinema seat and a show, has them accepted, and tries what must be refused."""
    figures = Figures()
    person = await young_person(house)
    youth = Visitor(http, "/app/v1", token_of(house, person))
    vendor = await Offerers(house.pool).vendor(VENDOR)
    issued = await house.keys.issue(vendor, label="démonstration", scopes=SCOPES, actor="system:demo")
    till = Visitor(http, "/partner/v1", issued.text)
    wallet = await youth.get("/wallet")
    promises.check(
        "le crédit de 2018 est là", wallet.body["balanceCents"] == 50_000, euros(wallet.body["balanceCents"])
    )

    book = await _book(youth, "LIVRE_PAPIER", figures, console, soonest=False)
    sold_before = sum(office.sold() for office in world.offices.values())
    seat = await _book(youth, "SEANCE_CINE", figures, console, soonest=True, quantity=2)
    sold = sum(office.sold() for office in world.offices.values()) - sold_before
    show = await _book(youth, "SPECTACLE_REPRESENTATION", figures, console, soonest=True)
    promises.check("un livre, une séance et un spectacle sont réservés", book and seat and show)
    promises.check(
        "deux places de cinéma, sous une seule contremarque, sont vraiment vendues par sa billetterie",
        seat and sold == 2,
        counted(sold, "place"),
    )
    if not (book and seat and show):
        return figures

    for booking in (book, seat, show):
        used = await till.post(f"/countermarks/{booking['countermark']}/use")
        figures.accepted += used.status == 200
    promises.check("une caisse accepte les trois contremarques", figures.accepted == 3, f"{figures.accepted} acceptées")
    again = await till.post(f"/countermarks/{book['countermark']}/use")
    figures.refused += again.status == 409
    promises.check(
        "la seconde acceptation est refusée", again.status == 409, f"{again.status} {again.body.get('detail')}"
    )

    await _over_budget(youth, promises, figures)
    await _give_back(youth, promises, figures, console)
    return figures


async def _book(
    youth: Visitor, subcategory: str, figures: Figures, console: Console, *, soonest: bool, quantity: int = 1
) -> dict[str, Any] | None:
    """Books the first offer of a kind that has room; None, with the refusals printed, when none would.

    `soonest`: one whose session begins so soon that it can no longer be cancelled, so a till may accept it.
    """
    candidates = await _found(youth, subcategory)
    if soonest:
        firm = (now() + FIRM).isoformat()
        candidates = sorted((f for f in candidates if f["beginsAt"] < firm), key=lambda found: found["beginsAt"])
    for found in candidates:
        offer = (await youth.get(f"/offers/{found['id']}")).body
        room = [s for s in offer["stocks"] if (s.get("remaining") is None or s["remaining"] >= quantity)]
        stocks = [s for s in room if s.get("priceCents") is not None]
        if soonest:
            stocks = stocks[:1]
        for stock in stocks:
            made = await youth.post(
                "/bookings",
                {"stockId": stock["id"], "quantity": quantity, "expectedPriceCents": stock["priceCents"]},
            )
            if made.status == 201:
                figures.made += 1
                booking: dict[str, Any] = made.body
                console.print(
                    f"  réservé : [bold]{escape(found['title'])}[/], {escape(found['venue']['name'])}, "
                    f"{euros(booking['amountCents'])} — contremarque [bold]{booking['countermark']}[/]",
                    soft_wrap=True,
                )
                return booking
            console.print(
                f"  [dim]{escape(found['title'])} : {made.status} {escape(str(made.body.get('detail')))}[/]",
                soft_wrap=True,
            )
    return None


async def _found(youth: Visitor, subcategory: str, words: str = "") -> list[dict[str, Any]]:
    answer = await youth.get(f"/offers?subcategory={subcategory}&q={words}&limit=50")
    offers: list[dict[str, Any]] = answer.body["offers"]
    return offers


async def _over_budget(youth: Visitor, promises: Promises, figures: Figures) -> None:
    """Goes on buying books until the cap on goods says no; what was bought is then given back."""
    bought, refusal = [], None
    for found in (await _found(youth, "LIVRE_PAPIER"))[1:]:
        offer = (await youth.get(f"/offers/{found['id']}")).body
        for stock in offer["stocks"][:1]:
            made = await youth.post("/bookings", {"stockId": stock["id"], "quantity": 1})
            if made.status == 201:
                figures.made += 1
                bought.append(made.body["id"])
            elif made.body.get("type", "").endswith(("cap-reached", "insufficient-credit")):
                refusal = made
        if refusal is not None:
            break
    promises.check(
        "une réservation au-delà du plafond est refusée",
        refusal is not None and refusal.status == 409,
        refusal.body.get("detail") if refusal else f"{len(bought)} livres, aucun refus",
    )
    figures.refused += refusal is not None
    for booking in bought:
        figures.cancelled += (await youth.post(f"/bookings/{booking}/cancel")).status == 200


async def _give_back(youth: Visitor, promises: Promises, figures: Figures, console: Console) -> None:
    """A booking cancelled: the money is back, to the cent."""
    before = (await youth.get("/wallet")).body["balanceCents"]
    booking = await _book(youth, "CONCERT", figures, console, soonest=False) or await _book(
        youth, "LIVRE_PAPIER", figures, console, soonest=False
    )
    if booking is None:
        promises.check("une annulation rend l'argent", False, "rien à réserver")
        return
    during = (await youth.get("/wallet")).body["balanceCents"]
    cancelled = await youth.post(f"/bookings/{booking['id']}/cancel")
    after = (await youth.get("/wallet")).body["balanceCents"]
    figures.cancelled += cancelled.status == 200
    promises.check(
        "une annulation rend l'argent",
        cancelled.status == 200 and during == before - booking["amountCents"] and after == before,
        f"{euros(before)} → {euros(during)} → {euros(after)}",
    )
