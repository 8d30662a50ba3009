"""Records of one kind as columns: interned texts, numbers, identifiers. One record and a million have one shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from matching.folding import fold_value, plain_value
from matching.names import person, publisher
from matching.normalise import fold
from matching.places import phone, street, town, venue_name
from matching.runs import Run
from matching.titles import read_title, read_volume
from matching.words import Floats, Ints, Texts, in_order, intern, of_folded, texts
from schemas.identifiers import SCHEMES, InvalidIdentifier
from schemas.records import Kind

Columns = Mapping[str, Sequence[str]]
"""Column name → one text per record, empty where it was not told."""

_MARKED: Final = re.compile(
    r"\d|#|\b(?:tome|saison|season|vol|volume|partie|part|volet|chapitre|chapter|episode|t\.|v[fo]\w{0,3}|imax|ocap|avp)\b"
    r"|\bversion "
)
"""What a title shows that says more than its name: a number, a volume, a version."""
_ORIGINAL: Final = re.compile(r"\b(?:vo|vost\w{0,2}|version originale)\b")
_FRENCH: Final = re.compile(r"\b(?:vf|vfst\w?|version francaise)\b")
_CODE: Final = re.compile(r"[^\W_]+(?:[-/.][^\W_]+)+")
_YEAR: Final = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_ISO_DAY: Final = re.compile(r"^\s*(\d{4})-(\d{2})-(\d{2})")
_CLOCK: Final = re.compile(r"^\s*(\d{1,2})\s*[h:]\s*(\d{2})?")
_DECIMAL: Final = re.compile(r"-?\d+(?:[.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Identifying:
    """A scheme's values."""

    of: Ints
    """Interned value, 0 where not told or not valid."""
    settles: bool
    exclusive: bool


@dataclass(frozen=True, slots=True)
class Corpus:
    """Records of one kind, `size` of them. A column that nobody tells anything in is absent."""

    kind: Kind
    size: int
    source: Ints
    """Each record's source. What may join is the caller's to say."""
    texts: Mapping[str, Texts]
    numbers: Mapping[str, Floats]
    """NaN where not told. `day` counts from 0001-01-01, `minute` from midnight."""
    identifiers: Mapping[str, Identifying]
    volume: Ints
    """Interned volume and season, 0 where neither was told."""
    version: Ints
    """1 for the original version, 2 for the French one, 0 where not told (and of works: a version is no other work)."""
    digits: Ints
    """How many distinct words of each distinct title hold a digit: numbers, and makers' references."""
    digit_bags: csr_matrix
    """(distinct title, word with a digit) → 1."""
    runs: Sequence[Run] = ()
    """Each record's sessions, where a catalogue knows them."""


def corpus(columns: Columns, kind: Kind, source: Ints) -> Corpus:
    """Return the records of `columns`, all of one kind, as a corpus; `source` has one number for each of them."""
    size = len(source)
    held = {name: values for name, values in columns.items() if any(values)}
    title, volume, version = _titles(held.get("title", [""] * size), held.get("subtitle"), held.get("volume"))
    found = {"title": title}
    digits = digit_words(title)
    for name, read in _TEXTS.items():
        if name in held:
            found[name] = texts(held[name], read)
    if "address" in held:
        found["house"] = texts(held["address"], lambda text: street(plain_value(text))[0])
    if "description" in held:
        found["words"] = _all_words(held)
    numbers = {name: _numbers(held[of], read) for name, (of, read) in NUMBERS.items() if of in held}
    if "year" not in numbers and "day" in numbers:
        numbers["year"] = _numbers(held["date"], _year)
    return Corpus(
        kind=kind,
        size=size,
        source=source,
        texts={name: column for name, column in found.items() if column.told.any()},
        numbers={name: column for name, column in numbers.items() if not np.isnan(column).all()},
        identifiers=_identifiers(held, kind),
        volume=volume,
        version=np.zeros(size, np.int64) if kind is Kind.WORK else version,
        digits=np.diff(digits.indptr).astype(np.int64),
        digit_bags=digits,
    )


def _titles(
    titles: Sequence[str], subtitles: Sequence[str] | None, volumes: Sequence[str] | None
) -> tuple[Texts, Ints, Ints]:
    """Titles without volume and version, and these: what a column tells goes before what the title says."""
    joined = titles if subtitles is None else [f"{a} : {b}" if b else a for a, b in zip(titles, subtitles, strict=True)]
    raw_of, raw = intern(joined)
    read = [_title(value) for value in raw]
    text_of, distinct = intern(in_order(text) for text, _, _ in read)
    mark_of, known = intern(mark for _, mark, _ in read)
    volume, version = mark_of[raw_of], np.array([version for _, _, version in read])[raw_of]
    if volumes is not None:
        numbers = {mark: number for number, mark in enumerate(known)}
        told = (read_volume(value) if value else "" for value in volumes)
        column = np.fromiter((numbers.setdefault(mark, len(numbers)) for mark in told), np.int64)
        volume = np.where(column > 0, column, volume)
    return of_folded(text_of[raw_of], distinct), volume, version


