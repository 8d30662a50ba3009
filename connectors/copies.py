"""What a library can lend, as a stock.

A copy that can be borrowed today is a bookable place of a free offer (docs/decisions, "A loan is a free stock"). The
product stays what it is, so that a library and a bookshop propose the same book; what differs is the stock, free and
labelled as a loan.
"""

from __future__ import annotations

from collections.abc import Iterable

from connectors.base import Change, Upsert
from schemas.records import SourceRef, Stock

LABEL = "Prêt en bibliothèque"


def lending(product: SourceRef, copies: Iterable[bool]) -> Change:
    """The stock of a product's copies, each told whether it can be borrowed now; free, under the product's key."""
    return Upsert(
        Stock(
            ref=product,
            product_key=product.key,
            available=sum(copies),
            price_cents=0,
            price_label=LABEL,
        )
    )
