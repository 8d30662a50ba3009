"""What a provider is told of a booking it is asked to sell, and its tickets as they are kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bookings.records import promise
from connectors.selling import Customer, Hold, Order, Sold, Thing, Ticket
from net.errors import FeedChanged
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from accounts.people import Contact

LONGEST_TEXT = 500
"""Characters of a barcode, a seat, or what else a protocol wants kept with a ticket."""
LONGEST_REFERENCE = 2_000
MOST_TICKETS = 20


def order(row: asyncpg.Record, contact: Contact | None) -> Order:
    """The order of an `external_store.SALE` row; the person's name and e-mail where they are still known."""
    promised = promise(row["snapshot"])
    return Order(
        client_ref=public_id("booking", row["booking_id"]),
        session_key=row["session_key"],
        price_part=row["price_part"],
        quantity=row["quantity"],
        unit_price_cents=row["unit_price_cents"],
        booked_at=row["created_at"],
        cancellable_until=row["cancellable_until"],
        thing=Thing(
            title=promised.title,
            ean=promised.ean,
            price_label=promised.price_label,
            offer_id=public_id("offer", row["offer_id"]),
            stock_id=public_id("stock", row["stock_id"]),
            venue_id=public_id("venue", row["venue_id"]),
            venue_name=promised.venue_name,
            siret=promised.siret,
            department=row["department"],
        ),
        customer=Customer() if contact is None else Customer(contact.first_name, contact.last_name, contact.email),
    )


def keepable_hold(hold: Hold) -> Hold:
    """The hold, if its reference can be kept. FeedChanged otherwise."""
    if len(hold.reference) > LONGEST_REFERENCE or not hold.reference.isprintable():
        raise FeedChanged("référence de réservation illisible")
    return hold


def keepable(sold: Sold) -> Sold:
    """The sale, if its tickets can be kept and shown. FeedChanged otherwise: they may stand there all the same."""
    if len(sold.tickets) > MOST_TICKETS:
        raise FeedChanged("bien plus de billets que de places")
    for ticket in sold.tickets:
        more = [f"{name}={value}" for name, value in ticket.more.items()]
        texts = [ticket.barcode, ticket.seat or "", *more]
        if not ticket.barcode or any(len(text) > LONGEST_TEXT or not text.isprintable() for text in texts):
            raise FeedChanged("billet illisible")
    return sold


def written(tickets: Sequence[Ticket]) -> str:
    """The tickets as the JSON that `read` reads."""
    return json.dumps(
        [
            {"barcode": ticket.barcode, "seat": ticket.seat} | ({"more": dict(ticket.more)} if ticket.more else {})
            for ticket in tickets
        ]
    )


def read(kept: str | None) -> list[Ticket]:
    """The tickets again; none of None."""
    return [Ticket(one["barcode"], one["seat"], one.get("more", {})) for one in json.loads(kept or "[]")]
