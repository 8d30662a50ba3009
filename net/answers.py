"""What a provider answered, whole, and its reading as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, DecimalException
from email.message import Message
from typing import Any, NoReturn

import msgspec

from net.addresses import place_of
from net.charsets import Text, decode
from net.errors import FeedChanged

_LARGEST_EXPONENT = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body is complete, decompressed and within the limits.

    Only the status is shown by `repr`: addresses, headers and bodies may hold keys.
    """

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Case-insensitive; of a header given several times, the first."""
    body: bytes = field(repr=False)
    url: str = field(repr=False)
    """The address that answered, after redirects, with its query."""
    requested_at: datetime
    """When this try was sent, UTC."""

    def decode(self) -> Text:
        """The body as text and the charset that won. Never fails."""
        return decode(self.body, _declared_charset(self.headers.get("Content-Type", "")))

    def json(self) -> Any:
        """The body as JSON, fractional numbers as Decimal.

        Raises FeedChanged, naming the address without its query, when the body is not JSON: an HTML page,
        an empty body, NaN, numbers or depths that no feed holds.
        """
        try:
            return _DECODER.decode(self.body)
        except (msgspec.MsgspecError, ValueError, RecursionError, DecimalException):
            pass  # another charset, or what a slower parser accepts or names better
        text = self.decode().text
        try:
            return json.loads(text, parse_float=decimal_of, parse_constant=refuse_constant)
        except json.JSONDecodeError as error:
            raise FeedChanged(_why_not_json(text, error), place=place_of(self.url)) from None
        except (ValueError, RecursionError, DecimalException):
            raise FeedChanged("JSON hors de toute mesure", place=place_of(self.url)) from None


def _declared_charset(content_type: str) -> str | None:
    header = Message()
    header["Content-Type"] = content_type
    return header.get_content_charset()


def decimal_of(digits: str) -> Decimal:
    """A fractional number of JSON. Raises ValueError for one that no feed holds."""
    if len(digits) <= _LARGEST_EXPONENT and "e" not in digits and "E" not in digits:
        return Decimal(digits)
    # 1e999999999 is nine bytes here and a gigabyte once somebody makes an integer of it.
    number = Decimal(digits)
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError(digits)
    return number


_DECODER = msgspec.json.Decoder(float_hook=decimal_of)
"""Reads as `json.loads` does, at a fifth of the cost, or refuses."""


def refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are no JSON."""
    raise ValueError(name)


def _why_not_json(text: str, error: json.JSONDecodeError) -> str:
    start = text.lstrip()[:1]
    if not start:
        return "réponse vide au lieu de JSON"
    if start == "<":
        return "page HTML ou XML au lieu de JSON"
    return f"JSON mal formé, ligne {error.lineno}, colonne {error.colno}"
