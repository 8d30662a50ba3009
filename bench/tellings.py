"""A small world of films, books, editions, venues and runs of shows, and how five sources would tell each of them.

What it is for is in its confusions: homonymous books, sequels, editions of one text, the theatre and the library that
bear one name, two halls at one door, reruns of one show. The weights that ship with the product are learned here, by
`scripts/learn_models.py`. Invented, with words of real titles; the truth is exact.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from matching.features import Features, features
from matching.normalise import fold
from matching.rarity import COMMON_WORDS
from sandbox.facts.reading import books
from schemas.records import Address, Contributor, Event, Position, Product, SourceRef, Venue, Work

REF = SourceRef(connector="world", account="world", key="1")
SOURCES = 5
_SORTS = (
    "Théâtre",
    "Cinéma",
    "Médiathèque",
    "Bibliothèque",
    "Musée",
    "Espace",
    "Centre culturel",
    "Salle",
    "Librairie",
)
_SHORT = {"Théâtre": "Th.", "Médiathèque": "Médiath.", "Bibliothèque": "Bib.", "Cinéma": "Ciné"}
_GENERIC = ("Salle des fêtes", "Salle polyvalente", "Foyer rural", "Théâtre municipal", "Médiathèque", "Bibliothèque")
_WAYS = {"rue": "R.", "avenue": "Av.", "place": "Pl.", "boulevard": "Bd"}
_ARTICLES = ("Le ", "La ", "Les ", "L'")
_FAMILIES = ("SPECTACLE_REPRESENTATION", "CONCERT", "SEANCE_CINE", "VISITE_GUIDEE", "CONFERENCE")
_FORMULAS = (
    "Visite guidée",
    "Atelier",
    "Conférence",
    "Concert",
    "Ciné-club",
    "Heure du conte",
    "Rencontre",
    "Stage",
    "Lecture",
)
_START = datetime(2026, 1, 5, 19, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Telling:
    """What one source says of one thing."""

    thing: int
    source: int
    says: Features


class World:
    """Draws things and their tellings; the same seed gives the same world."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        seen = sorted({word for book in books() for word in fold(book.title).split() if len(word) > 2})
        ends = sorted({word[-3:] for word in seen} | {word[:3] for word in seen})
        made = ("".join(self.chance.choices(ends, k=self.chance.choice((2, 2, 3)))) for _ in range(3000))
        self.words = [*sorted(COMMON_WORDS), *seen, *made]
        self.people = [f"{self._word().title()} {self._name()}" for _ in range(1500)]

    def films(self, number: int) -> Iterator[Telling]:
        thing = 0
        while thing < number:
            title, year, minutes = self._title(), self.chance.randrange(1950, 2027), self.chance.randrange(75, 170)
            makers = self.chance.sample(self.people, 2)
            for part in range(self.chance.choice((1, 1, 1, 1, 3))):
                sequel = self.chance.choice((f" {part + 1}", f" {'I' * (part + 1)}", f", partie {part + 1}"))
                name = title + sequel if part else title
                yield from self._of_film(thing, name, makers, year + 3 * part, minutes + 7 * part)
                thing += 1
            if self._is(0.15):
                yield from self._of_film(
                    thing, title, self.chance.sample(self.people, 2), year + self._near(8), minutes
                )
                thing += 1

    def _of_film(self, thing: int, title: str, makers: list[str], year: int, minutes: int) -> Iterator[Telling]:
        for source in self._sources():
            told = f"{self._told(title)}{self.chance.choice(('', '', '', ' (VO)', ' VOST', ' VF'))}"
            people = [] if self._is(0.4) else [self._person(name) for name in makers[: self.chance.choice((1, 1, 2))]]
            work = Work(
                ref=REF,
                title=told,
                type="other" if self._is(0.1) else "film",
                contributors=[Contributor(name=self._person(self.chance.choice(self.people)), role="performer")]
                if not people and self._is(0.15)
                else people and [Contributor(name=name, role="director") for name in people],
                year=None if self._is(0.25) else year + (self._near(1) if self._is(0.2) else 0),
                duration_minutes=None if self._is(0.3) else minutes + self._near(12 if self._is(0.1) else 2),
            )
            yield Telling(thing, source, features(work))

    def works(self, number: int) -> Iterator[Telling]:
        thing = 0
        while thing < number:
            title, author, year = self._title(), self.chance.choice(self.people), self.chance.randrange(1900, 2026)
            numbered, named = self.chance.choice(((1, 0), (1, 0), (1, 0), (5, 0), (0, 3)))
            for volume in range(numbered):
                yield from self._of_work(
                    thing, title, self._subtitle(), author, volume + 1 if numbered > 1 else 0, year
                )
                thing += 1
            for _ in range(named):
                yield from self._of_work(thing, f"{title} : {self._words(2, 3)}", "", author, 0, year)
                thing += 1
            for _ in range(self.chance.choice((0, 0, 1) if " " in title else (3, 6, 12))):
                yield from self._of_work(thing, title, "", self.chance.choice(self.people), 0, year)
                thing += 1

    def _of_work(self, thing: int, title: str, more: str, author: str, volume: int, year: int) -> Iterator[Telling]:
        for source in self._sources():
            people = [] if self._is(0.15) else [Contributor(name=self._person(self._or_else(author)))]
            work = Work(
                ref=REF,
                title=self._volume(self._with(self._told(title), more), volume),
                type="book",
                contributors=people,
                year=None if self._is(0.6) else year + (self.chance.randrange(60) if self._is(0.4) else 0),
            )
            yield Telling(thing, source, features(work))

    def products(self, number: int) -> Iterator[Telling]:
        thing = work = 0
        houses = [f"{self._name()}" for _ in range(60)]
        while thing < number:
            work += 1
            title, author, more = self._title(), self.chance.choice(self.people), self._subtitle()
            volume = self.chance.choice((0, 0, 0, self.chance.randrange(1, 6)))
            for _ in range(self.chance.choice((1, 1, 2, 3))):
                house, year = self.chance.choice(houses), self.chance.randrange(1990, 2027)
                language = "en" if self._is(0.06) else "fr"
                for source in self._sources():
                    product = Product(
                        ref=REF,
                        title=self._volume(self._with(self._told(title), more), volume),
                        subcategory="LIVRE_PAPIER",
                        contributors=[] if self._is(0.08) else [Contributor(name=self._person(self._or_else(author)))],
                        publisher=None
                        if self._is(0.35)
                        else self.chance.choice(("", "", "Éditions "))
                        + (self._name() if self._is(0.06) else house)
                        + self.chance.choice(("", "", " poche")),
                        language=None if self._is(0.4) else language,
                        published_on=None if self._is(0.4) else str(year + (self._near(1) if self._is(0.15) else 0)),
                    )
                    yield Telling(thing, source, features(product))
                thing += 1

    def venues(self, number: int) -> Iterator[Telling]:
        thing = 0
        famous = [self._name() for _ in range(40)]
        while thing < number:
            town, code = self._name(), f"{self.chance.randrange(10, 90)}{self.chance.randrange(1000):03d}"
            if self._is(0.02):
                town = f"Saint-{self.chance.choice(('Denis', 'Martin', 'Jean', 'Pierre'))}"
            centre = (43 + 7 * self.chance.random(), -1 + 7 * self.chance.random())
            great, used = self._name(), {""}
            for _ in range(self.chance.choice((1, 2, 4, 8))):
                name = self._venue(great, famous, used)
                place = (centre[0] + self.chance.gauss(0, 0.012), centre[1] + self.chance.gauss(0, 0.016))
                address = (self.chance.randrange(1, 90), self.chance.choice(list(_WAYS)), self._name())
                phone = f"02{self.chance.randrange(10**8):08d}"
                for _ in range(2 if self._is(0.04) else 1):
                    for source in self._sources():
                        yield Telling(thing, source, self._of_venue(name, town, code, place, address, phone))
                    thing += 1
                    name = self._venue(great, famous, used)

    def _of_venue(
        self, name: str, town: str, code: str, place: tuple[float, float], address: tuple[int, str, str], phone: str
    ) -> Features:
        if self._is(0.06):
            name = f"{name.partition(' ')[0]} de {town}"
        if name in _GENERIC and self._is(0.3):
            name += self.chance.choice((" municipale", " communale", f" de {town}"))
        for long, short in _SHORT.items():
            if self._is(0.2):
                name = name.replace(long, short)
        number, way, of = address
        # What is told wrongly, or of the office: no difference of one field is a veto.
        number += self._near(4) if self._is(0.07) else 0
        phone = f"02{self.chance.randrange(10**8):08d}" if self._is(0.3) else phone
        town = self._name() if self._is(0.006) else town
        code = f"{code[:2]}{self.chance.randrange(1000):03d}" if self._is(0.004) else code
        if self._is(0.15):
            of = self.chance.choice((f"{of}, {town}", f"{of} bâtiment A", f"{self._name()} {of}", of[:-1]))
        off = 0.01 if self._is(0.05) else 0.0002
        return features(
            Venue(
                ref=REF,
                name=self._case(name + (f" - {town}" if self._is(0.2) else "")),
                time_zone="Europe/Paris",
                address=Address(
                    street=None
                    if self._is(0.4)
                    else f"{number if self._is(0.9) else ''} {_WAYS[way] if self._is(0.3) else way} {of}",
                    city=None if self._is(0.05) else self._case(town) + (" Cedex" if self._is(0.1) else ""),
                    postal_code=None if self._is(0.3) else code,
                ),
                position=None
                if self._is(0.4)
                else Position(place[0] + self.chance.gauss(0, off), place[1] + self.chance.gauss(0, off)),
                phone=None if self._is(0.6) else phone,
            )
        )

    def events(self, number: int) -> Iterator[Telling]:
        thing = work = 0
        while thing < number:
            venue, day, before = self.chance.randrange(number // 60 + 1), self.chance.randrange(120), ""
            together = 1
            if self._is(0.25):
                # A festival, or a house's habit: one name before many titles, and several of them at one time.
                together = self.chance.choice((2, 4, 6))
                before = self.chance.choice(
                    (*_FORMULAS, f"Festival {self._words(1, 2)}", self._words(2, 3).capitalize())
                )
                before += self.chance.choice((" : ", " - ", " "))
            for _ in range(together):
                work += 1
                for told in self._of_show(thing, before + self._title(), venue, work, day):
                    yield told
                    thing = told.thing
                thing += 1

    def _of_show(self, thing: int, title: str, venue: int, work: int, day: int) -> Iterator[Telling]:
        more, maker, family = self._subtitle(), self.chance.choice(self.people), self.chance.choice(_FAMILIES)
        numbered = self._is(0.15)
        for again in range(self.chance.choice((1, 1, 1, 1, 2, 3))):
            run = self._run(day)
            name = f"{title} #{again + 1}" if numbered else title
            for source in self._sources():
                yield Telling(thing + again, source, self._of_event(name, more, maker, family, venue, work, run))
            day = (run[-1] - _START).days + self.chance.choice((10, 30, 60, 90, 200))
            family = self.chance.choice(_FAMILIES) if self._is(0.2) else family

    def _run(self, day: int) -> list[datetime]:
        """Evenings in a row, or weekends."""
        number, step = self.chance.choice(((1, 1), (1, 1), (2, 1), (3, 1), (6, 1), (20, 1), (3, 7), (6, 7)))
        times = (self.chance.choice((0, 0, 0, 30, 60, -240)) for _ in range(number))
        return [_START + timedelta(days=day + step * n, minutes=late) for n, late in enumerate(times)]

    def _of_event(
        self, title: str, more: str, maker: str, family: str, venue: int, work: int, run: list[datetime]
    ) -> Features:
        told = self._with(self._told(title), more)
        if self._is(0.15):
            told = self.chance.choice((f"{told} - {maker}", f"{told}, de {maker}", f"{maker} : {told}"))
        late = timedelta(minutes=self._near(15) if self._is(0.2) else 240 if self._is(0.05) else 0)
        cut = self.chance.randrange(len(run)) if self._is(0.6) else 0
        half = self.chance.choice((slice(0, max(1, cut)), slice(cut, None), slice(cut % 2, None, 2)))
        begins = [] if self._is(0.15) else [moment + late for moment in run[half if cut else slice(None)]]
        event = Event(
            ref=REF,
            title=told,
            subcategory=self.chance.choice(_FAMILIES[:2])
            if family in _FAMILIES[:2] and self._is(0.3)
            else self.chance.choice(_FAMILIES[3:])
            if family != "SEANCE_CINE" and self._is(0.1)
            else family,
            contributors=[]
            if self._is(0.5)
            else [Contributor(name=self._person(self._or_else(maker, 0.08)), role="performer")],
        )
        known = None if self._is(0.6) else work if self._is(0.95) else work + 100_000 + self.chance.randrange(99)
        return features(event, venue_id=venue, work_id=known, begins=begins)

    def _is(self, share: float) -> bool:
        return self.chance.random() < share

    def _or_else(self, person: str, share: float = 0.04) -> str:
        """The person, or somebody else who had a hand in it."""
        return self.chance.choice(self.people) if self._is(share) else person

    def _near(self, most: int) -> int:
        return self.chance.randrange(-most, most + 1)

    def _sources(self) -> list[int]:
        return self.chance.sample(range(SOURCES), self.chance.choice((1, 1, 2, 3)))

    def _word(self) -> str:
        return self.words[int(len(self.words) * self.chance.random() ** 2)]

    def _name(self) -> str:
        return self.chance.choice(self.words[-3000:]).title()

    def _title(self) -> str:
        return f"{self.chance.choice(('', *_ARTICLES))}{self._words(1, 2, 2, 3, 4)}".capitalize()

    def _words(self, *numbers: int) -> str:
        return " ".join(self._word() for _ in range(self.chance.choice(numbers)))

    def _subtitle(self) -> str:
        return "" if self._is(0.6) else self._words(2, 3, 4)

    def _with(self, title: str, more: str) -> str:
        return f"{title}{self.chance.choice((' : ', ' - '))}{more}" if more and self._is(0.75) else title

    def _told(self, title: str) -> str:
        for article in _ARTICLES:
            if title.startswith(article) and self._is(0.2):
                title = f"{title.removeprefix(article)}, {article.strip()}"
                break
        if self._is(0.06) and len(title) > 5:
            at = self.chance.randrange(1, len(title) - 1)
            title = title[:at] + self.chance.choice(("", "e", title[at] * 2)) + title[at + 1 :]
        return self._case(title)

    def _case(self, text: str) -> str:
        return self.chance.choice((text, text, text.upper(), text.title()))

    def _volume(self, title: str, volume: int) -> str:
        if not volume:
            return title
        return self.chance.choice((f"{title}, tome {volume}", f"{title} T.{volume}", f"{title} #{volume}"))

    def _person(self, name: str) -> str:
        first, _, family = name.partition(" ")
        return self.chance.choice((name, name, name.upper(), f"{family}, {first}", f"{first[0]}. {family}"))

    def _venue(self, great: str, famous: list[str], used: set[str]) -> str:
        """A name: common to all towns, of a famous person, of the town's great one, or its own; mostly once a town."""
        found = ""
        while found in used and (not found or self._is(0.9)):
            own = self.chance.choice(
                (great, self.chance.choice(famous), self._name(), f"{self._name()} {self._name()}")
            )
            sort = f"{self.chance.choice(_SORTS)} {self.chance.choice(('', '', 'de la ', 'des '))}"
            found = self.chance.choice(_GENERIC) if self._is(0.25) else sort + own
        used.add(found)
        return found
