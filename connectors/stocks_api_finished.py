"""Rows of the finished provider API (docs/apib/provider.apib) into films, events, sessions and stocks.

A row restates all of its reference: what else was stored of it is told as gone. `deleted` names keys of its route.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.base import Change, Delete, Reject, Upsert
from connectors.money import cents
from connectors.rows import key_of, raw, whole_number
from connectors.stocks_api_stocks import Refs
from connectors.texts import line, plain
from connectors.times import instant
from schemas.identifiers import InvalidIdentifier, identifier, normalise
from schemas.records import Contributor, Event, Identifier, Kind, Session, SourceRef, Stock, Work
from schemas.taxonomy import SUBCATEGORIES

ROUTES = ("events", "stocks", "films", "sessions")
_KEY = {"events": "uid", "stocks": "ref", "films": "id", "sessions": "id"}
_KIND = {"events": Kind.EVENT, "stocks": Kind.STOCK, "films": Kind.WORK, "sessions": Kind.SESSION}
MAX_PARTS = 2000


class Reader:
    """Reads the rows of one source. `restated`: what a reference had and has no longer is told as gone."""

    def __init__(self, connector: str, account: str, *, refs: Refs, is_duo: bool, restated: bool) -> None:
        self._connector, self._account, self._refs = connector, account, refs
        self._is_duo, self._restated = is_duo, restated

    def changes(self, what: str, rows: Iterable[Any]) -> Iterator[Change]:
        """The changes of one page's rows; a broken one is rejected with what hangs on it, and the next is read."""
        read = {"events": self._event, "stocks": self._stock, "films": self._film, "sessions": self._session}[what]
        for row in rows:
            key = key_of(row.get(_KEY[what])) if isinstance(row, dict) else None
            if key is None:
                yield Reject(f"{_KEY[what]} manque", raw(row), _KIND[what])
                continue
            try:
                yield from read(row, self._ref(key))
            except ValueError as error:
                yield Reject(str(error), raw(row), _KIND[what], self._ref(key))
                yield from self._hanging(what, row, key)

    def gone(self, what: str, keys: Iterable[Any]) -> Iterator[Change]:
        """What `deleted` names."""
        for told in keys:
            key = key_of(told)
            if key is None:
                yield Reject("deleted : une clé n'en est pas une", raw(told), _KIND[what])
                continue
            ref = self._ref(key)
            if what in ("stocks", "sessions", "events"):
                yield Delete(Kind.STOCK, ref, parts_kept=frozenset())
            if what in ("sessions", "events"):
                yield Delete(Kind.SESSION, ref)
            if what in ("events", "films"):
                yield Delete(Kind.EVENT, ref)
            if what == "films":
                yield Delete(Kind.WORK, ref)

    def _ref(self, key: str, part: str = "") -> SourceRef:
        return SourceRef(connector=self._connector, account=self._account, key=key, part=part)

    def _hanging(self, what: str, row: dict[str, Any], key: str) -> Iterator[Change]:
        """What stands or falls with a refused row counts as named too."""
        if what == "films":
            yield Reject("son film est refusé", raw(row), Kind.EVENT, self._ref(key))
        for timing in _list(row.get("timings"))[:MAX_PARTS]:
            uid = key_of(timing.get("uid")) if isinstance(timing, dict) else None
            if uid is not None:
                yield Reject("son événement est refusé", raw(timing), Kind.SESSION, self._ref(uid))
        for price in _list(row.get("prices"))[:MAX_PARTS]:
            part = key_of(price.get("id")) if isinstance(price, dict) else None
            if part is not None:
                yield Reject("sa référence est refusée", raw(price), Kind.STOCK, self._ref(key, part))

    def _stock(self, row: dict[str, Any], ref: SourceRef) -> Iterator[Change]:
        ean = normalise("ean", ref.key) if self._refs == "ean" else None
        yield from self._prices(row, ref, ean=ean, session_key=ref.key if ean is None else None)

    def _prices(
        self, row: dict[str, Any], ref: SourceRef, *, ean: str | None, session_key: str | None
    ) -> Iterator[Change]:
        prices = _list(row.get("prices"))
        if not isinstance(row.get("prices"), list) or len(prices) > MAX_PARTS:
            raise ValueError("prices n'est pas une liste")
        parts: set[str] = set()
        all_told = True
        for price in prices:
            part = key_of(price.get("id")) if isinstance(price, dict) else None
            if part is None or part in parts:
                all_told = False
                yield Reject("prices.id manque ou se répète", raw(price), Kind.STOCK)
                continue
            parts.add(part)
            try:
                stock = _priced(price, self._ref(ref.key, part), ean=ean, session_key=session_key)
            except ValueError as error:
                yield Reject(str(error), raw(price), Kind.STOCK, self._ref(ref.key, part))
                continue
            yield Upsert(stock)
        if self._restated and all_told:
            yield Delete(Kind.STOCK, ref, parts_kept=frozenset(parts))

    def _event(self, row: dict[str, Any], ref: SourceRef) -> Iterator[Change]:
        timings = _list(row.get("timings"))
        if len(timings) > MAX_PARTS:
            raise ValueError(f"plus de {MAX_PARTS} dates")
        subcategory = str(row.get("subcategory"))
        known = SUBCATEGORIES.get(subcategory)
        if known is None or not known.is_event:
            raise ValueError(f"sous-catégorie d'événement inconnue : « {subcategory[:60]} »")
        people = [
            one for one in _list(row.get("people")) if isinstance(one, dict) and line(one.get("name"), longest=300)
        ]
        yield Upsert(
            Event(
                ref=ref,
                title=_title(row),
                subcategory=subcategory,
                contributors=[
                    Contributor(
                        name=str(line(one["name"], longest=300)), role=line(one.get("role"), longest=60) or "author"
                    )
                    for one in people[:50]
                ],
                description=plain(row.get("description"), longest=5000),
                is_duo=self._is_duo and known.can_be_duo,
            )
        )
        for timing in timings:
            uid = key_of(timing.get("uid")) if isinstance(timing, dict) else None
            if uid is None:
                yield Reject("timings.uid manque", raw(timing), Kind.SESSION)
                continue
            try:
                yield Upsert(_dated(timing, self._ref(uid), ref.key))
            except ValueError as error:
                yield Reject(str(error), raw(timing), Kind.SESSION, self._ref(uid))

    def _film(self, row: dict[str, Any], ref: SourceRef) -> Iterator[Change]:
        title = _title(row)
        minutes, year = (row.get(name) for name in ("durationMinutes", "year"))
        directors = [name for one in _list(row.get("directors"))[:50] if (name := line(one, longest=300))]
        yield Upsert(
            Work(
                ref=ref,
                title=title,
                type="film",
                contributors=[Contributor(name=name, role="director") for name in directors],
                identifiers=list(_identifiers(row)),
                year=year if _is_within(year, 1880, 2200) else None,
                duration_minutes=minutes if _is_within(minutes, 1, 1440) else None,
            )
        )
        is_duo = self._is_duo
        yield Upsert(Event(ref=ref, title=title, subcategory="SEANCE_CINE", work_key=ref.key, is_duo=is_duo))

    def _session(self, row: dict[str, Any], ref: SourceRef) -> Iterator[Change]:
        film = key_of(row.get("filmId"))
        if film is None:
            raise ValueError("filmId manque")
        yield Upsert(_dated(row, ref, film))
        yield from self._prices(row, ref, ean=None, session_key=ref.key)


