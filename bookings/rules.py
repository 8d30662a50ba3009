"""What may be booked, by whom, at what price: pure functions over facts that the store has read.

Order of the checks and the numbers: pass Culture's published rules (D.4 of the design's reference, 2018 to
2025): bookable, not already booked, quantity, what is left, price, age, credit, caps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec

from bookings.errors import (
    AgeRefused,
    AlreadyBooked,
    PriceChanged,
    QuantityRefused,
    SoldOut,
    StockNotBookable,
)
from bookings.policies import age_at
from bookings.spending import Credit, Share, shares
from schemas.taxonomy import SUBCATEGORIES, Subcategory

CANCELLABLE = timedelta(hours=48)
"""Before a session, and after booking: the person's time to think."""
FETCHABLE = timedelta(days=30)
FETCHABLE_BOOK = timedelta(days=10)
HIGHEST_CENTS = 300_00
"""Nothing dearer is sold."""
YOUNGEST, ADULT = 15, 18
USED_AT_ONCE = frozenset({"CARTE_MUSEE", "ABO_MUSEE", "ABO_BIBLIOTHEQUE", "ABO_MEDIATHEQUE"})
"""Cards that, free, are used by being booked: nobody validates them."""


class Facts(msgspec.Struct, frozen=True):
    """A stock as sold now (`store.FACTS`, in this order). No `source_id`: no provider ever said how many there are."""

    stock_id: int
    venue_id: int
    offer_id: int
    session_id: int | None
    source_id: int | None
    sales_seen: str | None
    """When the source takes our sales into account: at_booking, at_acceptance or never."""
    price_cents: int | None
    price_label: str | None
    sellable_until: datetime | None
    product_price_cents: int | None
    is_withdrawn: bool
    is_stale: bool
    """Its source has been silent for too long to be believed."""
    has_session: bool
    is_session_cancelled: bool
    begins_at: datetime | None
    ends_at: datetime | None
    hall: str | None
    version: str | None
    title: str | None
    subcategory: str | None
    ean: str | None
    sellable: bool | None
    sellable_from: datetime | None
    is_duo: bool
    venue_name: str
    siret: str | None
    time_zone: str
    department: str | None
    """Of the venue."""

    @property
    def kind(self) -> Subcategory:
        """Its subcategory. Raises `StockNotBookable` where it has none that we know."""
        known = SUBCATEGORIES.get(self.subcategory or "")
        if known is None:
            raise StockNotBookable("incomplete")
        return known

    @property
    def unit_price_cents(self) -> int | None:
        """The stock's own price, else the product's legal one."""
        return self.price_cents if self.price_cents is not None else self.product_price_cents


@dataclass(frozen=True, slots=True)
class Purse:
    """A wallet as of its version; its deposits in the order of spending."""

    id: int
    version: int
    deposits: list[Credit]


@dataclass(frozen=True, slots=True)
class Deal:
    """What the checks came to: the price of one, and who pays."""

    price_cents: int
    shares: list[Share]


def check_bookable(facts: Facts, now: datetime) -> None:
    """Raises `StockNotBookable` with why."""
    if facts.is_withdrawn:
        raise StockNotBookable("withdrawn")
    if facts.is_stale:
        raise StockNotBookable("stale")
    if facts.has_session and facts.is_session_cancelled:
        raise StockNotBookable("session_cancelled")
    if facts.begins_at is not None and facts.begins_at <= now:
        raise StockNotBookable("begun")
    if facts.sellable_until is not None and facts.sellable_until <= now:
        raise StockNotBookable("closed")
    if facts.sellable is False:
        raise StockNotBookable("not_sellable")
    if facts.sellable_from is not None and facts.sellable_from > now:
        raise StockNotBookable("embargo")
    if facts.title is None or facts.source_id is None or facts.subcategory not in SUBCATEGORIES:
        raise StockNotBookable("incomplete")


def check_quantity(facts: Facts, quantity: int) -> None:
    """One, or two of a duo offer. Raises `QuantityRefused`."""
    allowed = 2 if facts.is_duo and facts.kind.can_be_duo else 1
    if not 1 <= quantity <= allowed:
        raise QuantityRefused(allowed)


def check_booking(
    facts: Facts,
    purse: Purse,
    *,
    quantity: int,
    is_already_booked: bool,
    taken: int | None,
    total: int | None,
    expected_price_cents: int | None,
    birth_date: date | None,
    now: datetime,
) -> Deal:
    """The price and who pays, after every check in order. Raises the refusal of the first that fails."""
    check_bookable(facts, now)
    if is_already_booked:
        raise AlreadyBooked
    check_quantity(facts, quantity)
    check_supply(quantity, taken=taken, total=total)
    price = facts.unit_price_cents
    if price is None:
        raise StockNotBookable("no_price")
    if expected_price_cents is not None and expected_price_cents != price:
        raise PriceChanged(price)
    if price > HIGHEST_CENTS:
        raise StockNotBookable("too_dear")
    kind = facts.kind
    if birth_date is not None:
        check_age(kind, age_at(birth_date, now), is_free=price == 0)
    return Deal(price, shares(purse.deposits, kind, facts.department, price * quantity, now))


def check_age(kind: Subcategory, age: int, *, is_free: bool) -> None:
    """What those who are not adults may book, and whether for money (rules of 2024). Raises `AgeRefused`."""
    if age < YOUNGEST:
        raise AgeRefused(YOUNGEST)
    if age < ADULT and not (kind.minors_free if is_free else kind.minors_paid):
        raise AgeRefused(ADULT)


def check_supply(quantity: int, *, taken: int | None, total: int | None) -> None:
    """What is left, before the allotment's lock says it for good. Raises `SoldOut`."""
    if total is not None and (taken or 0) + quantity > total:
        raise SoldOut(max(0, total - (taken or 0)))


def cancellable_until(begins_at: datetime | None, created_at: datetime) -> datetime | None:
    """Until when the person may cancel: max(min(begins − 48 h, created + 48 h), created); None for goods."""
    if begins_at is None:
        return None
    return max(min(begins_at - CANCELLABLE, created_at + CANCELLABLE), created_at)


def expires_at(kind: Subcategory, created_at: datetime) -> datetime | None:
    """When goods nobody fetched are given back: 10 days for paper books, 30 for others; None for the rest."""
    if not kind.can_expire:
        return None
    return created_at + (FETCHABLE_BOOK if kind.id == "LIVRE_PAPIER" else FETCHABLE)


def is_used_at_once(kind: Subcategory, price_cents: int) -> bool:
    """A free card of a library or museum: booked is used."""
    return price_cents == 0 and kind.id in USED_AT_ONCE
