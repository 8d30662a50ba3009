"""What stands before the first product of an ONIX file: the root, its namespaces, the header's defaults."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from connectors.onix_prices import Defaults

MESSAGES = frozenset({"ONIXMessage", "ONIXmessage"})
_ASIDE = (("<!--", "-->"), ("<?", "?>"), ("<!DOCTYPE", ">"))
_START = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*)>")
_PREFIXED = re.compile(r"""\sxmlns:[A-Za-z_][\w.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_SENT = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:T?(\d{2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
_EARLIEST = timedelta(hours=14)
"""How far ahead of UTC a clock may be: a sent date without a zone may be that much earlier."""


@dataclass(frozen=True, slots=True)
class Header:
    """Facts of one message; all of it may miss."""

    root: str | None
    """The root's local name; None when there is no element at all."""
    namespaces: str
    """The prefixes the root declares, as it declares them."""
    sent_at: datetime | None
    defaults: Defaults


def header_of(prologue: str) -> Header:
    """Read by its tags, reference or short, so that a broken header takes no product with it."""
    bare = _without_asides(prologue)
    start = _START.search(bare)
    return Header(
        root=None if start is None else start[1],
        namespaces="" if start is None else " ".join(_PREFIXED.findall(start[2])),
        sent_at=_moment(_told(bare, "SentDateTime", "x307", "SentDate", "m182")),
        defaults=Defaults(
            currency=_code(_told(bare, "DefaultCurrencyCode", "m186"), 3),
            price_type=_told(bare, "DefaultPriceType", "x310", "DefaultPriceTypeCode", "m185"),
            language=(_code(_told(bare, "DefaultLanguageOfText", "m184"), 3) or "").lower() or None,
        ),
    )


def _without_asides(prologue: str) -> str:
    """`prologue` without comments, instructions and document type; one of these without an end takes the rest."""
    for start, end in _ASIDE:
        kept: list[str] = []
        here = 0
        while (found := prologue.find(start, here)) >= 0:
            kept.append(prologue[here:found])
            subset = prologue.find("[", found) if start == "<!DOCTYPE" else -1
            after = prologue.find(end, found + len(start))
            if 0 <= subset < after:
                after = prologue.find(end, prologue.find("]", subset))
            here = after + len(end) if after >= 0 else len(prologue)
        prologue = " ".join([*kept, prologue[here:]])
    return prologue


def _told(bare: str, *names: str) -> str | None:
    for name in names:
        found = re.search(rf"<(?:[\w.-]+:)?{name}(?:\s[^<>]*)?>\s*([^<>]{{1,80}}?)\s*<", bare)
        if found is not None:
            return found[1]
    return None


def _code(told: str | None, length: int) -> str | None:
    return told if told is not None and len(told) == length and told.isascii() and told.isalpha() else None


def _moment(told: str | None) -> datetime | None:
    """The earliest UTC moment a sent date can mean; None when it is no date."""
    match = None if told is None else _SENT.fullmatch(told)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    try:
        local = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
        if zone is None:
            return local - _EARLIEST
        return local.replace(tzinfo=_offset(zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timezone:
    if zone == "Z":
        return UTC
    sign = -1 if zone[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:])))