def _dated(row: dict[str, Any], ref: SourceRef, event_key: str) -> Session:
    begins_at = instant(row.get("beginsAt"))
    ends_at = None if row.get("endsAt") is None else instant(row["endsAt"])
    if ends_at is not None and ends_at < begins_at:
        raise ValueError("la séance finit avant de commencer")
    return Session(
        ref=ref,
        event_key=event_key,
        begins_at=begins_at,
        ends_at=ends_at,
        hall=line(row.get("hall"), longest=200),
        version=line(row.get("version"), longest=60),
        features=[word for one in _list(row.get("features"))[:50] if (word := line(one, longest=100))],
        cancelled=row.get("cancelled") is True,
    )


def _priced(price: dict[str, Any], ref: SourceRef, *, ean: str | None, session_key: str | None) -> Stock:
    for name in ("available", "priceCents"):
        if name not in price:
            raise ValueError(f"{name} manque")
    amount, until = price["priceCents"], price.get("validUntil")
    return Stock(
        ref=ref,
        available=None if price["available"] is None else whole_number(price["available"], "available"),
        ean=ean,
        session_key=session_key,
        price_cents=None if amount is None else cents(amount, in_cents=True),
        price_label=line(price.get("label"), longest=100),
        sellable_until=None if until is None else instant(until),
    )


def _title(row: dict[str, Any]) -> str:
    title = plain(row.get("title"), longest=1000)
    if title is None:
        raise ValueError("title manque")
    return title


def _identifiers(row: dict[str, Any]) -> Iterator[Identifier]:
    for scheme, name in (("visa", "visa"), ("allocine", "allocineId")):
        value = key_of(row.get(name))
        if value is not None:
            try:
                yield identifier(scheme, value)
            except InvalidIdentifier as invalid:
                raise ValueError(str(invalid)) from None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_within(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
