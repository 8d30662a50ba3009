"""Which deposits pay, and how much each: pure functions over a wallet as the store has read it.

Deposits are spent in their declared order (`spending_order`), then the one that ends first. An expired one pays
nothing, a local credit only what its scope holds, and caps bound what each deposit pays for goods that count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from bookings.errors import CapReached, CreditExpired, InsufficientCredit
from schemas.taxonomy import Subcategory


class Credit(msgspec.Struct, frozen=True, array_like=True):
    """A deposit under its wallet's version (`store.DEPOSITS` writes these fields in this order)."""

    id: int
    account_id: int
    spending_order: int
    balance_cents: int
    physical_spent_cents: int
    physical_cap_cents: int | None
    digital_spent_cents: int
    digital_cap_cents: int | None
    expires_at: datetime
    subcategories: frozenset[str] | None
    """What a local credit pays; None: anything."""
    departments: frozenset[str] | None
    """Of the venues where it pays; None: any."""

    def pays(self, subcategory: str, department: str | None) -> bool:
        """Whether the offer is in its scope."""
        return (self.subcategories is None or subcategory in self.subcategories) and (
            self.departments is None or department in self.departments
        )

    def left_under_caps(self, kind: Subcategory) -> int:
        """What it may still pay for goods of this sort, in cents."""
        left = self.balance_cents
        if kind.counts_physical and self.physical_cap_cents is not None:
            left = min(left, self.physical_cap_cents - self.physical_spent_cents)
        if kind.counts_digital and self.digital_cap_cents is not None:
            left = min(left, self.digital_cap_cents - self.digital_spent_cents)
        return left


@dataclass(frozen=True, slots=True)
class Share:
    """What one deposit pays of a booking."""

    deposit_id: int
    account_id: int
    cents: int


_CREDITS = msgspec.json.Decoder(list[Credit])


def credits(text: str | None) -> list[Credit]:
    """The column `deposits` of `store.LOOK`, in the order of spending."""
    found = _CREDITS.decode(text) if text else []
    return sorted(found, key=lambda one: (one.spending_order, one.expires_at, one.id))


def shares(
    deposits: list[Credit], kind: Subcategory, department: str | None, amount_cents: int, now: datetime
) -> list[Share]:
    """Who pays how much; nobody for what is free. `deposits` in the order of spending.

    Raises `CreditExpired` where all credit has ended, `InsufficientCredit` where what there is for this offer does
    not cover it, `CapReached` where it would but for a cap.
    """
    if amount_cents == 0:
        return []
    live = [one for one in deposits if one.expires_at > now]
    if deposits and not live:
        raise CreditExpired(max(one.expires_at for one in deposits))
    usable = [one for one in live if one.pays(kind.id, department)]
    balance = sum(one.balance_cents for one in usable)
    if balance < amount_cents:
        raise InsufficientCredit(balance, amount_cents)
    paid, missing = [], amount_cents
    for one in usable:
        if (cents := min(missing, one.left_under_caps(kind))) > 0:
            paid.append(Share(one.id, one.account_id, cents))
            missing -= cents
    if missing:
        raise CapReached("digital" if kind.counts_digital else "physical", amount_cents - missing)
    return paid
