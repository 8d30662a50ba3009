"""A Boost showtime into the film, its run at this cinema, the session and its stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from connectors.base import Change, Reject, Upsert
from connectors.money import cents
from connectors.rows import key_of, raw, whole_number
from connectors.texts import line
from connectors.times import instant
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Event, Identifier, Kind, Session, SourceRef, Stock, Work

PRICING_CODES = ("PCU", "PC2", "PC3", "PC4", "PC5")
"""Prices of the pass Culture; the first of this order that a showtime has is the one sold."""
_VERSIONS = {
    "VF": "VF",
    "VO": "VO",
    "VOST": "VOST",
    "VOSTF": "VOST",
    "VOSTFR": "VOST",
    "VFST": "VFST",
    "VFSTF": "VFST",
    "VI": "VI",
}


def showtime_changes(rows: Iterable[Any], connector: str, account: str, *, is_duo: bool) -> Iterator[Change]:
    """Work and event before the first session of a film, then each session with its stock.

    What depends on a rejected row is rejected by name with it: none of it counts as gone.
    """
    films: dict[str, tuple[Any, Work]] = {}
    showtimes: set[str] = set()
    for row in rows:
        key = _key(row)
        if key is None:
            yield Reject("id manque", raw(row))
            continue
        if key in showtimes:
            continue  # the same showtime on two pages
        showtimes.add(key)
        ref = SourceRef(connector=connector, account=account, key=key)
        if "showDate" in row:
            yield from _showtime(row, ref, films, is_duo=is_duo)
        elif "titleCnc" in row:
            yield from _film_alone(row, ref)
        else:
            yield Reject("ni séance ni film : showDate manque", raw(row))


def price_of(row: Any, code: str) -> dict[str, Any] | None:
    """The pricing entry of a showtime by its code."""
    return _pricing(row, (code,))


def seats_of(row: dict[str, Any]) -> int:
    """Places that may still be sold online; the hall's where the cinema tells no online gauge."""
    if row.get("soldOut") is True:
        return 0
    online = row.get("numberRemainingSeatsForOnlineSale")
    if online is not None:
        return whole_number(online, "numberRemainingSeatsForOnlineSale")
    return whole_number(row.get("numberSeatsRemaining"), "numberSeatsRemaining")


def _showtime(
    row: dict[str, Any], ref: SourceRef, films: dict[str, tuple[Any, Work]], *, is_duo: bool
) -> Iterator[Change]:
    """`films`: those told, by key, as they were told. Each showtime repeats its own."""
    film = row.get("film")
    film_key = _key(film)
    try:
        if film_key is None:
            raise ValueError("film.id manque")
        before = films.get(film_key)
        if before is None or before[0] != film:
            work = _work(film, SourceRef(connector=ref.connector, account=ref.account, key=film_key))
    except ValueError as error:
        if film_key is not None:
            of_film = SourceRef(connector=ref.connector, account=ref.account, key=film_key)
            yield Reject(str(error), raw(film), Kind.WORK, of_film)
            yield Reject(str(error), raw(film), Kind.EVENT, of_film)
        yield Reject(str(error), raw(row), Kind.SESSION, ref)
        yield from _stock_named(row, ref)
        return
    if before is None:
        films[film_key] = film, work
        yield Upsert(work)
        yield Upsert(_event(work, is_duo=is_duo))
    try:
        yield Upsert(_session(row, ref, film_key))
    except ValueError as error:
        yield Reject(str(error), raw(row), Kind.SESSION, ref)
        yield from _stock_named(row, ref)
        return
    yield from _stock(row, ref)


def _stock(row: dict[str, Any], showtime: SourceRef) -> Iterator[Change]:
    """The stock of the showtime, none when the pass Culture has no price there."""
    pricing = _pricing(row, PRICING_CODES)
    if pricing is None:
        return
    ref = _priced(showtime, pricing)
    try:
        yield Upsert(
            Stock(
                ref=ref,
                session_key=showtime.key,
                available=seats_of(row),
                price_cents=cents(pricing.get("amountTaxesIncluded")),
                price_label=line(pricing.get("title"), longest=100),
            )
        )
    except ValueError as error:
        yield Reject(str(error), raw(row), Kind.STOCK, ref)


