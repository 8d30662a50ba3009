"""A synthetic référentiel to match: performances, books, films and venues as eight sources would tell them.

Invented from syllables, so that no real name is in it, with the common words that titles share. Each source has habits
(capitals, lost accents, the article behind, "Nom, Prénom", no address) and accidents (a letter wrong, a subtitle left
out, the hall put into the title, a quarter of an hour or a day off, a neighbour's identifier). The truth is exact.
"""

from __future__ import annotations

import csv
import random
import unicodedata
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

HEADER = (
    "id", "kind", "title", "source", "contributors", "publisher", "venue", "address", "city", "postal_code", "date",
    "time", "year", "ean", "visa", "lat", "lon",
)  # fmt: skip
_ONSETS = (
    "b", "bl", "br", "c", "ch", "cl", "cr", "d", "dr", "f", "fl", "fr", "g", "gl", "gr", "j", "l", "m", "n", "p",
    "pl", "pr", "qu", "r", "s", "t", "tr", "v", "vr",
)  # fmt: skip
_VOWELS = ("a", "e", "i", "o", "u", "é", "è", "ou", "an", "on", "in", "eau", "oi", "ai",)  # fmt: skip
_COMMON = (
    "nuit", "jour", "mer", "ciel", "roi", "reine", "chat", "loup", "ombre", "lumière", "jardin", "maison",
    "route", "ville", "hiver", "été", "printemps", "rêve", "silence", "secret", "voyage", "enfant", "femme",
    "homme", "temps", "vent", "pluie", "feu", "terre", "monde", "amour", "guerre", "danse", "bal", "cirque",
    "histoire", "lettre", "pierre", "rivière", "oiseau", "cheval", "arbre", "fleur", "porte", "fenêtre",
    "miroir", "mémoire", "dernier", "premier", "petit", "grand", "noir", "blanc", "rouge", "bleu", "perdu",
    "sauvage", "invisible", "fragile",
)  # fmt: skip
_SORTS = (
    "Théâtre",
    "Cinéma",
    "Salle",
    "Espace",
    "Médiathèque",
    "Centre culturel",
    "Maison des arts",
    "Scène nationale",
)
_SHORT = {"Théâtre": "Th.", "Centre culturel": "C.C.", "Médiathèque": "Médiath.", "Scène nationale": "SN"}
_GENERIC = ("Salle des fêtes", "Foyer rural", "Salle polyvalente", "Théâtre municipal")
_ARTICLES = ("Le", "La", "Les", "L'")
_FIRST = 739_000


@dataclass(frozen=True, slots=True)
class Thing:
    """What a record says; an empty text is not told."""

    kind: str
    title: str
    subtitle: str = ""
    volume: str = ""
    maker: tuple[str, str] = ("", "")
    publisher: str = ""
    venue: str = ""
    address: str = ""
    city: str = ""
    postal_code: str = ""
    day: int = 0
    minute: int = -1
    year: int = 0
    ean: str = ""
    visa: str = ""
    position: tuple[float, float] | None = None


def write_corpus(path: Path, records: int, seed: int) -> list[int]:
    """Write `records` records to a CSV and return each one's thing, by number."""
    chance = random.Random(seed)  # noqa: S311
    truth: list[int] = []
    things = _things(chance, records)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        rows: list[tuple[int, tuple[str, ...]]] = []
        for number, thing in enumerate(things):
            for source in chance.sample(range(8), min(8, 1 + int(chance.expovariate(0.45)))):
                rows.append((number, _told(chance, thing, source)))
            if len(rows) >= records:
                break
        chance.shuffle(rows)
        for place, (number, row) in enumerate(rows[:records]):
            writer.writerow((str(place), *row))
            truth.append(number)
    return truth


