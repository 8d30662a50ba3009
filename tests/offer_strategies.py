"""Hypothesis strategies of the published offer (`import offer_strategies`); `strategies` has the records'."""

from __future__ import annotations

from hypothesis import strategies as st
from strategies import (
    ADDRESSES,
    CENTS,
    MINUTES,
    NOTHING,
    POSITIONS,
    TAGS,
    WEB,
    WORK_TYPES,
    ZONES,
    contributors,
    days,
    identifiers,
    keys,
    lines,
    moments,
)

from schemas.ids import HIGHEST, public_id
from schemas.offers import (
    Attribution,
    Offer,
    PublishedEvent,
    PublishedProduct,
    PublishedSession,
    PublishedStock,
    PublishedVenue,
    PublishedWork,
)
from schemas.records import Kind


def public_ids(kind: str) -> st.SearchStrategy[str]:
    """Public ids of a kind."""
    return st.integers(1, HIGHEST).map(lambda number: public_id(kind, number))


PUBLISHED_WORKS = st.builds(PublishedWork, id=public_ids("work"), title=lines(), type=WORK_TYPES)
PUBLISHED_VENUES = st.builds(
    PublishedVenue,
    id=public_ids("venue"),
    name=lines(),
    time_zone=ZONES,
    identifiers=identifiers(Kind.VENUE),
    address=NOTHING | ADDRESSES,
    position=NOTHING | POSITIONS,
    url=NOTHING | WEB,
)
PUBLISHED_PRODUCTS = st.builds(
    PublishedProduct,
    id=public_ids("product"),
    title=lines(),
    identifiers=identifiers(Kind.PRODUCT),
    work=NOTHING | PUBLISHED_WORKS,
    contributors=contributors(),
    published_on=NOTHING | days(),
    price_cents=NOTHING | CENTS,
)
PUBLISHED_EVENTS = st.builds(
    PublishedEvent,
    id=public_ids("event"),
    title=lines(),
    identifiers=identifiers(Kind.EVENT),
    work=NOTHING | PUBLISHED_WORKS,
    contributors=contributors(),
    duration_minutes=NOTHING | MINUTES,
    genres=TAGS,
    url=NOTHING | WEB,
)
PUBLISHED_SESSIONS = st.builds(
    PublishedSession, id=public_ids("session"), begins_at=moments(), hall=NOTHING | lines(), features=TAGS
)
PUBLISHED_STOCKS = st.builds(
    PublishedStock,
    id=public_ids("stock"),
    price_cents=NOTHING | CENTS,
    price_label=NOTHING | lines(20),
    session_id=NOTHING | public_ids("session"),
    sellable_until=NOTHING | moments(),
)
ATTRIBUTIONS = st.builds(
    Attribution,
    connector=st.sampled_from(["stocks_api", "onix"]),
    account=NOTHING | keys(),
    licence=st.sampled_from(["etalab-2.0", "ODbL-1.0"]),
    observed_at=moments(),
)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    """Published offers of a product or of an event."""
    is_event = draw(st.booleans())
    return Offer(
        id=draw(public_ids("offer")),
        venue=draw(PUBLISHED_VENUES),
        subcategory="CONCERT" if is_event else "LIVRE_PAPIER",
        sources=draw(st.lists(ATTRIBUTIONS, min_size=1, max_size=3)),
        licence="etalab-2.0",
        updated_at=draw(moments()),
        product=None if is_event else draw(PUBLISHED_PRODUCTS),
        event=draw(PUBLISHED_EVENTS) if is_event else None,
        is_duo=draw(st.booleans()) and is_event,
        sessions=draw(st.lists(PUBLISHED_SESSIONS, max_size=2)) if is_event else [],
        stocks=draw(st.lists(PUBLISHED_STOCKS, max_size=2)),
    )
