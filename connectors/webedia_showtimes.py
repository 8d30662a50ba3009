"""A Webedia schedule joined with its films into works, their runs at a theatre, and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.base import Change, Reject
from connectors.films import film_identifiers, minutes_of, people
from connectors.rows import key_of, raw
from connectors.screenings import Screenings, Showing
from connectors.texts import line, plain
from connectors.times import local_instant
from schemas.records import Contributor, Kind, Session, SourceRef, Work

MAX_SHOWTIMES = 100_000
"""Of one reading."""
_VERSIONS = {
    "Localization.Version.Original": "VO",
    "Localization.Language.French": "VF",
    "Showtime.Accessibility.Dubbed": "VF",
}
_PLAIN = frozenset({"Digital", "NoPasses", "2D"})
"""Last words of tags that say nothing of the showing."""
_WORDS = {
    "Imax": "IMAX",
    "3D": "3D",
    "3d": "3D",
    "HearingImpaired": "Sous-titres pour malentendants",
    "AudioDescription": "Audiodescription",
    "AudioDescribed": "Audiodescription",
}
_NAMESPACES = ("Format.", "Showtime.Experience.", "Showtime.Accessibility.", "Auditorium.Experience.")


@dataclass(slots=True)
class Programme:
    """What was read: schedules by theatre, films by number."""

    schedules: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    films: dict[str, dict[str, Any]] = field(default_factory=dict)
    strange: list[Any] = field(default_factory=list)
    """What is neither."""

    def add(self, document: Any) -> None:
        """A schedule, a list of films, one film, or a schedule and films kept together."""
        if isinstance(document, list):
            for row in document:
                self._film(row)
        elif isinstance(document, dict) and isinstance(document.get("movies"), list):
            self.add(document["movies"])
            self.add({name: value for name, value in document.items() if name != "movies"})
        elif isinstance(document, dict) and any(_schedule(value) is not None for value in document.values()):
            for theater, value in document.items():
                schedule = _schedule(value)
                if schedule is not None:
                    self.schedules.append((theater, schedule))
                else:
                    self.strange.append({theater: value})
        elif document:
            self._film(document)

    def named_films(self) -> list[str]:
        """The numbers of the films that the schedules show."""
        return list(dict.fromkeys(film for _, schedule in self.schedules for film in schedule))

    def _film(self, row: Any) -> None:
        key = _key(row.get("id")) if isinstance(row, dict) and "title" in row else None
        if key is None:
            self.strange.append(row)
        else:
            self.films.setdefault(key, row)


def programme_changes(
    programme: Programme,
    connector: str,
    account: str,
    *,
    zone: str,
    is_duo: bool,
    theater: str | None,
    recorded: bool,
) -> Iterator[Change]:
    """The films, then each theatre's showtimes, of the source's own theatre only where it says one.

    `recorded`: the films' answer may not have been kept.
    """
    screenings = Screenings(connector, account, is_duo=is_duo)
    for row in programme.strange:
        yield Reject("ni programme ni film", raw(row))
    for known, film in programme.films.items():
        yield from screenings.film(known, film, partial(_work, film))
    told = 0
    for place, schedule in programme.schedules:
        if theater is not None and place != theater:
            continue
        for number, days in schedule.items():
            key = _key(number)
            if recorded and key is not None and key not in programme.films:
                yield from screenings.unnamed_film(key, allocine=key)
            for row in _rows(days):
                told += 1
                film = {} if key is None else programme.films.get(key, {})
                kept = {"movies": [film] if film else [], place: {"schedule": {number: {"": [row]}}}}
                own = _key(row.get("id")) if isinstance(row, dict) else None
                if key is None or own is None:
                    yield Reject("id manque", raw(kept), Kind.SESSION)
                    continue
                if told > MAX_SHOWTIMES:
                    yield Reject(f"plus de {MAX_SHOWTIMES} séances", raw(kept), Kind.SESSION, screenings.ref(own))
                    return
                # The id says film, time and format, the same in every theatre.
                name = own if theater is not None else f"{place} {own}"
                showing = Showing(
                    key=name[:500],
                    row=kept,
                    film=key,
                    session=partial(_session, row, zone),
                    run=None if theater is not None else f"{place} {key}"[:500],
                )
                yield from screenings.showing(showing)


def _session(row: dict[str, Any], zone: str, ref: SourceRef, run: str) -> Session:
    told = row.get("tags")
    tags = [tag for tag in told if isinstance(tag, str)] if isinstance(told, list) else []
    version = row.get("diffusionVersion")
    known = [_VERSIONS[tag] for tag in tags if tag in _VERSIONS]
    if isinstance(version, str):
        known += {"ORIGINAL": ["VO"], "DUBBED": ["VF"], "LOCAL": ["VF"]}.get(version.upper(), [])
    screen = row.get("screen")
    return Session(
        ref=ref,
        event_key=run,
        begins_at=local_instant(row.get("startsAt"), zone),
        hall=line(screen.get("name"), longest=200) if isinstance(screen, dict) else None,
        version=known[0] if known else None,
        features=list(dict.fromkeys(_features(tags)))[:50],
    )


def _features(tags: list[str]) -> Iterator[str]:
    for tag in tags:
        word = tag.rpartition(".")[2]
        if tag.startswith(_NAMESPACES) and tag not in _VERSIONS and word not in _PLAIN:
            found = line(_WORDS.get(word, word), longest=60)
            if found is not None:
                yield found


def _work(film: dict[str, Any], ref: SourceRef) -> Work:
    own = film.get("exhibitor")
    own = own if isinstance(own, dict) else {}
    title = line(own.get("title"), longest=1000) or line(film.get("title"), longest=1000)
    if title is None:
        raise ValueError("title manque")
    genres = film.get("genres")
    return Work(
        ref=ref,
        title=title,
        type="film",
        original_title=line(film.get("originalTitle"), longest=1000),
        contributors=_contributors(film),
        # Films that Allociné does not know bear the site's own, such as c2202.
        identifiers=film_identifiers(allocine=film.get("id")),
        # In seconds, whatever the language of the site.
        duration_minutes=minutes_of(film.get("runtime"), per_minute=60),
        genres=[name for one in genres if (name := line(one, longest=60))][:20] if isinstance(genres, list) else [],
        description=plain(own.get("synopsis") or film.get("synopsis"), longest=5000),
    )


def _contributors(film: dict[str, Any]) -> list[Contributor]:
    directors = _names(film.get("directors")) or film.get("direction")
    return [*people(directors, "director"), *people(_names(film.get("casting")), "performer")]


def _names(connection: Any) -> list[str]:
    nodes = connection.get("nodes") if isinstance(connection, dict) else None
    persons = [node.get("person") for node in nodes if isinstance(node, dict)] if isinstance(nodes, list) else []
    return [
        " ".join(text for part in ("firstName", "lastName") if isinstance(text := person.get(part), str))
        for person in persons
        if isinstance(person, dict)
    ]


def _schedule(value: Any) -> dict[str, Any] | None:
    found = value.get("schedule") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def _rows(days: Any) -> Iterator[Any]:
    """The showtimes of a film, by day or all together."""
    for rows in days.values() if isinstance(days, dict) else [days]:
        yield from rows if isinstance(rows, list) else [rows]


def _key(value: Any) -> str | None:
    key = key_of(value)
    return key if key is not None and len(key) <= 300 else None
