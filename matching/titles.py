"""What a title says besides itself: volume, season, year, version, subtitle, an article put behind.

"Avare, L'" and "L'Avare (VO)" both read "l avare"; "Astérix T.3", "Astérix, tome 3" and "Astérix #3" all read
"asterix" with volume "3". Of a very long title the first 300 characters count, so that no title costs more
than another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from matching.normalise import fold, plain

LONGEST: Final = 300
MOST_PARTS: Final = 4

_ROMAN: Final = {
    "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11,
    "xii": 12, "xiii": 13, "xiv": 14, "xv": 15, "xvi": 16, "xvii": 17, "xviii": 18, "xix": 19, "xx": 20,
}  # fmt: skip
_CARDINALS: Final = {
    "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8, "neuf": 9,
    "dix": 10, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
}  # fmt: skip
_ORDINALS: Final = {
    "premier": 1, "premiere": 1, "second": 2, "seconde": 2, "deuxieme": 2, "troisieme": 3, "quatrieme": 4,
}  # fmt: skip
_WORDS: Final = _ROMAN | _CARDINALS | _ORDINALS
_NUMBER: Final = rf"(?:\d{{1,4}}|{'|'.join(sorted(_ROMAN | _CARDINALS, key=len, reverse=True))})"
_ORDINAL: Final = rf"(?:1ere|1er|\d{{1,2}}(?:e|eme)|{'|'.join(sorted(_ORDINALS, key=len, reverse=True))})"

_VERSION: Final = (
    r"(?:vf/vo|vf|vost\w{0,2}|vo|vfst\w?|version (?:originale|francaise)(?: sous[- ]titree?)?"
    r"|ocap|avp|2d|3d|4dx|imax)"
)
_VERSIONS: Final = (
    re.compile(rf"[(\[]\s*(?:en\s+)?{_VERSION}\s*[)\]]"),
    re.compile(rf"(?:\s+-)?\s+(?:en\s+)?{_VERSION}\s*$"),
)
_YEAR: Final = re.compile(r"[(\[]\s*((?:18|19|20)\d\d)\s*[)\]]")
_SEASON: Final = re.compile(rf"\b(?:saison|season)\s*({_NUMBER})\b(?![-/]\d)")
_VOLUMES: Final = (
    (re.compile(r"\b(?:tomes?|t|volumes?|vol)\s*\.?\s*(\d{1,4}\s*(?:a|et|-|&)\s*t?\.?\d{1,4})\b"), None),
    (
        re.compile(rf"\b(?:tome|volume|vol|partie|part|chapitre|chapter|episode|volet)\s*\.?\s*({_NUMBER})\b"),
        ("tome", "vol", "part", "chap", "episode"),
    ),
    (re.compile(r"\b(?:livre|book|numero|t|n[o°]?)\s*\.?\s*(\d{1,4})\b"), None),
    (re.compile(rf"\bt\.\s*({_NUMBER})\b"), ("t.",)),
    (re.compile(r"#\s*(\d{1,4})\b"), ("#",)),
    (
        re.compile(rf"\b({_ORDINAL})\s+(?:partie|volet|tome|volume|episode|epoque)\b"),
        ("partie", "vol", "tome", "episode", "epoque"),
    ),
    (re.compile(r"[(\[]\s*(\d{1,3})\s*[)\]]\s*$"), ("(", "[")),
)
"""How volumes are written, and what a title must hold for it to be worth a look; without that, a digit."""
_VOLUME_WORDS: Final = re.compile(r"\b(?:tomes?|t|volumes?|vol|n|no|numero|livre|partie)\b|(?<![a-z])t(?=\d)")
_DIGIT: Final = re.compile(r"\d")
_SAYS: Final = re.compile(r"[^\W_]")
_VERSION_LIKE: Final = re.compile(r"v[fo]|version|ocap|avp|[23]d|4dx|imax")
_ASIDE: Final = re.compile(r"\b(?:des|a partir de)\s+\d{1,2}\s+(?:ans|mois)\b|\b\d{1,2}\s?h\s?\d\d\b")
_ARTICLE: Final = r"l'|les?|la|une?|des|the|an?"
_ARTICLE_BEHIND: Final = re.compile(
    r"^(?P<rest>[^,(:;]{1,200}?)\s*"
    rf"(?:,\s*(?P<bare>{_ARTICLE})\s*(?=$|\s[-:/]|[:;.,])|\(\s*(?P<held>{_ARTICLE})\s*\))"
)
_LEADING: Final = re.compile(r"^(?:les?|la|l|une?|des|the|an?)\s+(?=\S)")
_CUT: Final = re.compile(r"\s+[-/|+@]+\s+|\s*[:;|(){}\[\]]\s*|\s+-(?=\S)")
_NOTICES: Final = frozenset(
    [
        "complet", "annule", "annulee", "reporte", "reportee", "report", "derniere", "dernieres", "premiere",
        "reprise", "nouvelle date", "supplementaire", "date supplementaire", "avant premiere", "gratuit",
        "entree libre", "tout public", "jeune public", "spectacle jeune public", "en famille", "spectacle",
        "theatre", "concert", "cinema", "film", "danse", "cirque", "humour", "opera", "exposition",
        "conference", "festival", "cine", "projection", "seance", "rencontre", "debat", "cine debat",
        "sortie nationale", "roman", "poche", "bd",
    ]
)  # fmt: skip
"""Parts that say nothing of which thing it is."""


@dataclass(frozen=True, slots=True)
class Title:
    """A title taken apart; all texts are folded."""

    text: str
    """Article in front, subtitle with it; without what stands in the other fields."""
    parts: tuple[str, ...]
    """Its pieces between dashes, colons and parentheses, in order; one for a title without a subtitle."""
    volume: str
    """"3", "1 5" for volumes 1 to 5, or empty."""
    season: int | None
    year: int | None
    """Only where written in parentheses."""

    @property
    def numbers(self) -> frozenset[int]:
        """Other numbers of the title: "Rocky II" and "Rocky 2" both hold 2."""
        return numbers(self.text)


def read_title(title: str, subtitle: str | None = None) -> Title:
    """Take a title apart. What would leave nothing of it is left in it: a film may be called "VO" or "Tome
    1".
    """
    text = plain(f"{title[:LONGEST]} : {subtitle[:LONGEST]}" if subtitle else title[:LONGEST]).strip()
    # Most titles hold none of this, and looking for a letter is a tenth of looking for a pattern.
    if _VERSION_LIKE.search(text):
        for pattern in _VERSIONS:
            text = _without(pattern, text)
    year = season = None
    if "(" in text or "[" in text:
        year = _first(_YEAR, text)
        text = _without(_YEAR, text)
    if "saison" in text or "season" in text:
        season = _first(_SEASON, text)
        text = _without(_SEASON, text) if season else text
    volume, text = _volume(text)
    if _DIGIT.search(text):
        text = _without(_ASIDE, text)
    if ("," in text or "(" in text) and (behind := _ARTICLE_BEHIND.match(text)):
        article = behind["bare"] or behind["held"]
        text = f"{article} {behind['rest']} {text[behind.end() :]}"
    parts = tuple(dict.fromkeys(part for piece in _CUT.split(text) if (part := fold(piece))))
    parts = tuple(part for part in parts if part not in _NOTICES) or parts
    return Title(
        text=" ".join(parts),
        parts=parts[:MOST_PARTS],
        volume=volume,
        season=_number(season) if season else None,
        year=int(year) if year else None,
    )


def _volume(text: str) -> tuple[str, str]:
    """The volume of a title, and the title without it; of a title that would be nothing else the title stays."""
    has_digit = _DIGIT.search(text) is not None
    for pattern, signs in _VOLUMES:
        if has_digit if signs is None else any(sign in text for sign in signs):
            found = _first(pattern, text)
            if found and (rest := _without(pattern, text)) != text:
                return read_volume(found), rest
    return "", text


def read_volume(text: str) -> str:
    """Return a volume's number in digits, whatever the source wrote: "T. III" and "tome 3" give "3"."""
    if text.isascii() and text.isdecimal() and len(text) <= 40:
        return str(int(text))
    words = _VOLUME_WORDS.sub(" ", fold(text[:40])).split()
    values = [_number(word) for word in words]
    return " ".join(str(value) for value in values if value is not None) or " ".join(words)


def numbers(folded: str) -> frozenset[int]:
    """Return the numbers among the words of a folded title; Roman ones of two letters or more ("x" may be a
    letter).
    """
    read = (_ROMAN.get(word) if len(word) > 1 else None for word in folded.split())
    digits = (int(word) for word in folded.split() if word.isdecimal() and len(word) < 10)
    return frozenset((*digits, *filter(None, read)))


def digits_for_roman(folded: str) -> str:
    """Return a folded title with Roman numbers of two letters or more in digits."""
    return " ".join(str(_ROMAN[word]) if len(word) > 1 and word in _ROMAN else word for word in folded.split())


def without_article(folded: str) -> str:
    """Return a folded title without its leading article, unless nothing else is there."""
    return _LEADING.sub("", folded)


def _without(pattern: re.Pattern[str], text: str) -> str:
    rest, times = pattern.subn(" ", text)
    return rest.strip() if times and _SAYS.search(rest) else text


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return next((group for group in found.groups() if group), None) if found else None


def _number(word: str) -> int | None:
    if word.isdecimal():
        return int(word)
    if ordinal := re.fullmatch(r"(\d{1,2})(?:er|ere|e|eme)", word):
        return int(ordinal[1])
    return _WORDS.get(word)
