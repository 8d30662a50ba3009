"""How the domain's records are put into this face's answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from accounts.people import Beneficiary
from app_api.answers import (
    BookableOffer,
    BookableStock,
    BookingAnswer,
    DepositAnswer,
    FoundOffer,
    FoundVenue,
    PersonAnswer,
    RecreditAnswer,
    TicketAnswer,
    WalletAnswer,
)
from bookings.records import Booking, DepositView, WalletView
from schemas.ids import internal_id, public_id
from schemas.offers import Offer


def public(offer_ids: Iterable[int]) -> list[str]:
    """Offers' public ids, in the order given."""
    return [public_id("offer", offer_id) for offer_id in offer_ids]


def person(known: Beneficiary) -> PersonAnswer:
    """Who the caller is."""
    return PersonAnswer(
        id=public_id("beneficiary", known.id),
        email=known.email,
        first_name=known.first_name,
        last_name=known.last_name,
        birth_date=None if known.birth_date is None else known.birth_date.isoformat(),
        department=known.department,
    )


def found(offer: Offer) -> FoundOffer:
    """An offer as a list of results shows it."""
    thing = offer.product or offer.event
    assert thing is not None
    prices = [stock.price_cents for stock in offer.stocks if stock.price_cents is not None]
    return FoundOffer(
        id=offer.id,
        title=thing.title,
        subcategory=offer.subcategory,
        venue=FoundVenue(
            id=offer.venue.id,
            name=offer.venue.name,
            time_zone=offer.venue.time_zone,
            city=offer.venue.address.city if offer.venue.address else None,
        ),
        is_duo=offer.is_duo,
        is_digital=offer.is_digital,
        price_cents=min(prices, default=None),
        begins_at=min((session.begins_at for session in offer.sessions), default=None),
    )


def bookable(offer: Offer, remaining: Mapping[int, int | None]) -> BookableOffer:
    """The offer with what is left of each of its stocks, given by row id."""
    stocks = [
        BookableStock(**msgspec.structs.asdict(stock), remaining=remaining[internal_id("stock", stock.id)])
        for stock in offer.stocks
    ]
    return BookableOffer(**{**msgspec.structs.asdict(offer), "stocks": stocks})


def booking(made: Booking) -> BookingAnswer:
    """A booking, for its owner."""
    return BookingAnswer(
        id=made.public_id,
        status=made.status,
        offer_id=public_id("offer", made.offer_id),
        stock_id=public_id("stock", made.stock_id),
        offer=made.promise,
        quantity=made.quantity,
        price_cents=made.unit_price_cents,
        amount_cents=made.amount_cents,
        created_at=made.created_at,
        countermark=made.countermark,
        tickets=[TicketAnswer(barcode=ticket.barcode, seat=ticket.seat) for ticket in made.tickets],
        cancellable_until=made.cancellable_until,
        expires_at=made.expires_at,
        confirmed_at=made.confirmed_at,
        used_at=made.used_at,
        cancelled_at=made.cancelled_at,
        cancellation_reason=made.cancellation_reason,
    )


def wallet(view: WalletView) -> WalletAnswer:
    """A wallet, for its owner."""
    return WalletAnswer(
        policy=view.policy,
        balance_cents=view.balance_cents,
        physical_left_cents=view.physical_left_cents,
        digital_left_cents=view.digital_left_cents,
        expires_at=view.expires_at,
        is_expired=view.is_expired,
        deposits=[_deposit(one) for one in view.deposits],
    )


def _deposit(view: DepositView) -> DepositAnswer:
    due = view.next_recredit
    return DepositAnswer(
        credit=view.credit,
        title=view.title,
        is_local=view.is_local,
        granted_cents=view.granted_cents,
        balance_cents=view.balance_cents,
        physical_cap_cents=view.physical_cap_cents,
        physical_left_cents=view.physical_left_cents,
        digital_cap_cents=view.digital_cap_cents,
        digital_left_cents=view.digital_left_cents,
        subcategories=view.subcategories,
        departments=view.departments,
        expires_at=view.expires_at,
        is_expired=view.is_expired,
        next_recredit=None if due is None else RecreditAnswer(at=due.at, amount_cents=due.cents),
    )
