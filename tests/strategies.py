"""Hypothesis strategies of the open offer format, shared by every room's tests (`import strategies`).

What these draw is valid: `schemas.validation.check` has nothing against it.
"""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st
from stdnum import ean as stdnum_ean
from stdnum import luhn

from schemas.records import (
    Address,
    Contributor,
    Event,
    Identifier,
    Kind,
    Position,
    Product,
    Record,
    Session,
    SourceRef,
    Stock,
    Venue,
    Work,
)
from schemas.taxonomy import SUBCATEGORIES

# Any text PostgreSQL and JSON can hold: no NUL, no half of a UTF-16 pair.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SINCE_EPOCH = st.timedeltas(timedelta(days=1), datetime(2199, 12, 30, tzinfo=UTC) - EPOCH)


def lines(longest: int = 40) -> st.SearchStrategy[str]:
    """Texts that say something."""
    return st.text(CHARACTERS, min_size=1, max_size=longest).filter(lambda text: bool(text.strip()))


def keys() -> st.SearchStrategy[str]:
    """Keys as providers write them."""
    return st.text(CHARACTERS, min_size=1, max_size=60)


def moments() -> st.SearchStrategy[datetime]:
    """Aware datetimes in UTC, in fixed offsets and in zones with clock changes, never in 1970's first day."""
    zones = st.sampled_from(
        [
            UTC,
            timezone(timedelta(hours=2)),
            timezone(timedelta(hours=-9, minutes=-30)),
            zoneinfo.ZoneInfo("Europe/Paris"),
            zoneinfo.ZoneInfo("America/Cayenne"),
        ]
    )
    return st.builds(lambda since, zone: (EPOCH + since).astimezone(zone), SINCE_EPOCH, zones)


def eans() -> st.SearchStrategy[str]:
    """EAN-13 that shops share: books, music, reviews and French goods."""
    prefixes = st.sampled_from(["978", "9791", "9790", "977", "350", "009"])
    digits = st.text("0123456789", min_size=9, max_size=9)
    heads = st.builds(lambda prefix, tail: (prefix + tail)[:12], prefixes, digits)
    return heads.map(lambda head: head + str(stdnum_ean.calc_check_digit(head)))


def sirets() -> st.SearchStrategy[str]:
    """SIRET whose SIREN and whole pass Luhn."""

    def whole(siren_head: str, nic_head: str) -> str:
        siren = siren_head + luhn.calc_check_digit(siren_head)
        return siren + nic_head + str(luhn.calc_check_digit(siren + nic_head))

    heads = st.text("0123456789", min_size=7, max_size=7).map(lambda tail: "4" + tail)
    return st.builds(whole, heads, st.text("0123456789", min_size=4, max_size=4))


def visas() -> st.SearchStrategy[str]:
    """Visas d'exploitation in the range of real ones, without the fillers tills use."""
    return st.integers(20_000, 165_000).map(str).filter(lambda text: len(set(text)) > 1 and text != "123456")


VALUES: dict[Kind, dict[str, st.SearchStrategy[str]]] = {
    Kind.WORK: {"visa": visas(), "allocine": st.integers(1, 999_999).map(str)},
    Kind.PRODUCT: {"ean": eans()},
    Kind.VENUE: {"siret": sirets(), "openagenda_location": st.integers(1, 10**8).map(str)},
    Kind.EVENT: {"openagenda": st.integers(1, 10**8).map(str)},
}


def identifiers(kind: Kind) -> st.SearchStrategy[list[Identifier]]:
    """Some identifiers a record of `kind` may carry, each scheme at most once."""
    each = [st.builds(Identifier, scheme=st.just(name), value=value) for name, value in VALUES[kind].items()]
    return st.lists(st.one_of(each), max_size=len(each), unique_by=lambda one: one.scheme)


def refs() -> st.SearchStrategy[SourceRef]:
    """Provenances."""
    connectors = st.sampled_from(["stocks_api", "onix", "boost", "openagenda"])
    parts = st.sampled_from(["", "690", "Tarif réduit"])
    return st.builds(SourceRef, connector=connectors, account=keys(), key=keys(), part=parts)


def contributors() -> st.SearchStrategy[list[Contributor]]:
    """A few people and companies."""
    roles = st.sampled_from(["author", "director", "performer"])
    return st.lists(st.builds(Contributor, name=lines(), role=roles), max_size=3)


def days() -> st.SearchStrategy[str]:
    """Dates as precise as sources are: a day, a month, a year."""
    whole = st.dates().map(lambda day: day.isoformat())
    return st.builds(lambda day, length: day[:length], whole, st.sampled_from([4, 7, 10]))


