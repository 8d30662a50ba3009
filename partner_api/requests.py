"""The shapes of what vendors send."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from bookings.outbox_tables import EVENTS
from bookings.webhooks import FORMS
from catalogue.review import VERDICTS

Nonce = Annotated[str, Meta(min_length=1, max_length=255)]
Till = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
Token = Annotated[str, Meta(max_length=512)]
Quantity = Annotated[int, Meta(ge=1, le=100)]
MAX_USES = 100
MAX_ENTRIES = 500


class Use(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A use of a countermark, for tills that cannot send the header Idempotency-Key or know more than it."""

    nonce: Nonce | None = None
    """Unique to this use; the same again is the same use, and gets the same answer."""
    venue_id: str | None = None
    """Where the till stands: a countermark of another venue is then refused as such."""
    quantity: Quantity | None = None
    """How many it is about to hand over."""
    till: Till | None = None
    """What it is called, told to whoever finds the countermark used."""


class Check(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be checked: a countermark, the text of a QR code, or a signed ticket."""

    token: Token
    venue_id: str | None = None
    quantity: Quantity | None = None
    till: Till | None = None


class OneUse(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One use among several."""

    token: Token
    nonce: Nonce
    venue_id: str | None = None
    quantity: Quantity | None = None
    till: Till | None = None


class Uses(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Several uses, each decided by itself."""

    uses: Annotated[list[OneUse], Meta(min_length=1, max_length=MAX_USES)]


class Journal(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a till accepted without us. What is wrong with one entry is in its receipt, and the others go on."""

    till: Till
    entries: Annotated[list[object], Meta(min_length=1, max_length=MAX_ENTRIES)]


class Entry(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One entry of a till's journal."""

    sequence: Annotated[int, Meta(ge=1, le=2**53 - 1)]
    """Counts up by one; a gap shows."""
    nonce: Nonce
    ticket: Token
    accepted_at: Annotated[datetime, Meta(tz=True)]
    """By the till's clock: noted, and no proof."""
    quantity: Quantity | None = None


MAX_ITEMS = 1_000
"""Things in one batch; an event, each of its sessions and each of their stocks count."""


class StocksPushed(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is on the shelf now. What is wrong with one stock is in its receipt, and the others go on."""

    stocks: Annotated[list[object], Meta(min_length=1, max_length=MAX_ITEMS)]


class EventsPushed(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Events with their sessions and stocks, each in what it belongs to."""

    events: Annotated[list[object], Meta(min_length=1, max_length=MAX_ITEMS)]


_ONE_OF = "^(?:{})$"
EventName = Annotated[str, Meta(pattern=_ONE_OF.format("|".join(re.escape(name) for name in EVENTS)))]
Events = Annotated[list[EventName], Meta(min_length=1, max_length=20)]
Address = Annotated[str, Meta(min_length=1, max_length=2_000)]


class NewWebhook(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where to be told, and of what."""

    url: Address
    events: Events
    form: Annotated[str, Meta(pattern=_ONE_OF.format("|".join(FORMS)))] | None = None
    """None: standard."""


class WebhookChange(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be otherwise; the rest stays."""

    url: Address | None = None
    events: Events | None = None


class NewVerdict(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a person says of two records."""

    verdict: Annotated[str, Meta(pattern=_ONE_OF.format("|".join(VERDICTS)))]
