"""Text as it is compared and searched: without accents, case, typography or punctuation.

`fold` is also the folding of the product's search, so it never changes without a migration of what it stored.
It is deterministic and idempotent, and it holds no list of words: "L'Été" gives "l ete" and stays searchable.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_SPELLED: Final = str.maketrans(
    {
        "œ": "oe",
        "æ": "ae",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",
        "’": "'",
        "‘": "'",
        "ʼ": "'",
        "ʻ": "'",
        "′": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "―": "-",
        "−": "-",
    }
    # The accents of European letters, so that most texts are done here.
    | dict.fromkeys(map(chr, range(0x300, 0x370)), "")
)
_DROPPED: Final = frozenset({"Mn", "Mc", "Me", "Cf"})
_CONTINUING: Final = re.escape(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore"))
_MISREAD: Final = re.compile(f"[ÂÃÅ][{_CONTINUING}\x80-\x9f]|â€[{_CONTINUING}\x80-\x9f]")
"""The letters French text shows when its UTF-8 was read as Windows-1252: no more, for "CAFÉ»" is right."""
_GAPS: Final = re.compile(r"[\W_]+")

STOP_WORDS: Final = frozenset(
    [
        "a", "and", "au", "aux", "avec", "by", "chez", "d", "dans", "de", "des", "du", "en", "et", "for",
        "from", "in", "l", "la", "le", "les", "of", "on", "ou", "par", "pour", "s", "sans", "sur", "the", "un",
        "une",
    ]
)  # fmt: skip
"""Words too common to find anything by."""


def plain(text: str) -> str:
    """Return `text` in lower case without accents, ligatures and typographic quotes or dashes; punctuation
    stays.
    """
    if text.isascii():
        return text.lower()
    text = _MISREAD.sub(_mended, text)
    lowered = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_SPELLED)
    if lowered.isascii():
        return lowered
    kept = "".join(c for c in lowered if c.isascii() or unicodedata.category(c) not in _DROPPED)
    return unicodedata.normalize("NFC", kept)


def fold(text: str) -> str:
    """Return the letters and digits of `plain(text)` as words with one space between. Folding twice is
    folding once.
    """
    return _GAPS.sub(" ", plain(text)).strip()


def tokens(text: str) -> tuple[str, ...]:
    """Return the words of `fold(text)`, in order, repeated ones too."""
    return tuple(fold(text).split())


def telling(words: str, common: frozenset[str] = STOP_WORDS) -> tuple[str, ...]:
    """Return the distinct words of a folded text that are not in `common`, in order; single letters count as
    common.
    """
    return tuple(dict.fromkeys(word for word in words.split() if word not in common and len(word) > 1))


def _mended(misread: re.Match[str]) -> str:
    """The character whose UTF-8 was misread, or what stands there if it is none."""
    found = misread[0]
    try:
        return b"".join(_byte(c) for c in found).decode("utf-8")
    except UnicodeError:
        return found


def _byte(character: str) -> bytes:
    # Windows-1252 leaves five bytes without a character; they pass through as in Latin-1.
    return character.encode("latin-1" if "\x80" <= character <= "\x9f" else "cp1252")
