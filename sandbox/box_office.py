"""The two-call sale of a cinema: prepare, confirm, cancel. Seats leave at the preparation, which lapses after
ten minutes.

What happens on a repeated confirmation is nowhere documented; here it is refused, the severer reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import Clock
from sandbox.programme import Programme, Showtime

LAPSE = timedelta(minutes=10)


class SaleError(Exception):
    """A refusal, with the English text the software answers and its status."""

    def __init__(self, status: int, message: str, *, remaining: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.remaining = remaining
        """Seats left, where that is why."""


@dataclass(slots=True)
class _Sale:
    items: list[tuple[Showtime, int]]
    amount_cents: int
    prepared_at: datetime
    confirmed: bool = False
    cancelled: bool = False


class BoxOffice:
    """Sells the seats of one programme."""

    def __init__(self, programme: Programme, clock: Clock) -> None:
        self._programme = programme
        self._clock = clock
        self._sales: dict[int, _Sale] = {}

    def prepare(self, basket: Sequence[tuple[int, int]]) -> int:
        """Takes the seats of `basket`, (pricing id, quantity) each, and returns the preparation's id."""
        self.lapse()
        items: list[tuple[Showtime, int]] = []
        amount = 0
        wanted: dict[int, int] = {}
        for pricing_id, quantity in basket:
            found = self._programme.pricing(pricing_id)
            if found is None or found[0].starts_at <= self._clock():
                raise SaleError(404, "No showtime found")
            show, pricing = found
            wanted[show.id] = wanted.get(show.id, 0) + quantity
            if quantity < 1 or wanted[show.id] > show.online:
                left = max(show.online, 0)
                why = f"Insufficient number of seats for showtime {show.id}, remaining: {left}"
                raise SaleError(400, why, remaining=left)
            items.append((show, quantity))
            amount += pricing.amount_cents * quantity
        for show, quantity in items:
            _take(show, quantity)
        sale_id = 133_401 + len(self._sales)
        self._sales[sale_id] = _Sale(items, amount, self._clock())
        return sale_id

    def confirm(self, sale_id: int) -> tuple[str, int]:
        """Makes a preparation a sale: its code and its amount in cents."""
        self.lapse()
        sale = self._sales.get(sale_id)
        if sale is None or sale.confirmed or sale.cancelled:
            raise SaleError(400, "Sale preparation not found or expired")
        sale.confirmed = True
        return f"sale-{sale_id}", sale.amount_cents

    def sell(self, pricing_id: int, quantity: int) -> list[str]:
        """A sale in one call, of one code a seat, each of which may be cancelled by itself: all the seats or none."""
        self.confirm(self.prepare([(pricing_id, quantity)]))
        whole = self._sales.popitem()[1]
        codes = []
        for _ in range(quantity):
            number = 133_401 + len(self._sales)
            self._sales[number] = _Sale(
                [(whole.items[0][0], 1)], whole.amount_cents // quantity, whole.prepared_at, confirmed=True
            )
            codes.append(f"sale-{number}")
        return codes

    def cancel(self, code: str) -> None:
        """Gives the seats of a sale back."""
        number = code.removeprefix("sale-")
        sale = self._sales.get(int(number)) if number.isdecimal() else None
        if sale is None or not sale.confirmed:
            raise SaleError(404, "No sale found")
        if sale.cancelled:
            raise SaleError(400, "Sale already cancelled")
        self._give_back(sale)

    def lapse(self) -> None:
        """Gives back the seats of preparations nobody confirmed in time."""
        for sale in self._sales.values():
            if not sale.confirmed and not sale.cancelled and self._clock() - sale.prepared_at > LAPSE:
                self._give_back(sale)

    def sold(self) -> int:
        """Returns how many seats are sold for good."""
        return sum(
            quantity
            for sale in self._sales.values()
            if sale.confirmed and not sale.cancelled
            for _, quantity in sale.items
        )

    def _give_back(self, sale: _Sale) -> None:
        sale.cancelled = True
        for show, quantity in sale.items:
            _take(show, -quantity)


def _take(show: Showtime, quantity: int) -> None:
    show.online -= quantity
    show.seats -= quantity
