"""Rows of JSON feeds: how one is kept for replay, and fields that must be what they are."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

from net.answers import decimal_of

MAX_RAW = 64 * 1024
LONGEST_KEY = 500
_DECODER = msgspec.json.Decoder(float_hook=decimal_of)
_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff]")


def raw(row: Any) -> bytes:
    """The row as JSON for the quarantine, cut at `MAX_RAW`."""
    whole = json.dumps(row, ensure_ascii=False, default=_number).encode("utf-8", "replace")
    return whole if len(whole) <= MAX_RAW else whole[:MAX_RAW].decode("utf-8", "ignore").encode()


def parsed(text: str | bytes) -> Any:
    """The JSON of a text, fractional numbers as Decimal. Raises ValueError or RecursionError."""
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        return json.loads(text, parse_float=decimal_of)  # which reads NaN and half a pair of surrogates too


def row_of(kept: bytes) -> Any:
    """The row that `raw` kept, fractional numbers as Decimal; None where it was cut, or is no JSON."""
    try:
        return parsed(kept)
    except ValueError:
        return None


def key_of(value: Any) -> str | None:
    """A provider's key as text, a number by its digits; None for what cannot be one."""
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_KEY:
        return None
    return value if value.isprintable() or not _IMPOSSIBLE.search(value) else None


def whole_number(value: Any, field: str) -> int:
    """A number of copies or seats. Raises ValueError naming `field` when it misses or is no such number."""
    if value is None:
        raise ValueError(f"{field} manque")
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal():
        value = int(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{field} n'est pas un nombre entier : {repr(value)[:40]}")
    if value < 0:
        raise ValueError(f"{field} est négatif : {value}")
    if value > 10_000_000:
        raise ValueError(f"{field} est hors de toute mesure : {value}")
    return value


def _number(value: object) -> str | int | float:
    if isinstance(value, Decimal):
        # Kept for people and for replay; no amount is ever computed from it.
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
