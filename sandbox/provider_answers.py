"""The answers of the common provider API in its finished form, as docs/apib/provider.apib states them."""

from __future__ import annotations

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What all parts share: camelCase, nothing told that is not known."""


class Price(Answer, frozen=True):
    id: str
    available: int | None
    price_cents: int | None
    label: str | None = None
    valid_until: str | None = None


class Stock(Answer, frozen=True):
    ref: str
    prices: list[Price]
    updated_at: str


class Person(Answer, frozen=True):
    name: str
    role: str


class Timing(Answer, frozen=True):
    uid: str
    begins_at: str
    ends_at: str | None = None
    hall: str | None = None
    cancelled: bool | None = None


class Event(Answer, frozen=True):
    uid: str
    title: str
    subcategory: str
    timings: list[Timing]
    updated_at: str
    description: str | None = None
    people: list[Person] | None = None


class Film(Answer, frozen=True):
    id: str
    title: str
    updated_at: str
    visa: str | None = None
    allocine_id: str | None = None
    year: int | None = None
    duration_minutes: int | None = None
    directors: list[str] | None = None


class Session(Answer, frozen=True):
    id: str
    film_id: str
    begins_at: str
    prices: list[Price]
    updated_at: str
    hall: str | None = None
    version: str | None = None
    features: list[str] | None = None
    cancelled: bool | None = None


class StocksPage(Answer, frozen=True):
    stocks: list[Stock]
    deleted: list[str]
    cursor: str
    more: bool
    total: int | None = None


class EventsPage(Answer, frozen=True):
    events: list[Event]
    deleted: list[str]
    cursor: str
    more: bool
    total: int | None = None


class FilmsPage(Answer, frozen=True):
    films: list[Film]
    deleted: list[str]
    cursor: str
    more: bool
    total: int | None = None


class SessionsPage(Answer, frozen=True):
    sessions: list[Session]
    deleted: list[str]
    cursor: str
    more: bool
    total: int | None = None


PAGES: dict[str, type[Answer]] = {
    "stocks": StocksPage,
    "events": EventsPage,
    "films": FilmsPage,
    "sessions": SessionsPage,
}
"""By route."""
