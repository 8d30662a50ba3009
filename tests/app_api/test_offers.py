"""One offer, with what is left of each stock."""

from __future__ import annotations

import msgspec
import storefront as s
from app_client import App

from app_api.answers import BookableOffer
from schemas.ids import public_id


async def test_what_is_left_is_shown(app: App) -> None:
    """Sales here count against what the provider would sell; unlimited is null, sold out is 0."""
    offer = public_id("offer", await app.shop.offer("till", s.STRANGER))
    dear = public_id("offer", await app.shop.offer("till", s.EXILE))
    _, before = await app.get(f"/offers/{offer}")
    await app.book(await app.person(), "book")
    _, after = await app.get(f"/offers/{offer}")
    _, unlimited = await app.get(f"/offers/{dear}")
    left = [[stock["remaining"] for stock in shown["stocks"]] for shown in (before, after, unlimited)]
    assert left == [[3], [2], [None]]
    await app.shop.says("till", s.on_shelf("till", s.STRANGER, 0))
    _, sold_out = await app.get(f"/offers/{offer}")
    assert [stock["remaining"] for stock in sold_out["stocks"]] == [0]


async def test_an_offer_is_whole(app: App) -> None:
    """It is the published offer, with its sessions and stocks."""
    offer = public_id("offer", await app.shop.offer("tickets", "cid-1"))
    answer = await app.client.get(f"/app/v1/offers/{offer}")
    read = msgspec.json.decode(await answer.read(), type=BookableOffer)
    assert answer.headers["Content-Type"] == "application/json"
    assert (read.id, read.event and read.event.title, len(read.sessions)) == (offer, "Le Cid", 1)
    assert [(stock.price_cents, stock.remaining) for stock in read.stocks] == [(1500, 10)]


async def test_a_merged_offer_leads_to_its_survivor(app: App) -> None:
    """An id that was given out once goes on working."""
    kept, merged = await app.shop.offer("till", s.STRANGER), await app.shop.offer("till", s.EXILE)
    await app.shop.pool.execute("update offer set merged_into = $1 where id = $2", kept, merged)
    answer = await app.client.get(f"/app/v1/offers/{public_id('offer', merged)}", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (308, f"/app/v1/offers/{public_id('offer', kept)}")
    followed = await app.client.get(f"/app/v1/offers/{public_id('offer', merged)}")
    assert (await followed.json())["id"] == public_id("offer", kept)


async def test_unknown_offers_are_problems(app: App) -> None:
    """Malformed, of another kind, never given out, or withdrawn."""
    show = s.show("tickets", "cid", "Le Cid")
    gone = public_id("offer", await app.shop.offer("tickets", "cid-1"))
    await app.shop.says("tickets", *(s.withdrawn(record) for record in reversed(show)))
    for id_, slug in (
        ("o_x", "unknown-id"),
        (public_id("stock", 1), "unknown-id"),
        (public_id("offer", 999_999), "offer-unknown"),
        (gone, "offer-unknown"),
    ):
        status, problem = await app.get(f"/offers/{id_}")
        assert (status, problem["type"]) == (404, f"/problems/{slug}")
