"""Values of a column folded for comparing: mojibake mended, then `normalise.fold`, of so many characters at most."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Final

from ftfy import fix_encoding
from ftfy.badness import is_bad

from matching.normalise import fold, plain

LONGEST: Final = 300
"""Characters that count of a value, so that no value costs more than another."""

# What UTF-8 looks like when it was read as a one-byte encoding: a leading byte, then a continuing one. Asking ftfy
# costs six times the folding, so only values that show this are asked about.
_SUSPECT: Final = re.compile("[Â-ô][^\x00-\x7f]")


def mended(text: str) -> str:
    """Return `text` with the encoding it was meant to have, where it was read in another one."""
    return fix_encoding(text) if _SUSPECT.search(text) and is_bad(text) else text


def plain_value(text: str, longest: int = LONGEST) -> str:
    """Return a value in lower case without accents; punctuation stays."""
    return plain(_meant(text[:longest]))


def fold_value(text: str, longest: int = LONGEST) -> str:
    """Return a value's words: letters and digits, one space between."""
    return fold(_meant(text[:longest]))


def _meant(text: str) -> str:
    """The text without what a web page or a wrong encoding left in it: "&#233;", "&amp;", "Ã©"."""
    if "&" in text and ";" in text:
        text = unescape(text)
    return text if text.isascii() else mended(text)


class Pieces(dict[str, str | None]):
    """What stands between two blanks, folded once however many values hold it; None for a piece of which `says_more`
    holds, so that its value must be read as a whole.
    """

    def __init__(self, says_more: Callable[[str], bool]) -> None:
        self._says_more = says_more

    def __missing__(self, piece: str) -> str | None:
        text = plain(piece)
        self[piece] = folded = None if len(text) > 2 * len(piece) or self._says_more(text) else fold(text)
        return folded

    def fold(self, text: str) -> str | None:
        """Return the words of `text` as `fold_value` does, or None where it must be read as a whole."""
        if ("&" in text and ";" in text) or (not text.isascii() and _SUSPECT.search(text)):
            return None
        found = [self[piece] for piece in text.split()]
        return None if None in found else " ".join(filter(None, found))
