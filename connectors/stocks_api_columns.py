"""A page of the 2018 stock API straight into columns, where its rows are as the document says.

What is read here is read as `stocks_api_stocks` would, or is left to it: a page that is not in order or whose types
are others (None), and single rows whose ref is no EAN (`odd`). The tests hold the two against each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from operator import lt
from typing import Annotated, TypeVar

import msgspec

from connectors.base import Change
from connectors.money import cents
from connectors.pages import StockPage
from connectors.rows import key_of
from connectors.times import instant

READING = 1
"""Raised whenever the same bytes would be read otherwise than before."""
MOST_PRICES = 10_000
_IN_STORE = frozenset({"02", "04", *(str(prefix) for prefix in range(20, 30))})

Value = TypeVar("Value")
Available = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class _Row(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    ref: str
    available: Available
    price: msgspec.Raw = msgspec.Raw()
    valid_until: str | None = msgspec.field(name="validUntil", default=None)


class _Document(msgspec.Struct):
    stocks: list[_Row]
    total: msgspec.Raw = msgspec.Raw()
    limit: msgspec.Raw = msgspec.Raw()


_DECODER = msgspec.json.Decoder(_Document)


@dataclass(frozen=True, slots=True)
class Columns:
    """The rows of a page, in the order of their refs, each ref once."""

    refs: list[str]
    available: list[int]
    price_cents: list[int | None]
    sellable_until: list[datetime | None]
    odd: list[int]
    """The places of the rows whose ref is no EAN in its normal form: their columns say nothing."""
    limit: int | None
    total: int | None

    def page(
        self,
        connector: str,
        account: str,
        *,
        place: str | None = None,
        digest: bytes | None = None,
        announced: int = 0,
        restated: bool = False,
        odd: tuple[Change, ...] = (),
    ) -> StockPage:
        """The page, with what its odd rows say."""
        return StockPage(
            account=account,
            connector=connector,
            place=place,
            digest=digest,
            first=self.refs[0],
            last=self.refs[-1],
            announced=announced,
            keys=picked(self.refs, self.odd),
            available=picked(self.available, self.odd),
            price_cents=picked(self.price_cents, self.odd),
            sellable_until=picked(self.sellable_until, self.odd),
            restated=restated,
            odd=odd,
        )

    def but_last(self) -> Columns:
        """Without the last row."""
        columns = (self.refs[:-1], self.available[:-1], self.price_cents[:-1], self.sellable_until[:-1])
        return Columns(*columns, [n for n in self.odd if n < len(self.refs) - 1], self.limit, self.total)


class ColumnReader:
    """Reads pages; prices it has read before it knows by their bytes."""

    def __init__(self, *, in_cents: bool) -> None:
        self._in_cents = in_cents
        self._prices: dict[bytes, int | None] = {b"": None}

    def read(self, body: bytes) -> Columns | None:
        """None where the page must be read row by row."""
        if not body.isascii():
            return None
        try:
            page = _DECODER.decode(body)
            refs = [row.ref for row in page.stocks]
            if not refs or not all(map(lt, refs, refs[1:])):
                return None
            prices = [self._price(row.price) for row in page.stocks]
            untils = [None if row.valid_until is None else instant(row.valid_until) for row in page.stocks]
            limit, total = _count(page.limit), _count(page.total)
        except (msgspec.DecodeError, ValueError):
            return None
        odd = [n for n, ref in enumerate(refs) if not is_ean(ref)]
        if any(key_of(refs[n]) is None for n in odd):
            return None
        return Columns(refs, [row.available for row in page.stocks], prices, untils, odd, limit, total)

    def _price(self, raw: msgspec.Raw) -> int | None:
        text = bytes(raw)
        try:
            return self._prices[text]
        except KeyError:
            told = json.loads(text, parse_float=Decimal)
            price = None if told is None else cents(told, in_cents=self._in_cents)
            if len(self._prices) < MOST_PRICES:
                self._prices[text] = price
            return price


def is_ean(ref: str) -> bool:
    """Whether a ref is an EAN-13 in its normal form that means the same everywhere; as `schemas.numbers.ean`."""
    if len(ref) != 13 or not (ref.isascii() and ref.isdigit()) or ref[:2] in _IN_STORE:
        return False
    digits = ref.encode()
    # The seven and six codes of "0" add a multiple of ten.
    return (sum(digits[0::2]) + 3 * sum(digits[1::2])) % 10 == 0 and ref != "0" * 13


def fingerprint(*settings: object) -> bytes:
    """What a page's meaning depends on besides its bytes: how this version reads it, with these settings."""
    return hashlib.blake2b(repr((READING, version("passerelle"), settings)).encode(), digest_size=16).digest()


def digest_of(body: bytes, reading: bytes) -> bytes:
    """Equal for a page that says the same."""
    return hashlib.blake2b(body, digest_size=16, key=reading).digest()


def picked(values: list[Value], but: Sequence[int]) -> list[Value]:
    """The values without those at some places."""
    if not but:
        return values
    without = set(but)
    return [value for n, value in enumerate(values) if n not in without]


def _count(raw: msgspec.Raw) -> int | None:
    text = bytes(raw)
    told = json.loads(text, parse_float=Decimal) if text else None
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None
