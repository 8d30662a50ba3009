"""The published offer: the derived document that the open data and the app show, version 1.

Same style and rules as `schemas.records`; its shape is `v1/offer.schema.json`. Ids are public ids
(`schemas.ids`). No source sends an offer: the catalogue derives it from merged records, and what may
leave in it is decided by the licences of its sources before it is built.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import field

from schemas.records import Address, Contributor, Identifier, Position, Shape


class Attribution(Shape, frozen=True):
    """A source that speaks of the offer."""

    connector: str
    licence: str
    """The licence of this source's data."""
    observed_at: datetime
    """When the source last said so."""
    account: str | None = None
    """Left out where the account is not public."""


class PublishedWork(Shape, frozen=True):
    """The work of a product or event."""

    id: str
    title: str
    type: str


class PublishedVenue(Shape, frozen=True):
    """The place that proposes the offer."""

    id: str
    name: str
    time_zone: str
    identifiers: list[Identifier] = field(default_factory=list)
    address: Address | None = None
    position: Position | None = None
    phone: str | None = None
    url: str | None = None


class PublishedProduct(Shape, frozen=True):
    """The edition or carrier an offer proposes."""

    id: str
    title: str
    subtitle: str | None = None
    identifiers: list[Identifier] = field(default_factory=list)
    work: PublishedWork | None = None
    contributors: list[Contributor] = field(default_factory=list)
    publisher: str | None = None
    collection: str | None = None
    volume: str | None = None
    language: str | None = None
    published_on: str | None = None
    page_count: int | None = None
    price_cents: int | None = None
    """Legal single price or recommended retail price, taxes included."""
    genres: list[str] = field(default_factory=list)
    description: str | None = None


class PublishedEvent(Shape, frozen=True):
    """The run, series or exhibition an offer proposes."""

    id: str
    title: str
    identifiers: list[Identifier] = field(default_factory=list)
    work: PublishedWork | None = None
    contributors: list[Contributor] = field(default_factory=list)
    duration_minutes: int | None = None
    genres: list[str] = field(default_factory=list)
    description: str | None = None
    url: str | None = None


class PublishedSession(Shape, frozen=True):
    """A session of the offer's event that is neither past nor cancelled."""

    id: str
    begins_at: datetime
    ends_at: datetime | None = None
    hall: str | None = None
    version: str | None = None
    features: list[str] = field(default_factory=list)


class PublishedStock(Shape, frozen=True):
    """A bookable row. How many are left is not published: it is old before it is read."""

    id: str
    price_cents: int | None = None
    price_label: str | None = None
    session_id: str | None = None
    sellable_until: datetime | None = None


class Offer(Shape, frozen=True, tag_field="kind", tag="offer"):
    """What one venue proposes: exactly one of `product` and `event`."""

    id: str
    venue: PublishedVenue
    subcategory: str
    sources: list[Attribution]
    """At least one."""
    licence: str
    updated_at: datetime
    product: PublishedProduct | None = None
    event: PublishedEvent | None = None
    is_duo: bool = False
    is_digital: bool = False
    sessions: list[PublishedSession] = field(default_factory=list)
    stocks: list[PublishedStock] = field(default_factory=list)
