"""A library and a bookshop propose one and the same book: the one lends it for nothing, the other sells it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from feeds import QUIMPER, STRASBOURG, Desk, book, copies

from catalogue.offers import read_offers
from connectors.registry import build

RECORDED = Path(__file__).parents[1] / "connectors" / "fixtures" / "koha_ilsdi"
NOW = datetime.now(UTC)


async def test_a_loan_is_a_free_stock_of_the_book_a_shop_sells(desk: Desk) -> None:
    """One product, two offers: the library's costs nothing, says that it is a loan, and has as many places as free
    copies; neither changes what the book is or costs."""
    shop = await desk.venue(STRASBOURG, "Librairie des Arcades", "67000", "Strasbourg")
    library = await desk.venue(QUIMPER, "Médiathèque des Ursulines")
    await desk.source("till", venue_id=shop)
    await desk.source("koha_ilsdi", venue_id=library, trust=40)
    await desk.snapshot("till", book("till", "9782070360024", "L'Étranger"), copies("till", "9782070360024", 3, 690))
    koha = build("koha_ilsdi", {"path": str(RECORDED)}, None, clock=lambda: NOW, account="koha_ilsdi")
    report = await desk.pull("koha_ilsdi", koha.pull, full=True)
    assert report.rejected == 1

    assert await desk.one("select count(*) from product where ean = '9782070360024'") == 1
    found = await desk.all(
        "select o.id from offer o join product p on p.id = o.product_id where p.ean = $1", "9782070360024"
    )
    ids = [offer_id for (offer_id,) in found]
    offers = {one.venue.name: one for one in await read_offers(desk.conn, ids, at=NOW)}
    assert {name: one.subcategory for name, one in offers.items()} == {
        "Librairie des Arcades": "LIVRE_PAPIER",
        "Médiathèque des Ursulines": "LIVRE_PAPIER",
    }
    [loan] = offers["Médiathèque des Ursulines"].stocks
    [sale] = offers["Librairie des Arcades"].stocks
    assert (loan.price_cents, loan.price_label) == (0, "Prêt en bibliothèque")
    assert sale.price_cents == 690
    left = "select u.available from supply u join stock k on k.id = u.stock_id where k.price_cents = 0"
    assert await desk.one(f"{left} and k.offer_id = any($1)", ids) == 1