def _things(chance: random.Random, records: int) -> list[Thing]:
    names = [_word(chance) for _ in range(max(300, records // 40))]
    people = [
        (chance.choice(names[:200]).capitalize(), chance.choice(names).capitalize()) for _ in range(records // 12)
    ]
    towns = [(_town(chance, names), f"{chance.randrange(1000, 96000):05d}") for _ in range(max(40, records // 300))]
    venues = [_venue(chance, names, towns) for _ in range(max(50, records // 60))]
    houses = [f"{chance.choice(names).capitalize()} éditions" for _ in range(80)]
    found: list[Thing] = []
    while len(found) < records:
        draw = chance.random()
        maker = chance.choice(people)
        if draw < 0.70:
            venue = chance.choice(venues)
            show = Thing("event", _title(chance, names), _subtitle(chance, names), maker=maker)
            first, minute = (
                _FIRST + chance.randrange(360),
                60 * chance.randrange(14, 22) + chance.choice((0, 0, 30, 45)),
            )
            for day in range(first, first + chance.choice((1, 1, 1, 2, 3, 5))):
                found.append(
                    replace(
                        show, venue=venue.title, city=venue.city, postal_code=venue.postal_code, day=day,
                        minute=minute, position=venue.position,
                    )
                )  # fmt: skip
        elif draw < 0.85:
            book = Thing("product", _title(chance, names), maker=maker, publisher=chance.choice(houses))
            for volume in range(chance.choice((0, 0, 0, 3, 6)) or 1):
                found.append(
                    replace(
                        book, volume=str(volume + 1) if volume else "", subtitle=_subtitle(chance, names),
                        year=chance.randrange(1970, 2026), ean=_ean(chance),
                    )
                )  # fmt: skip
        elif draw < 0.95:
            visa = str(chance.randrange(20_000, 170_000))
            found.append(
                Thing("work", _title(chance, names), maker=maker, year=chance.randrange(1930, 2026), visa=visa)
            )
        else:
            found.append(_venue(chance, names, towns))
    chance.shuffle(found)
    return found


def _told(chance: random.Random, thing: Thing, source: int) -> tuple[str, ...]:
    """The thing as a source tells it."""
    title = thing.title
    if thing.volume:
        title += chance.choice(
            (f", tome {thing.volume}", f" T.{thing.volume}", f" #{thing.volume}", f" ({thing.volume})")
        )
    if thing.subtitle and chance.random() < 0.7:
        title += chance.choice((" - ", " : ")) + thing.subtitle
    if thing.kind == "event" and chance.random() < 0.06:
        title += f" @ {thing.venue}"
    if chance.random() < 0.08:
        title += chance.choice((" (complet)", " - dès 8 ans", " VOST", " - en famille"))
    if source in (2, 4):
        title = _behind(title)
    maker = "" if chance.random() < 0.1 else " ".join(thing.maker) if source % 2 else ", ".join(thing.maker[::-1])
    day = thing.day + (chance.choice((-1, 1)) if chance.random() < 0.02 else 0)
    minute = thing.minute + (chance.choice((-15, 15)) if chance.random() < 0.1 else 0)
    place = thing.position if chance.random() < 0.4 else None
    ean = _ean(chance) if thing.ean and chance.random() < 0.003 else thing.ean
    row = (
        _mistyped(chance, title), f"s{source}", _mistyped(chance, maker),
        thing.publisher if chance.random() < 0.8 else "",
        _abbreviated(chance, thing.venue) if chance.random() < 0.95 else "",
        thing.address if source not in (3, 6) else "",
        thing.city if chance.random() < 0.96 else "", thing.postal_code if chance.random() < 0.8 else "",
        date.fromordinal(day).isoformat() if thing.day else "",
        f"{minute // 60:02d}:{minute % 60:02d}" if thing.minute >= 0 and chance.random() < 0.9 else "",
        str(thing.year) if thing.year and chance.random() < 0.9 else "",
        ean if chance.random() < 0.6 else "", thing.visa if chance.random() < 0.4 else "",
        f"{place[0] + chance.gauss(0, 0.0002):.5f}" if place else "",
        f"{place[1] + chance.gauss(0, 0.0002):.5f}" if place else "",
    )  # fmt: skip
    if source == 1:
        row = tuple(_bare(cell).upper() for cell in row)
        row = (row[0], "s1", *row[2:])
    elif source == 5:
        row = (row[0].upper(), *row[1:])
    return (thing.kind, *row)


def _mistyped(chance: random.Random, text: str) -> str:
    if len(text) < 5 or chance.random() > 0.06:
        return text
    at = chance.randrange(1, len(text) - 2)
    return chance.choice(
        (
            text[:at] + text[at + 1 :],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            text[:at] + text[at] + text[at:],
        )
    )


def _abbreviated(chance: random.Random, venue: str) -> str:
    for long, short in _SHORT.items():
        if venue.startswith(long) and chance.random() < 0.25:
            return venue.replace(long, short, 1)
    return venue


def _behind(title: str) -> str:
    for article in _ARTICLES:
        start = article if article.endswith("'") else f"{article} "
        if title.startswith(start):
            rest, dash, more = title[len(start) :].partition(" - ")
            return f"{rest}, {article}{dash}{more}"
    return title


def _bare(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(chance.choice((2, 2, 3))))


def _title(chance: random.Random, names: list[str]) -> str:
    article = chance.choice(_ARTICLES)
    words = [chance.choice(_COMMON if chance.random() < 0.75 else names) for _ in range(chance.choice((1, 2, 2, 3)))]
    glue = chance.choice((" ", " de ", " et ", " sans "))
    return f"{article}{'' if article.endswith(chr(39)) else ' '}{glue.join(words)}"


def _subtitle(chance: random.Random, names: list[str]) -> str:
    return "" if chance.random() < 0.6 else f"{chance.choice(names).capitalize()} et {chance.choice(_COMMON)}"


def _town(chance: random.Random, names: list[str]) -> str:
    end = chance.choice(("", "", "-sur-Mer", "-les-Bains", "-la-Forêt"))
    return f"{chance.choice(('', '', 'Saint-', 'Le '))}{chance.choice(names).capitalize()}{end}"


def _venue(chance: random.Random, names: list[str], towns: list[tuple[str, str]]) -> Thing:
    city, code = chance.choice(towns)
    own = f"{chance.choice(_SORTS)} {chance.choice(('', 'de la ', 'des '))}{chance.choice(names).capitalize()}"
    return Thing(
        "venue", chance.choice(_GENERIC) if chance.random() < 0.25 else own,
        address=f"{chance.randrange(1, 200)} {chance.choice(('rue', 'avenue'))} {chance.choice(names).capitalize()}",
        city=city, postal_code=code, position=(43 + 7 * chance.random(), -1 + 7 * chance.random()),
    )  # fmt: skip


def _ean(chance: random.Random) -> str:
    body = f"9782{chance.randrange(10**8):08d}"
    return body + str(-sum(int(c) * (1, 3)[at % 2] for at, c in enumerate(body)) % 10)
