"""What a CDS show is sold at, by which gauge, and whether it is sold at all: reading and selling ask alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.cds_tables import id_of, told_of
from connectors.money import cents
from connectors.rows import whole_number
from connectors.texts import line

VOUCHER = "PSCULTURE"


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a voucher of the pass Culture is sold at."""

    id: str
    voucher: Any
    cents: int
    label: str | None
    row: dict[str, Any]


def tariffs(vouchers: list[Any]) -> dict[str, Tariff]:
    """The pass Culture's active tariffs by id. One whose price cannot be read is left out, as if not sold."""
    found: dict[str, Tariff] = {}
    for row in vouchers:
        told = row.get("tariffid") if isinstance(row, dict) and row.get("code") == VOUCHER else None
        key = id_of(told)
        if not isinstance(told, dict) or key is None or told_of(told, "active", "is_active") is False:
            continue
        try:
            price = cents(told.get("price"))
        except ValueError:
            continue
        label = line(told.get("labeltariff", told.get("label")), longest=100)
        found.setdefault(key, Tariff(key, row.get("id"), price, label, row))
    return found


def tariff_of(show: dict[str, Any], sold: dict[str, Tariff], wanted: str | None = None) -> Tariff | None:
    """The cheapest of the show's tariffs that the pass Culture pays, or the `wanted` one, None where it has none."""
    rows = show.get("showsTariffPostypeCollection")
    keys = [id_of(row.get("tariffid")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    found = [sold[key] for key in keys if key in sold and wanted in (None, key)]
    return min(found, key=lambda tariff: (tariff.cents, tariff.id), default=None)


def seats_of(show: dict[str, Any], *, by_gauge: bool | None) -> int:
    """Places that may be sold online; the smaller figure where nobody says whether the cinema sells by its gauge.

    Raises ValueError where the figure that counts misses or is none.
    """
    online = told_of(show, "internetremainingplace", "internet_remaining_place")
    hall = told_of(show, "remainingplace", "remaining_place")
    if by_gauge is True:
        return whole_number(online, "internetremainingplace")
    if by_gauge is False:
        return whole_number(hall, "remainingplace")
    figures = [("internetremainingplace", online), ("remainingplace", hall)]
    told = [whole_number(figure, name) for name, figure in figures if figure is not None]
    if not told:
        raise ValueError("remainingplace manque")
    return min(told)


def is_off(show: dict[str, Any]) -> bool:
    """Cancelled or deleted."""
    return is_cancelled(show) or is_deleted(show)


def is_cancelled(show: dict[str, Any]) -> bool:
    return told_of(show, "canceled", "is_cancelled", "cancelled") is True


def is_deleted(show: dict[str, Any]) -> bool:
    return told_of(show, "deleted", "is_deleted") is True


def sells_by_gauge(cinema: dict[str, Any] | None) -> bool | None:
    """Whether the cinema sells online by a gauge of its own; None where it does not tell."""
    told = None if cinema is None else told_of(cinema, "internetsalegaugeactive", "is_internet_sale_gauge_active")
    return told if isinstance(told, bool) else None