LANGUAGES = st.sampled_from(["fr", "fre", "pt-BR", "gcr"])
CENTS = st.integers(0, 10_000_000)
MINUTES = st.integers(1, 20_000)
TAGS = st.lists(lines(20), max_size=3)
WORK_TYPES = st.sampled_from(["book", "film", "show", "music", "exhibition", "other"])
ZONES = st.sampled_from(["Europe/Paris", "America/Cayenne", "Indian/Reunion", "Pacific/Noumea"])
WEB = st.sampled_from(["https://theatre.example/saison?x=1", "http://librairie.example/é"])
NOTHING = st.none()
ADDRESSES = st.builds(
    Address,
    street=NOTHING | lines(),
    postal_code=NOTHING | st.sampled_from(["67000", "97300"]),
    city=NOTHING | lines(),
    insee_code=NOTHING | st.sampled_from(["67482", "97302", "2A004"]),
    country=st.sampled_from(["FR", "BE"]),
)
POSITIONS = st.builds(Position, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
WORKS = st.builds(
    Work,
    ref=refs(),
    title=lines(),
    type=WORK_TYPES,
    original_title=NOTHING | lines(),
    contributors=contributors(),
    identifiers=identifiers(Kind.WORK),
    language=NOTHING | LANGUAGES,
    year=NOTHING | st.integers(-800, 2100),
    duration_minutes=NOTHING | MINUTES,
    genres=TAGS,
    description=NOTHING | lines(200),
)
PRODUCTS = st.builds(
    Product,
    ref=refs(),
    title=lines(),
    subcategory=st.sampled_from([one.id for one in SUBCATEGORIES.values() if not one.is_event]),
    subtitle=NOTHING | lines(),
    identifiers=identifiers(Kind.PRODUCT),
    work_key=NOTHING | keys(),
    contributors=contributors(),
    publisher=NOTHING | lines(),
    collection=NOTHING | lines(),
    volume=NOTHING | lines(5),
    language=NOTHING | LANGUAGES,
    published_on=NOTHING | days(),
    price_cents=NOTHING | CENTS,
    page_count=NOTHING | st.integers(1, 100_000),
    genres=TAGS,
    description=NOTHING | lines(200),
    sellable=NOTHING | st.booleans(),
    sellable_from=NOTHING | moments(),
)
VENUES = st.builds(
    Venue,
    ref=refs(),
    name=lines(),
    time_zone=ZONES,
    identifiers=identifiers(Kind.VENUE),
    address=NOTHING | ADDRESSES,
    position=NOTHING | POSITIONS,
    phone=NOTHING | st.just("03 88 00 00 00"),
    url=NOTHING | WEB,
)
EVENTS = st.builds(
    Event,
    ref=refs(),
    title=lines(),
    subcategory=st.sampled_from([one.id for one in SUBCATEGORIES.values() if one.is_event and one.can_be_duo]),
    venue_key=NOTHING | keys(),
    work_key=NOTHING | keys(),
    identifiers=identifiers(Kind.EVENT),
    contributors=contributors(),
    description=NOTHING | lines(200),
    duration_minutes=NOTHING | MINUTES,
    genres=TAGS,
    is_duo=st.booleans(),
    url=NOTHING | WEB,
)


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Sessions that end, when they say so, after they began."""
    begins_at = draw(moments())
    lasting = draw(NOTHING | st.timedeltas(timedelta(0), timedelta(hours=20)))
    return Session(
        ref=draw(refs()),
        event_key=draw(keys()),
        begins_at=begins_at,
        ends_at=None if lasting is None else begins_at.astimezone(UTC) + lasting,
        hall=draw(NOTHING | lines()),
        version=draw(NOTHING | st.sampled_from(["VF", "VO", "VOST"])),
        features=draw(TAGS),
        cancelled=draw(st.booleans()),
    )


@st.composite
def stocks(draw: st.DrawFn) -> Stock:
    """Stocks of exactly one thing."""
    of = draw(st.sampled_from(["product_key", "ean", "session_key", "event_key"]))
    return Stock(
        ref=draw(refs()),
        available=draw(NOTHING | st.integers(0, 1_000_000_000)),
        **{of: draw(eans() if of == "ean" else keys())},
        price_cents=draw(NOTHING | CENTS),
        price_label=draw(NOTHING | lines(20)),
        sellable_until=draw(NOTHING | moments()),
    )


RECORDS: dict[Kind, st.SearchStrategy[Record]] = {
    Kind.WORK: WORKS,
    Kind.PRODUCT: PRODUCTS,
    Kind.VENUE: VENUES,
    Kind.EVENT: EVENTS,
    Kind.SESSION: sessions(),
    Kind.STOCK: stocks(),
}


def records() -> st.SearchStrategy[Record]:
    """Records of every kind."""
    return st.one_of(list(RECORDS.values()))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(-1e200, 1e200).filter(lambda number: number == 0 or abs(number) > 1e-200)
    | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
)
"""Anything that JSON writes, numbers that no feed holds left out."""
