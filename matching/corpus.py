"""Records of one kind as columns: interned texts, numbers, identifiers. One record and a million have one shape."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from matching.folding import LONGEST, Pieces, fold_value, plain_value
from matching.names import company, person, publisher
from matching.normalise import fold
from matching.places import phone, street, town, venue_name
from matching.runs import Run
from matching.titles import read_title, read_volume
from matching.words import Floats, Interned, Ints, Texts, in_order, intern, interned, of_column, texts
from schemas.identifiers import SCHEMES, InvalidIdentifier
from schemas.records import Kind

Columns = Mapping[str, Interned | Sequence[str]]
"""Column name → one text per record, empty where it was not told."""

_MARKED: Final = re.compile(
    r"\d|#|\b(?:tome|saison|season|vol|volume|partie|part|volet|chapitre|chapter|episode|t\.|v[fo]\w{0,3}|imax|ocap|avp)\b"
    r"|\bversion "
)
"""What a title shows that says more than its name: a number, a volume, a version."""
_ORIGINAL: Final = re.compile(r"\b(?:vo|vost\w{0,2}|version originale)\b")
_FRENCH: Final = re.compile(r"\b(?:vf|vfst\w?|version francaise)\b")
_CODE: Final = re.compile(r"[^\W_]+(?:[-/.][^\W_]+)+")
_JOINTS: Final = re.compile(r"[-/.]")
_REFERENCE: Final = re.compile(r"(?=\w{5})(\w*[^\W\d_]\w*\d{2,})[^\W\d_]{1,5}")
"""A maker's reference: the letters after its last digit name a colour or a country, what is before them the model."""
_YEAR: Final = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_ISO_DAY: Final = re.compile(r"^\s*(\d{4})-(\d{2})-(\d{2})")
_CLOCK: Final = re.compile(r"^\s*(\d{1,2})\s*[h:]\s*(\d{2})?")
_DECIMAL: Final = re.compile(r"-?\d+(?:[.,]\d+)?")
_ASIDE: Final = re.compile(r"[(\[\d]")
"""What a name shows that is no part of it: parentheses, dates."""
_SHORT: Final = 60
"""Of a value of at most so many letters no name is cut."""
_MOST_NAMES: Final = 12


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
    held = {name: column for name, told in columns.items() if len((column := interned(told)).values) > 1}
    title, volume, version = _titles(held, size)
    found = {"title": title}
    digits = digit_words(title)
    for name, read in _TEXTS.items():
        if name in held:
            found[name] = texts(held[name], read)
    if "contributors" in held:
        found["contributors"] = _people(held["contributors"])
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


def _titles(held: Mapping[str, Interned], size: int) -> tuple[Texts, Ints, Ints]:
    """Titles without volume and version, and these: what a column tells goes before what the title says."""
    column = held.get("title") or interned([""] * size)
    if "subtitle" in held:
        rows = zip(column.listed(), held["subtitle"].listed(), strict=True)
        column = interned([f"{title} : {more}" if more else title for title, more in rows])
    pieces = Pieces(lambda text: _MARKED.search(text) is not None or text.endswith("version"))
    read = [
        (words, "", 0) if (words := pieces.fold(value[:LONGEST])) is not None else _title(value)
        for value in column.values
    ]
    mark_of, known = intern(mark for _, mark, _ in read)
    volume, version = mark_of[column.of], np.array([version for _, _, version in read])[column.of]
    if "volume" in held:
        numbers = {mark: number for number, mark in enumerate(known)}
        told = held["volume"]
        marks = [read_volume(value) if value else "" for value in told.values]
        said = np.array([numbers.setdefault(mark, len(numbers)) for mark in marks])[told.of]
        volume = np.where(said > 0, said, volume)
    return of_column(column.renamed(in_order(text) for text, _, _ in read)), volume, version


def _title(value: str) -> tuple[str, str, int]:
    text = plain_value(value)
    if not _MARKED.search(text):
        return fold(text), "", 0
    read = read_title(text)
    codes = [_JOINTS.sub("", code) for code in _CODE.findall(text)] if _JOINTS.search(text) else []
    joined = [code for code in codes if any(c.isdigit() for c in code) and not code.isdigit()]
    models = (found[1] for code in (*read.text.split(), *joined) if (found := _REFERENCE.fullmatch(code)))
    extra = " ".join((*joined, *models))
    season = f"s{read.season}" if read.season is not None else ""
    version = 0
    if "v" in text and bool(_ORIGINAL.search(text)) != bool(_FRENCH.search(text)):
        version = 1 if _ORIGINAL.search(text) else 2
    return f"{read.text} {extra}".strip(), f"{read.volume}{season}", version


def digit_words(title: Texts) -> csr_matrix:
    """Return which words of each distinct title hold a digit."""
    bags = title.bags
    held = np.array([any(c.isdigit() for c in word) for word in title.words] or [False])
    kept = bags.copy()
    kept.data = np.where(held[kept.indices], 1.0, 0.0)
    kept.eliminate_zeros()
    return kept


def _people(column: Interned) -> Texts:
    """Names as words, in no order: which is the first name matters little among rare words."""
    pieces = Pieces(lambda text: _ASIDE.search(text) is not None)
    return of_column(column.renamed(in_order(_names(value, pieces)) for value in column.values))


def _names(value: str, pieces: Pieces) -> str:
    is_short = len(value) <= _SHORT and value.count(";") < _MOST_NAMES
    if is_short and (words := pieces.fold(value)) is not None:
        return company(words)
    return " ".join(person(plain_value(name)) for name in value.split(";")[:_MOST_NAMES])


def _all_words(held: Mapping[str, Interned]) -> Texts:
    parts = [held[name].listed() for name in ("title", "subtitle", "description") if name in held]
    whole = interned([" ".join(filter(None, row)) for row in zip(*parts, strict=True)])
    return texts(whole, lambda text: fold_value(text, 1200))


def _digits(value: str) -> str:
    return phone(value) or "".join(c for c in value if c.isdecimal())


def _postal(value: str) -> str:
    """Without spaces and a spreadsheet's ".0"."""
    text = value.strip().removesuffix(".0")
    return fold(text).replace(" ", "")


_TEXTS: Final[Mapping[str, Callable[[str], str]]] = {
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


def _numbers(column: Interned, read: Callable[[str], float]) -> Floats:
    return np.array([np.nan, *map(read, column.values[1:])])[column.of]


def _identifiers(held: Mapping[str, Interned], kind: Kind) -> dict[str, Identifying]:
    """Schemes by the name they are carried under: of an EAN and an ISBN column the first one told counts."""
    told: dict[str, Interned] = {}
    for name, scheme in SCHEMES.items():
        if name not in held or kind not in scheme.kinds:
            continue
        column = held[name].renamed(_normal(name, value) if value else "" for value in held[name].values)
        before = told.get(scheme.carried_as)
        told[scheme.carried_as] = column if before is None else before.or_else(column)
    return {
        name: Identifying(column.of.astype(np.int64), SCHEMES[name].settles, SCHEMES[name].exclusive)
        for name, column in told.items()
    }


def _normal(scheme: str, value: str) -> str:
    """A value that is not what its column says identifies nothing."""
    try:
        return SCHEMES[scheme].normalise(value)
    except InvalidIdentifier:
        return ""