def _stock_named(row: dict[str, Any], showtime: SourceRef) -> Iterator[Change]:
    pricing = _pricing(row, PRICING_CODES)
    if pricing is not None:
        yield Reject("sa séance est refusée", raw(row), Kind.STOCK, _priced(showtime, pricing))


def _priced(showtime: SourceRef, pricing: dict[str, Any]) -> SourceRef:
    return SourceRef(
        connector=showtime.connector,
        account=showtime.account,
        key=showtime.key,
        part=str(pricing["pricingCode"]),
    )


def _event(work: Work, *, is_duo: bool) -> Event:
    """The film's run at this cinema."""
    return Event(
        ref=work.ref,
        title=work.title,
        subcategory="SEANCE_CINE",
        work_key=work.ref.key,
        duration_minutes=work.duration_minutes,
        is_duo=is_duo,
    )


def _work(film: Any, ref: SourceRef) -> Work:
    title = line(film.get("titleCnc"), longest=1000)
    if title is None:
        raise ValueError("film.titleCnc manque")
    duration = film.get("duration")
    return Work(
        ref=ref,
        title=title,
        type="film",
        identifiers=list(_identifiers(film)),
        duration_minutes=duration if type(duration) is int and 0 < duration <= 1000 else None,
    )


def _identifiers(film: dict[str, Any]) -> Iterator[Identifier]:
    """Visa and Allociné number. Boost fills numVisa with numbers of its own for what has no visa."""
    for scheme, field in (("visa", "numVisa"), ("allocine", "idFilmAllocine")):
        number = film.get(field)
        if number is None:
            continue
        try:
            yield identifier(scheme, str(number))
        except InvalidIdentifier:
            continue


def _session(row: dict[str, Any], ref: SourceRef, film_key: str) -> Session:
    begins_at = instant(row.get("showDate"))
    screen = row.get("screen")
    screen = screen if isinstance(screen, dict) else {}
    return Session(
        ref=ref,
        event_key=film_key,
        begins_at=begins_at,
        ends_at=_end(row, begins_at),
        hall=line(screen.get("name"), longest=200),
        version=_version(row),
        features=list(_features(row, screen)),
    )


def _end(row: dict[str, Any], begins_at: datetime) -> datetime | None:
    if row.get("showEndDate") is None:
        return None
    ends_at = instant(row["showEndDate"])
    if ends_at < begins_at:
        raise ValueError("la séance finit avant de commencer")
    return ends_at


def _version(row: dict[str, Any]) -> str | None:
    version = row.get("version")
    code = version.get("code") if isinstance(version, dict) else None
    if code is None:
        return None
    known = _VERSIONS.get(str(code).strip().upper())
    if known is None:
        raise ValueError(f"version inconnue : {str(code)[:40]} (connues : {', '.join(_VERSIONS)})")
    return "VFST" if known == "VF" and row.get("vfstfr") is True else known


def _features(row: dict[str, Any], screen: dict[str, Any]) -> Iterator[str]:
    form = row.get("format")
    title = line(form.get("title"), longest=100) if isinstance(form, dict) else None
    if title is not None and title.upper() != "2D":
        yield title.upper()
    if screen.get("ice") is True and title != "ICE":
        yield "ICE"


def _pricing(row: Any, codes: Iterable[str]) -> dict[str, Any] | None:
    entries = row.get("showtimePricing") if isinstance(row, dict) else None
    by_code = {
        code: entry
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and isinstance(code := entry.get("pricingCode"), str)
    }
    for code in codes:
        if code in by_code:
            return by_code[code]
    return None


def _film_alone(film: dict[str, Any], ref: SourceRef) -> Iterator[Change]:
    """A recorded answer that holds a film by itself."""
    try:
        yield Upsert(_work(film, ref))
    except ValueError as error:
        yield Reject(str(error), raw(film), Kind.WORK, ref)


def _key(row: Any) -> str | None:
    return key_of(row.get("id")) if isinstance(row, dict) else None
