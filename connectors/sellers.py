"""Ticketings that sell and are not read: whatever reads a source's programme, its seats may be sold in one of these.

A name here is a stable handle, as in `registry.py`. What both reads and sells (Boost) stands there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from connectors.entries import check_settings, secret_names
from connectors.selling import Selling
from connectors.settings import Settings, SettingsRefused
from connectors.ticketing_webhook import TicketingSettings, TicketingWebhook
from net.client import Http

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class SellerEntry:
    """One selling protocol: what it wants, how it is made."""

    name: str
    title: str
    settings: type[Settings]
    make: Callable[[Any, Http, Clock], Selling]

    def split_secrets(self, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """(plain settings, secret settings), by field."""
        names = secret_names(self.settings)
        secret = {name: value for name, value in settings.items() if name in names}
        return {name: value for name, value in settings.items() if name not in secret}, secret

    def read_settings(self, settings: Mapping[str, Any]) -> Settings:
        """The settings, checked. Raises SettingsRefused naming each field that is wrong and why."""
        return check_settings(self.name, self.settings, settings)


SELLERS: Mapping[str, SellerEntry] = MappingProxyType(
    {
        one.name: one
        for one in (
            SellerEntry(
                name="ticketing_webhook",
                title="Billetterie appelée à la réservation (webhook du pass Culture)",
                settings=TicketingSettings,
                make=lambda settings, http, clock: TicketingWebhook(settings, http, clock=clock),
            ),
        )
    }
)


def seller_entry(name: str) -> SellerEntry:
    """Raises SettingsRefused for a name that is none."""
    found = SELLERS.get(name)
    if found is None:
        raise SettingsRefused(f"billetterie inconnue : « {name[:60]} » (connues : {', '.join(sorted(SELLERS))})")
    return found


def make_seller(name: str, settings: Mapping[str, Any], http: Http, *, clock: Clock) -> Selling:
    """Who sells there. Raises SettingsRefused."""
    found = seller_entry(name)
    return found.make(found.read_settings(settings), http, clock)
