"""The port to a ticketing that sells its seats itself: `connectors.selling.Selling`, and who has one."""

from __future__ import annotations

from typing import Protocol

from connectors.selling import Selling

Seller = Selling
"""Sells in the provider's system. What each call promises stands at `connectors.selling.Selling`."""


class SellerDirectory(Protocol):
    """Who sells the stocks of a source, if its stocks are sold there."""

    async def seller_of(self, source_id: int) -> Seller | None: ...
