"""Rows of `/stocks/{siret}` into stocks: one per ref and price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from connectors.base import Change, Delete, Reject, Upsert
from connectors.money import cents
from connectors.rows import raw, whole_number
from connectors.stocks_api_pages import fields_of, ref_of
from connectors.times import instant
from schemas.identifiers import normalise
from schemas.records import Kind, SourceRef, Stock

Refs = Literal["ean", "session"]
"""What a ref names: a book's EAN-13, or one of an event's `timings[].uid`."""


def stock_changes(rows: Iterable[Any], connector: str, account: str, *, refs: Refs, in_cents: bool) -> Iterator[Change]:
    """The stocks of `rows`, refs in the order of their first row; after each ref, what else it had is gone.

    `part` is empty where a ref has one row, so that a new price changes the stock instead of replacing it;
    else it is the price in cents. A second row of the same ref and price is rejected.
    """
    by_ref: dict[str, list[Any]] = {}
    for row in rows:
        key = ref_of(row, "stocks")
        if key is None:
            yield Reject("ref manque", raw(row), Kind.STOCK)
        else:
            by_ref.setdefault(key, []).append(row)
    for key, group in by_ref.items():
        parts: set[str] = set()
        all_told = True
        for row in group:
            ref = SourceRef(connector=connector, account=account, key=key)
            try:
                price = _price(fields_of(row), in_cents=in_cents)
            except ValueError as error:
                # Of several rows, nobody knows which one this is: none of the ref's rows counts as gone.
                all_told = len(group) == 1
                yield Reject(str(error), raw(row), Kind.STOCK, ref)
                continue
            ref = SourceRef(connector=connector, account=account, key=key, part="" if len(group) == 1 else str(price))
            try:
                if ref.part in parts:
                    raise ValueError("deux lignes ont la même référence et le même prix")
                yield Upsert(_stock(fields_of(row), ref, price, refs))
            except ValueError as error:
                yield Reject(str(error), raw(row), Kind.STOCK, ref)
            parts.add(ref.part)
        if all_told:
            whole = SourceRef(connector=connector, account=account, key=key)
            yield Delete(Kind.STOCK, whole, parts_kept=frozenset(parts if len(group) > 1 else {""}))


def _price(fields: dict[str, Any], *, in_cents: bool) -> int | None:
    told = fields.get("price")
    return None if told is None else cents(told, in_cents=in_cents)


def _stock(fields: dict[str, Any], ref: SourceRef, price: int | None, refs: Refs) -> Stock:
    until = fields.get("validuntil")
    return Stock(
        ref=ref,
        available=whole_number(fields.get("available", fields.get("quantity")), "available"),
        ean=_ean(ref.key) if refs == "ean" else None,
        session_key=ref.key if refs == "session" else None,
        price_cents=price,
        sellable_until=None if until is None else instant(until),
    )


def _ean(ref: str) -> str:
    bare = ref.replace("-", "").replace(" ", "")
    return normalise("isbn" if len(bare) == 10 else "ean", ref)
