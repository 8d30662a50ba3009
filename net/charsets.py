"""Which charset a text really is in. Declarations lie both ways, so the bytes are asked first."""

from __future__ import annotations

import codecs
import json
from contextlib import suppress
from dataclasses import dataclass

_FALLBACK = "cp1252"


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded text and the charset that won, so that a fallback can be reported."""

    text: str
    charset: str


def decode(body: bytes, declared: str | None = None) -> Text:
    """The text of `body`: by its BOM or UTF-16/32 pattern, then strict UTF-8, then `declared`, then cp1252.

    UTF-8 goes before the declared charset: bytes that are valid UTF-8 are UTF-8 in practice, while an
    "ISO-8859-1" or "UTF-16" declared on top of them would decode into nonsense without an error.
    Never fails: bytes that cp1252 does not define become U+FFFD.
    """
    if not body.startswith(codecs.BOM_UTF8):
        # What nearly everything is. Where UTF-16 or 32 is valid UTF-8 it has zeros among its first bytes.
        with suppress(UnicodeDecodeError):
            if 0 not in body[:4]:
                return Text(body.decode(), "utf-8")
    for charset in (json.detect_encoding(body), "utf-8", declared):
        if charset is None:
            continue
        # A provider may declare a charset nobody knows, or a codec that gives no text (LookupError).
        with suppress(LookupError, ValueError):
            return Text(body.decode(charset), codecs.lookup(charset).name)
    return Text(body.decode(_FALLBACK, errors="replace"), _FALLBACK)
