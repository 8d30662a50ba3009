"""When an ONIX product came out, whether it can be sold in France, and from when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from connectors.onix_elements import Element, all_of, first, text
from connectors.onix_territory import covers_france

_PARIS = ZoneInfo("Europe/Paris")
_DATE = re.compile(r"(\d{4})-?(\d{2})?-?(\d{2})?(?:T?\d{4}(?:\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?")
_IN_STOCK = frozenset({"20", "21", "22", "23"})
_AHEAD = frozenset({"10", "11", "12"})
_UNTOLD = frozenset({"97", "98", "99"})
"""List 65: the supplier no longer says; what was known stays."""
_OLD_CODES = {"IP": "20", "NP": "10", "CS": "99"}
"""List 54 of 2.1 in the words of list 65; every other code is about what is not sold."""
_WITHDRAWN = frozenset({"11", "12", "15", "16", "17"})
_OUT_OF_PRINT = "07"


def publication_day(block: Element, notes: list[str]) -> str | None:
    """ISO date, or year and month, or year, as precise as the source is."""
    told = [*dated(block, "PublishingDate", "PublishingDateRole", ("01", "11"))]
    if (old := text(block, "PublicationDate")) is not None:
        told.append(old)
    for one in told:
        day = iso_day(one)
        if day is not None:
            return day
        if one.strip("0"):
            notes.append(f"date de parution illisible : « {one[:30]} »")
    return None


def availability(
    product: Element, publishing: Element, published_on: str | None, *, today: date, notes: list[str]
) -> tuple[bool | None, datetime | None]:
    """(whether it is sold in France, None when nobody says; the embargo's end).

    A product announced counts as sold from its date, when that is told. An embargo ends at midnight in Paris.
    """
    supplies = list(_supplies(product))
    embargo = _embargo(product, publishing, notes)
    status = text(publishing, "PublishingStatus")
    if status in _WITHDRAWN:
        return False, embargo
    codes = {code for supply in supplies if (code := _code(supply)) is not None}
    if codes & _IN_STOCK:
        return True, embargo
    if codes & _AHEAD:
        start = embargo or _midnight(published_on)
        return start is not None, start
    if codes and codes <= _UNTOLD:
        return None, embargo
    if codes or status == _OUT_OF_PRINT:
        return False, embargo
    return None, embargo


def dated(block: Element, composite: str, role: str, wanted: tuple[str, ...]) -> Iterator[str]:
    """The dates of the composites in those roles, in the order of the roles."""
    for code in wanted:
        for one in all_of(block, composite):
            if text(one, role) == code and (found := text(one, "Date")) is not None:
                yield found


def iso_day(told: str) -> str | None:
    """`20261123`, `202611`, `2026`, with or without a time, as ISO; None when it is no date."""
    match = _DATE.fullmatch(told.strip())
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part for part in (year, month, day) if part)


def full_day(told: str | None) -> date | None:
    """The date, None unless it is told to the day."""
    found = iso_day(told) if told else None
    return date.fromisoformat(found) if found and len(found) == 10 else None


def _midnight(day: str | None) -> datetime | None:
    found = full_day(day)
    if found is None or not 1970 <= found.year < 2200:
        return None
    return datetime(found.year, found.month, found.day, tzinfo=_PARIS).astimezone(UTC)


def _supplies(product: Element) -> Iterator[Element]:
    """The supply details that concern France."""
    for supply in all_of(product, "ProductSupply"):
        markets = list(all_of(supply, "Market"))
        if not markets or any(covers_france(market) for market in markets):
            yield from all_of(supply, "SupplyDetail")
    yield from all_of(product, "SupplyDetail")


def _code(supply: Element) -> str | None:
    new, old = text(supply, "ProductAvailability"), text(supply, "AvailabilityCode")
    if new is not None:
        return new
    return None if old is None else _OLD_CODES.get(old.upper(), "40")


def _embargo(product: Element, publishing: Element, notes: list[str]) -> datetime | None:
    told = [*dated(publishing, "PublishingDate", "PublishingDateRole", ("02",))]
    for supply in all_of(product, "ProductSupply"):
        market = first(supply, "MarketPublishingDetail")
        if market is not None:
            told += dated(market, "MarketDate", "MarketDateRole", ("02",))
    for supply in _supplies(product):
        told += dated(supply, "SupplyDate", "SupplyDateRole", ("02",))
        if (day := text(supply, "OnSaleDate")) is not None:
            told.append(day)
    for one in told:
        if (end := _midnight(one)) is not None:
            return end
        notes.append(f"date d'embargo illisible : « {one[:30]} »")
    return None
