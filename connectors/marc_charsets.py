"""Which charset a MARC record is in, and its text. The leader is asked last: it lies both ways.

MARC-8 and ISO 5426 write an accent before its letter, so their accents compose with what follows; those of
Windows-1252 do so by chance only. That tells three 8-bit charsets apart without a declaration.
Sources: LoC, MARC-8 specification; ISO 5426:1983 as used by UNIMARC exports (code 03 of field 100).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from pymarc.marc8 import MARC8ToUnicode

_ANSEL = {
    0xE0: "\u0309", 0xE1: "\u0300", 0xE2: "\u0301", 0xE3: "\u0302", 0xE4: "\u0303", 0xE5: "\u0304", 0xE6: "\u0306",
    0xE7: "\u0307", 0xE8: "\u0308", 0xE9: "\u030c", 0xEA: "\u030a", 0xEE: "\u030b", 0xF0: "\u0327", 0xF1: "\u0328",
    0xF2: "\u0323",
}  # fmt: skip
_ANSEL_LETTERS = dict.fromkeys(range(161, 201), "")
_ISO_5426 = {
    0xC1: "\u0300", 0xC2: "\u0301", 0xC3: "\u0302", 0xC4: "\u0303", 0xC5: "\u0304", 0xC6: "\u0306", 0xC7: "\u0307",
    0xC8: "\u0308", 0xC9: "\u0308", 0xCA: "\u030a", 0xCD: "\u030b", 0xCF: "\u030c", 0xD0: "\u0327", 0xD3: "\u0328",
    0xD6: "\u0323",
}  # fmt: skip
_ISO_5426_LETTERS = {
    0xA1: "¡", 0xA2: "„", 0xA3: "£", 0xA4: "$", 0xA5: "¥", 0xA6: "†", 0xA7: "§", 0xA8: "′", 0xA9: "‘", 0xAA: "“",
    0xAB: "«", 0xAC: "♭", 0xAD: "©", 0xAE: "℗", 0xAF: "®", 0xB0: "ʻ", 0xB1: "ʼ", 0xB2: "‚", 0xB6: "‡", 0xB7: "·",
    0xB8: "″", 0xB9: "’", 0xBA: "”", 0xBB: "»", 0xBC: "♯", 0xBD: "ʹ", 0xBE: "ʺ", 0xBF: "¿", 0xE1: "Æ", 0xE2: "Đ",
    0xE6: "Ĳ", 0xE8: "Ł", 0xE9: "Ø", 0xEA: "Œ", 0xEC: "Þ", 0xF1: "æ", 0xF2: "đ", 0xF3: "ð", 0xF5: "ı", 0xF6: "ĳ",
    0xF8: "ł", 0xF9: "ø", 0xFA: "œ", 0xFB: "ß", 0xFC: "þ",
}  # fmt: skip
_WESTERN = frozenset("àâäáãåçèéêëìíîïñòóôöõùúûüýÿÀÂÄÁÃÅÇÈÉÊËÌÍÎÏÑÒÓÔÖÕÙÚÛÜÝŸ")
_NON_SORTING = {0x88: None, 0x89: None, 0x98: None, 0x9C: None}
"""Marks around the articles that sorting leaves out (ISO 6630)."""

Decoder = Callable[[bytes], str]


def decoder_of(body: bytes, declared: str | None) -> tuple[str, Decoder]:
    """(name, decoder) for the fields of one record. `declared` is a source's own setting; it wins."""
    if declared is not None:
        return declared, _named(declared)
    if b"\x1b" in body:
        return "marc-8", _marc8
    if body.isascii():
        return "ascii", _utf8
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", _utf8
    if body[9:10] == b"a":
        return "utf-8", _utf8_or_windows
    ansel, iso = _score(body, _ANSEL, _ANSEL_LETTERS), _score(body, _ISO_5426, _ISO_5426_LETTERS)
    if max(ansel, iso) >= 0:
        return ("marc-8", _marc8) if ansel >= iso else ("iso-5426", _iso5426)
    return "cp1252", _windows


def _named(charset: str) -> Decoder:
    special: dict[str, Decoder] = {"marc-8": _marc8, "iso-5426": _iso5426}
    return special.get(charset) or (lambda body: body.decode(charset, errors="replace"))


def _score(body: bytes, accents: dict[int, str], letters: dict[int, str]) -> int:
    """How much more speaks for a charset of accents before letters than against it; -1 where nothing does.

    For it: an accent that makes a letter of western Europe of the one behind it. Against it: one that makes no letter,
    or a rare one (« Mérimée » in Windows-1252 would be « Mřiměe »), and bytes it does not have.
    """
    speaks_for = against = after = 0
    for byte in reversed(body):
        if byte in accents:
            composed = unicodedata.normalize("NFC", chr(after) + accents[byte])
            good = len(composed) == 1 and composed in _WESTERN
            speaks_for, against = speaks_for + good, against + (not good)
        elif byte > 0x9F:
            against += byte not in letters
            after = 0
        else:
            after = byte
    return speaks_for - against if speaks_for else -1


def _utf8(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def _windows(body: bytes) -> str:
    return body.decode("cp1252", errors="replace")


def _utf8_or_windows(body: bytes) -> str:
    """Field by field, for records of which some fields only were converted."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _windows(body)


def _marc8(body: bytes) -> str:
    if body.isascii() and b"\x1b" not in body:
        return body.decode("ascii")
    try:
        return str(MARC8ToUnicode(quiet=True).translate(body))  # type: ignore[no-untyped-call]
    except (IndexError, TypeError):
        return body.decode("ascii", errors="replace")


def _iso5426(body: bytes) -> str:
    found: list[str] = []
    accents: list[str] = []
    for byte in body:
        if byte in _ISO_5426:
            accents.append(_ISO_5426[byte])
            continue
        if byte not in _NON_SORTING:
            found.append(_ISO_5426_LETTERS.get(byte) or chr(byte))
            found += accents
            accents.clear()
    return unicodedata.normalize("NFC", "".join(found))
