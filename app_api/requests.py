"""The shapes of what the app sends."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class NewBooking(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to book."""

    stock_id: Annotated[str, Meta(max_length=100)]
    quantity: Annotated[int, Meta(ge=1, le=100)] = 1
    expected_price_cents: Annotated[int, Meta(ge=0, le=10_000_000)] | None = None
    """The price of one that the person was shown: another one now is a refusal."""