def _title(value: str) -> tuple[str, str, int]:
    text = plain_value(value)
    if not _MARKED.search(text):
        return fold(text), "", 0
    read = read_title(text)
    codes = (code.replace("-", "").replace("/", "").replace(".", "") for code in _CODE.findall(text))
    extra = " ".join(code for code in codes if any(c.isdigit() for c in code) and not code.isdigit())
    season = f"s{read.season}" if read.season is not None else ""
    original, french = bool(_ORIGINAL.search(text)), bool(_FRENCH.search(text))
    return f"{read.text} {extra}".strip(), f"{read.volume}{season}", 0 if original == french else 1 if original else 2


def digit_words(title: Texts) -> csr_matrix:
    """Return which words of each distinct title hold a digit."""
    bags = title.bags
    held = np.array([any(c.isdigit() for c in word) for word in title.words] or [False])
    kept = bags.copy()
    kept.data = np.where(held[kept.indices], 1.0, 0.0)
    kept.eliminate_zeros()
    return kept


def _people(value: str) -> str:
    """Names as words, in no order: which is the first name matters little among rare words."""
    return " ".join(person(plain_value(name)) for name in value.split(";")[:12])


def _all_words(held: Columns) -> Texts:
    parts = [held[name] for name in ("title", "subtitle", "description") if name in held]
    return texts([" ".join(filter(None, row)) for row in zip(*parts, strict=True)], lambda text: fold_value(text, 1200))


def _digits(value: str) -> str:
    return phone(value) or "".join(c for c in value if c.isdecimal())


def _postal(value: str) -> str:
    """Without spaces and a spreadsheet's ".0"."""
    text = value.strip().removesuffix(".0")
    return fold(text).replace(" ", "")


_TEXTS: Final[Mapping[str, Callable[[str], str]]] = {
    "contributors": _people,
    "publisher": lambda value: publisher(plain_value(value)),
    "series": fold_value,
    "venue": lambda value: venue_name(plain_value(value)),
    "address": lambda value: street(plain_value(value))[1],
    "city": lambda value: town(plain_value(value)),
    "postal_code": _postal,
    "country": fold_value,
    "phone": _digits,
    "genre": fold_value,
}


def _year(value: str) -> float:
    found = _YEAR.search(value)
    return float(found[1]) if found else np.nan


def _day(value: str) -> float:
    if found := _ISO_DAY.match(value):
        try:
            return float(date(int(found[1]), int(found[2]), int(found[3])).toordinal())
        except ValueError:
            return np.nan
    return np.nan


def _minute(value: str) -> float:
    found = _CLOCK.match(value)
    return float(found[1]) * 60 + float(found[2] or 0) if found else np.nan


def _decimal(value: str) -> float:
    found = _DECIMAL.search(value)
    return float(found[0].replace(",", ".")) if found else np.nan


NUMBERS: Final[Mapping[str, tuple[str, Callable[[str], float]]]] = {
    "year": ("year", _year),
    "day": ("date", _day),
    "minute": ("time", _minute),
    "duration": ("duration_minutes", _decimal),
    "price": ("price", _decimal),
    "latitude": ("lat", _decimal),
    "longitude": ("lon", _decimal),
}


def _numbers(column: Sequence[str], read: Callable[[str], float]) -> Floats:
    of, raw = intern(column)
    return np.array([np.nan, *(read(value) for value in raw[1:])])[of]


def _identifiers(held: Columns, kind: Kind) -> dict[str, Identifying]:
    """Schemes by the name they are carried under: of an EAN and an ISBN column the first one told counts."""
    told: dict[str, list[str]] = {}
    for name, scheme in SCHEMES.items():
        if name not in held or kind not in scheme.kinds:
            continue
        raw_of, raw = intern(held[name])
        normal = [_normal(name, value) if value else "" for value in raw]
        before = told.get(scheme.carried_as, [""] * len(raw_of))
        told[scheme.carried_as] = [was or normal[number] for was, number in zip(before, raw_of, strict=True)]
    return {
        name: Identifying(intern(values)[0], SCHEMES[name].settles, SCHEMES[name].exclusive)
        for name, values in told.items()
    }


def _normal(scheme: str, value: str) -> str:
    """A value that is not what its column says identifies nothing."""
    try:
        return SCHEMES[scheme].normalise(value)
    except InvalidIdentifier:
        return ""
