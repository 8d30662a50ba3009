"""The rows an offer gives to each flat table of a dump, in the order of the columns in `flat.py`.

Lists that hold people or connectors are joined by " ; ".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from schemas.offers import Offer, PublishedEvent, PublishedProduct
from schemas.records import Identifier

Cell = str | int | float | bool | None
Row = tuple[Cell, ...]
_FORMULA: Final = re.compile(r"[=@\t\r]|[+-].*[(|!]", re.DOTALL)
"""What spreadsheets compute: a sign alone begins many a title, and calls nothing."""


def offers(offer: Offer) -> Iterator[Row]:
    """The offer itself."""
    yield (
        offer.id,
        offer.venue.id,
        offer.product.id if offer.product else None,
        offer.event.id if offer.event else None,
        offer.subcategory,
        offer.is_duo,
        offer.is_digital,
        offer.licence,
        _joined(sorted({source.connector for source in offer.sources})),
        _moment(offer.updated_at),
    )


def venues(offer: Offer) -> Iterator[Row]:
    """Where it is."""
    venue, address, position = offer.venue, offer.venue.address, offer.venue.position
    yield (
        venue.id,
        venue.name,
        venue.time_zone,
        _identifier(venue.identifiers, "siret"),
        address.street if address else None,
        address.postal_code if address else None,
        address.city if address else None,
        address.insee_code if address else None,
        address.country if address else None,
        position.latitude if position else None,
        position.longitude if position else None,
        venue.url,
    )


def works(offer: Offer) -> Iterator[Row]:
    """The work of its product or event, where it is known."""
    thing: PublishedProduct | PublishedEvent | None = offer.product or offer.event
    if thing is not None and thing.work is not None:
        yield thing.work.id, thing.work.title, thing.work.type


def products(offer: Offer) -> Iterator[Row]:
    """Its product, for a good."""
    if (product := offer.product) is not None:
        yield (
            product.id,
            product.work.id if product.work else None,
            product.title,
            product.subtitle,
            _identifier(product.identifiers, "ean"),
            _people(product),
            product.publisher,
            product.collection,
            product.volume,
            product.language,
            product.published_on,
            product.page_count,
            product.price_cents,
        )


def events(offer: Offer) -> Iterator[Row]:
    """Its event."""
    if (event := offer.event) is not None:
        yield (
            event.id,
            offer.venue.id,
            event.work.id if event.work else None,
            event.title,
            _people(event),
            event.duration_minutes,
            event.url,
        )


def sessions(offer: Offer) -> Iterator[Row]:
    """The sessions to come."""
    if offer.event is not None:
        for session in offer.sessions:
            yield (
                session.id,
                offer.event.id,
                _moment(session.begins_at),
                _moment(session.ends_at),
                session.hall,
                session.version,
            )


def stocks(offer: Offer) -> Iterator[Row]:
    """What can be booked."""
    for stock in offer.stocks:
        yield (
            stock.id,
            offer.id,
            stock.session_id,
            stock.price_cents,
            stock.price_label,
            _moment(stock.sellable_until),
        )


def written(row: Row) -> list[str]:
    """A row as CSV cells: empty for nothing, true and false for booleans.

    A text that a spreadsheet would compute is preceded by an apostrophe: a title may have been written to have the
    reader's machine ask somebody's address. As it was said, it stands in `offers.ndjson`.
    """
    return [_cell(cell) for cell in row]


def _cell(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case str() if _FORMULA.match(cell):
            return f"'{cell}"
    return str(cell)


def _identifier(identifiers: Sequence[Identifier], scheme: str) -> str | None:
    return next((one.value for one in identifiers if one.scheme == scheme), None)


def _people(thing: PublishedProduct | PublishedEvent) -> str | None:
    return _joined([f"{person.name} ({person.role})" for person in thing.contributors])


def _joined(texts: Sequence[str]) -> str | None:
    return " ; ".join(texts) or None


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
