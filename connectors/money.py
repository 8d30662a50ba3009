"""Amounts of money as providers write them, into integer cents. Nothing is rounded."""

from __future__ import annotations

import re
from decimal import Decimal

from connectors.remembered import remembered

_TEXT = re.compile(r"-?\d*[.,]?\d+")
_LARGEST_CENTS = Decimal(10_000_000)
_NOTHING, _HUNDRED = Decimal(0), Decimal(100)


def cents(amount: object, *, in_cents: bool = False) -> int:
    """The cents of an amount of euros: 18.9, "18,99", 12; or, `in_cents`, of an amount of cents already.

    Raises ValueError, in French, for what is not an amount, is negative, is absurd, or holds a fraction
    of a cent: 17.905 is a fault at the provider, and whichever way it were rounded would be our invention.
    """
    value = amount if type(amount) is Decimal else _decimal(amount)
    if value < _NOTHING:
        raise ValueError(f"montant négatif : {amount}")
    if value > _LARGEST_CENTS:
        raise ValueError(f"montant hors de toute mesure : {amount}")
    scaled = value if in_cents else value * _HUNDRED
    whole = int(scaled)
    if scaled != whole:
        raise ValueError(f"montant avec une fraction de centime : {amount}")
    if scaled > _LARGEST_CENTS:
        raise ValueError(f"montant hors de toute mesure : {amount}")
    return whole


def _decimal(amount: object) -> Decimal:
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal | str):
        raise ValueError(f"montant illisible : {_shown(amount)}")
    if isinstance(amount, int):
        return Decimal(amount)
    if isinstance(amount, Decimal):
        return amount
    return _read(amount)


@remembered
def _read(amount: str) -> Decimal:
    text = amount.replace("\u00a0", "").replace("\u202f", "").replace("€", "").strip()
    if len(text) > 20 or not _TEXT.fullmatch(text):
        raise ValueError(f"montant illisible : {_shown(amount)}")
    return Decimal(text.replace(",", "."))


def _shown(amount: object) -> str:
    return repr(amount)[:40]
