"""The one price of an ONIX product that a French reader pays, among the many it carries.

In euros, for France, taxes included, for anybody (never a library's or a school's), in force today. Book
prices are fixed by law in France (1981 on paper, 2011 for digital): type 04, or 42 by an agency, comes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from connectors.money import cents
from connectors.onix_elements import Element, all_of, text
from connectors.onix_supply import full_day
from connectors.onix_territory import covers_france, rank

_WITH_TAX = {"04": 0, "42": 1, "34": 2, "02": 3}
_WITHOUT_TAX = {"03": 4, "41": 5, "33": 6, "01": 7}
"""List 58 in the order of preference; without tax only where the tax composites say how much it is."""
_FOR_ANYBODY = frozenset({None, "00", "05"})
_FREE = "01"
_RENTAL_CONDITIONS = frozenset({"10"})


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the message's header says of prices and texts that do not say it themselves."""

    currency: str | None = None
    price_type: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    """Comparable: the smallest is the price to take."""

    not_yet: bool
    kind: int
    territory: int
    open_ended: bool
    """A price with a last day is a promotion: it goes before the one it interrupts."""
    since: int
    """Minus the first day's ordinal: the latest price in force goes first."""
    cents: int


def price_of(product: Element, *, today: date, defaults: Defaults, notes: list[str]) -> int | None:
    """Cents, taxes included; None without such a price. Before the first price is in force, the coming one."""
    found = [
        candidate
        for supply, is_sold in _supplies(product)
        if is_sold
        for price in all_of(supply, "Price")
        if (candidate := _candidate(price, today, defaults, notes)) is not None
    ]
    if found:
        return min(found).cents
    free = (text(supply, "UnpricedItemType") == _FREE for supply, is_sold in _supplies(product) if is_sold)
    return 0 if any(free) else None


def _supplies(product: Element) -> Iterator[tuple[Element, bool]]:
    for supply in all_of(product, "ProductSupply"):
        markets = list(all_of(supply, "Market"))
        is_sold = not markets or any(covers_france(market) for market in markets)
        for detail in all_of(supply, "SupplyDetail"):
            yield detail, is_sold
    for detail in all_of(product, "SupplyDetail"):
        yield detail, True


def _candidate(price: Element, today: date, defaults: Defaults, notes: list[str]) -> _Candidate | None:
    if (text(price, "CurrencyCode") or defaults.currency) != "EUR":
        return None
    territory = rank(price)
    if territory is None or text(price, "PriceQualifier") not in _FOR_ANYBODY:
        return None
    if (text(price, "MinimumOrderQuantity") or "1") != "1":
        return None
    if any(text(one, "PriceConditionType") in _RENTAL_CONDITIONS for one in all_of(price, "PriceCondition")):
        return None
    begin, end = _period(price)
    if end is not None and end < today:
        return None
    kind = text(price, "PriceType") or text(price, "PriceTypeCode") or defaults.price_type or ""
    try:
        amount = _amount(price, kind)
    except ValueError as error:
        notes.append(str(error))
        return None
    if amount is None:
        return None
    return _Candidate(
        not_yet=begin is not None and begin > today,
        kind=(_WITH_TAX | _WITHOUT_TAX)[kind],
        territory=territory,
        open_ended=end is None,
        since=0 if begin is None else -begin.toordinal(),
        cents=amount,
    )


def _amount(price: Element, kind: str) -> int | None:
    """Cents with tax. Raises ValueError for an amount that is none."""
    told = text(price, "PriceAmount")
    if told is None:
        free = text(price, "UnpricedItemType") == _FREE and kind in _WITH_TAX | _WITHOUT_TAX
        return 0 if free else None
    if kind in _WITH_TAX:
        return cents(told)
    if kind in _WITHOUT_TAX:
        taxes = list(all_of(price, "Tax"))
        tax = sum((_tax(one) for one in taxes), Decimal(0))
        return cents(_decimal(told) + tax) if taxes else None
    return None


def _tax(composite: Element) -> Decimal:
    """The tax of one rate, told or computed from what it is levied on, to the cent."""
    if (amount := text(composite, "TaxAmount")) is not None:
        return _decimal(amount)
    percent, base = text(composite, "TaxRatePercent"), text(composite, "TaxableAmount")
    if percent is None or base is None:
        raise ValueError("prix hors taxe dont la taxe n'est pas dite")
    tax = _decimal(base) * _decimal(percent) / 100
    return tax.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _decimal(told: str) -> Decimal:
    try:
        value = Decimal(told.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"montant illisible : {told[:40]}") from None
    if not value.is_finite() or abs(value) > 1_000_000:
        raise ValueError(f"montant illisible : {told[:40]}")
    return value


def _period(price: Element) -> tuple[date | None, date | None]:
    """First and last day in force (list 173: 14 from, 15 until, 24 from and until)."""
    begin, end = text(price, "PriceEffectiveFrom"), text(price, "PriceEffectiveUntil")
    for one in all_of(price, "PriceDate"):
        role, told = text(one, "PriceDateRole"), text(one, "Date")
        if role == "14":
            begin = told
        elif role == "15":
            end = told
        elif role == "24" and told is not None:
            begin, _, end = told.partition(" ")
    return full_day(begin), full_day(end)
