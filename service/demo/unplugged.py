"""Two tills without network accept one ticket; when they are back, the first that is heard has won."""

from __future__ import annotations

from typing import Any

from aiohttp import ClientSession
from rich.console import Console

from accounts.keys import SCOPES
from accounts.offerers import Offerers
from sandbox.offline_till import OfflineTill
from sandbox.signed_ticket import Refused
from sandbox.till_network import conflicts, fetch, upload
from service.demo.promises import Promises
from service.demo.purchases import Visitor
from service.french import euros
from service.house import House
from service.sandbox_loading import VENDOR
from service.young_people import token_of, young_person
from sync.runner import now


async def play(house: House, http: ClientSession, console: Console, promises: Promises) -> None:
    """A book is booked, its signed ticket accepted twice without the platform, and reconciled with it."""
    youth = Visitor(http, "/app/v1", token_of(house, await young_person(house)))
    booking = await _book(youth)
    if booking is None:
        promises.check("une acceptation hors ligne est rapprochée", False, "aucun livre à réserver")
        return
    ticket = await _ticket(youth, booking["id"])
    venue = (await youth.get(f"/offers/{booking['offerId']}")).body["venue"]["id"]
    vendor = await Offerers(house.pool).vendor(VENDOR)
    issued = await house.keys.issue(vendor, label="caisses hors ligne", scopes=SCOPES, actor="system:demo")
    lists = await fetch(http, issued.text, venue, now())
    first, second = OfflineTill("caisse 1", lists), OfflineTill("caisse 2", lists)
    console.print(
        "  le réseau tombe : chaque caisse juge avec les clés publiées, le plafond et les révocations du lieu"
    )
    accepted = [till.accept(ticket, now()) for till in (first, second)]
    altered = ":".join(["9" if n == 4 else field for n, field in enumerate(ticket.split(":"))])
    promises.check(
        "hors ligne, une caisse vérifie seule un billet signé, et refuse le même altéré",
        accepted[0].booking == booking["id"] and _refusal(first, altered) == "forged",
        f"{booking['offer']['title']}, {euros(accepted[0].cents)}",
    )
    receipts = [one.receipt or {} for till in (first, second) for one in await upload(http, issued.text, till)]
    told = await conflicts(http, issued.text, second)
    promises.check(
        "une acceptation hors ligne est rapprochée : le premier journal reçu l'emporte, l'autre caisse l'apprend",
        [one.get("outcome") for one in receipts] == ["accepted", "conflict"]
        and [(one["till"], one.get("winnerTill")) for one in told] == [("caisse 2", "caisse 1")],
        f"{receipts[1].get('problem', {}).get('detail')} ({receipts[1].get('problem', {}).get('usedWhere')})",
    )


async def _book(youth: Visitor) -> dict[str, Any] | None:
    for found in (await youth.get("/offers?subcategory=LIVRE_PAPIER&limit=50")).body["offers"]:
        offer = (await youth.get(f"/offers/{found['id']}")).body
        for stock in offer["stocks"][:1]:
            made = await youth.post("/bookings", {"stockId": stock["id"], "quantity": 1})
            if made.status == 201:
                booking: dict[str, Any] = made.body
                return booking
    return None


async def _ticket(youth: Visitor, booking: str) -> str:
    path = f"{youth.face}/bookings/{booking}/qr?format=text"
    async with youth.http.get(path, headers={"Authorization": f"Bearer {youth.credential}"}) as response:
        return await response.text()


def _refusal(till: OfflineTill, ticket: str) -> str | None:
    try:
        till.accept(ticket, now())
    except Refused as refused:
        return refused.reason
    return None
