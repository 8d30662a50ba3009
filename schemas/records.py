"""The typed records of the open offer format, version 1.

Frozen, of the same shape as `schemas/v1/*.schema.json` (a test holds the two together in both
directions). JSON names are camelCase. Money is integer cents of euro, times are aware and travel as
RFC 3339 with an offset. Records relate to each other by the `key` their own source gives them;
whatever else identifies them everywhere stands in `identifiers`.
"""

from __future__ import annotations

import enum
from datetime import datetime

from msgspec import Struct, field


class Kind(enum.StrEnum):
    """The kinds a source may speak of. An offer is not among them: it is derived."""

    WORK = "work"
    PRODUCT = "product"
    VENUE = "venue"
    EVENT = "event"
    SESSION = "session"
    STOCK = "stock"


class Shape(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """What all parts of the format share: immutable, camelCase in JSON, nothing unknown."""


class SourceRef(Shape, frozen=True):
    """Where a record comes from: raw values of the provider, never glued together."""

    connector: str
    """The connector's stable name."""
    account: str
    """The provider's account: a SIRET, an agenda's id, a cinema's address."""
    key: str
    """The provider's own key of the record, as received."""
    part: str = ""
    """What tells apart several rows under one key: a price, a price category."""


class Identifier(Shape, frozen=True):
    """A name that means the same thing for everybody, normalised (`schemas.identifiers`)."""

    scheme: str
    value: str


class Contributor(Shape, frozen=True):
    """A person or company with a role: author, director, performer, translator, illustrator, speaker…"""

    name: str
    role: str = "author"


class Address(Shape, frozen=True):
    """A postal address; `insee_code` is the commune's code, `country` ISO 3166-1 alpha-2."""

    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    insee_code: str | None = None
    country: str = "FR"


class Position(Shape, frozen=True):
    """WGS 84 degrees."""

    latitude: float
    longitude: float


class Work(Shape, frozen=True, tag_field="kind", tag="work"):
    """The intellectual thing: a film, a play, a book's text, whatever edition or hall carries it."""

    ref: SourceRef
    title: str
    type: str
    """book, film, show, music, exhibition or other."""
    original_title: str | None = None
    contributors: list[Contributor] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)
    language: str | None = None
    year: int | None = None
    duration_minutes: int | None = None
    genres: list[str] = field(default_factory=list)
    description: str | None = None


class Product(Shape, frozen=True, tag_field="kind", tag="product"):
    """An edition or carrier, usually with its EAN-13."""

    ref: SourceRef
    title: str
    subcategory: str
    subtitle: str | None = None
    identifiers: list[Identifier] = field(default_factory=list)
    work_key: str | None = None
    """Key of the work in the same source, where the source tells works apart."""
    contributors: list[Contributor] = field(default_factory=list)
    publisher: str | None = None
    collection: str | None = None
    volume: str | None = None
    language: str | None = None
    published_on: str | None = None
    """ISO date, or year, or year and month: as precise as the source is."""
    price_cents: int | None = None
    """Legal single price or recommended retail price, taxes included."""
    page_count: int | None = None
    genres: list[str] = field(default_factory=list)
    description: str | None = None
    sellable: bool | None = None
    """What the source says of availability at large; None when it does not tell."""
    sellable_from: datetime | None = None
    """Embargo: not to be sold before."""


class Venue(Shape, frozen=True, tag_field="kind", tag="venue"):
    """A place, with or without a SIRET, and the IANA zone its clocks show."""

    ref: SourceRef
    name: str
    time_zone: str
    identifiers: list[Identifier] = field(default_factory=list)
    address: Address | None = None
    position: Position | None = None
    phone: str | None = None
    url: str | None = None


class Event(Shape, frozen=True, tag_field="kind", tag="event"):
    """A run of a show, a screening series, an exhibition: one thing at one venue."""

    ref: SourceRef
    title: str
    subcategory: str
    venue_key: str | None = None
    """Key of the venue in the same source; None means the venue the source is bound to."""
    work_key: str | None = None
    identifiers: list[Identifier] = field(default_factory=list)
    contributors: list[Contributor] = field(default_factory=list)
    description: str | None = None
    duration_minutes: int | None = None
    genres: list[str] = field(default_factory=list)
    is_duo: bool = False
    """Two seats may be booked at once."""
    url: str | None = None


class Session(Shape, frozen=True, tag_field="kind", tag="session"):
    """One dated occurrence of an event."""

    ref: SourceRef
    event_key: str
    begins_at: datetime
    ends_at: datetime | None = None
    hall: str | None = None
    version: str | None = None
    """Cinema: VF, VO, VOST, VFST…"""
    features: list[str] = field(default_factory=list)
    cancelled: bool = False


class Stock(Shape, frozen=True, tag_field="kind", tag="stock"):
    """A bookable row: so many of one product, or seats of one session, at one price.

    Exactly one of `product_key`, `ean`, `session_key`, `event_key` says of what.
    """

    ref: SourceRef
    available: int | None
    """What the provider would still sell when asked, without what it already sold; None is unlimited."""
    product_key: str | None = None
    ean: str | None = None
    session_key: str | None = None
    event_key: str | None = None
    price_cents: int | None = None
    """None: the product's legal single price."""
    price_label: str | None = None
    sellable_until: datetime | None = None


Record = Work | Product | Venue | Event | Session | Stock
KIND_OF: dict[type, Kind] = {
    Work: Kind.WORK,
    Product: Kind.PRODUCT,
    Venue: Kind.VENUE,
    Event: Kind.EVENT,
    Session: Kind.SESSION,
    Stock: Kind.STOCK,
}
