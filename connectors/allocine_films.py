"""A node of Allociné's lists into the film and, where it has them, its run and showtimes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

from connectors.base import Change, Reject
from connectors.films import film_identifiers, minutes_of, people
from connectors.rows import key_of, raw
from connectors.screenings import Screenings, Showing
from connectors.texts import line, plain
from connectors.times import local_instant
from schemas.records import Contributor, Kind, Session, SourceRef, Stock, Work

MAX_SHOWTIMES = 5000
"""Of one film in one theatre."""
VERSIONS = {"LOCAL": "VF", "DUBBED": "VF", "ORIGINAL": "VO"}
"""LOCAL: filmed in French; DUBBED: dubbed in French."""
_PLAIN_PROJECTIONS = frozenset({"DIGITAL", ""})


class AllocineReader:
    """One reading. A venue that gives a price sells `seats` places (None: without limit) of each showtime."""

    def __init__(
        self, connector: str, account: str, *, zone: str, price_cents: int | None, seats: int | None, is_duo: bool
    ) -> None:
        self._screenings = Screenings(connector, account, is_duo=is_duo)
        self._zone, self._price_cents, self._seats = zone, price_cents, seats
        self._alike: Counter[str] = Counter()

    def changes(self, edge: Any) -> Iterator[Change]:
        """What an edge, a node or a film by itself tells."""
        node = edge.get("node", edge) if isinstance(edge, dict) else None
        movie = node.get("movie", node) if isinstance(node, dict) else None
        if not isinstance(node, dict) or not isinstance(movie, dict):
            yield Reject("film absent", raw(edge))
            return
        key = key_of(movie.get("internalId")) or key_of(movie.get("id"))
        if key is None or len(key) > 300:
            yield Reject("movie.internalId manque", raw(edge), Kind.WORK)
            return
        yield from self._screenings.film(key, movie, partial(_work, movie))
        showtimes = node.get("showtimes")
        if not isinstance(showtimes, list):
            return
        subcategory = "EVENEMENT_CINE" if movie.get("type") == "SPECIAL_EVENT" else "SEANCE_CINE"
        for row in showtimes[:MAX_SHOWTIMES]:
            yield from self._screenings.showing(self._showing(key, movie, row), subcategory=subcategory)
        if len(showtimes) > MAX_SHOWTIMES:
            yield Reject(f"plus de {MAX_SHOWTIMES} séances", raw(movie), Kind.EVENT, self._screenings.ref(key))

    def _showing(self, film: str, movie: dict[str, Any], row: Any) -> Showing:
        told = row if isinstance(row, dict) else {}
        return Showing(
            key=self._key(film, told),
            row={"node": {"movie": movie, "showtimes": [row]}},
            film=film,
            session=partial(_session, told, self._zone),
            stock=None if self._price_cents is None else self._stock,
        )

    def _key(self, film: str, row: dict[str, Any]) -> str:
        """The provider's id where it has one; else what tells the showtime apart, and which of those alike it is."""
        own = key_of(row.get("internalId")) or key_of(row.get("id"))
        if own is not None:
            return own
        told = (row.get("startsAt"), row.get("diffusionVersion"), *_texts(row.get("projection")), row.get("experience"))
        words = [line(one, longest=60) for one in told if one is not None]
        name = " ".join([film, *filter(None, words)])[:490]
        self._alike[name] += 1
        return name if self._alike[name] == 1 else f"{name} {self._alike[name]}"

    def _stock(self, ref: SourceRef) -> Stock:
        return Stock(ref=ref, session_key=ref.key, available=self._seats, price_cents=self._price_cents)


def _work(movie: dict[str, Any], ref: SourceRef) -> Work:
    title = line(movie.get("title"), longest=1000) or line(movie.get("originalTitle"), longest=1000)
    if title is None:
        raise ValueError("movie.title manque")
    data = movie.get("data")
    data = data if isinstance(data, dict) else {}
    year = data.get("productionYear")
    genres = [line(genre, longest=60) for genre in _texts(movie.get("genres"))]
    return Work(
        ref=ref,
        title=title,
        type="film",
        original_title=line(movie.get("originalTitle"), longest=1000),
        contributors=_contributors(movie),
        identifiers=film_identifiers(
            visa=_visa(movie),
            allocine=movie.get("internalId", movie.get("id")),
            eidr=data.get("eidr"),
        ),
        year=year if type(year) is int and 1880 <= year <= 2100 else None,
        duration_minutes=minutes_of(movie.get("runtime")),
        genres=[genre for genre in dict.fromkeys(genres) if genre][:20],
        description=plain(movie.get("synopsis"), longest=5000),
    )


def _visa(movie: dict[str, Any]) -> Any:
    """The visa of the first release; of another where that one has none."""
    releases = movie.get("releases")
    rows = [row for row in releases if isinstance(row, dict)] if isinstance(releases, list) else []
    for row in sorted(rows, key=lambda row: row.get("name") != "Released"):
        data = row.get("data")
        visa = data.get("visa_number") if isinstance(data, dict) else None
        if film_identifiers(visa=visa):
            return visa
    return None


def _contributors(movie: dict[str, Any]) -> list[Contributor]:
    directors = [
        _name(node.get("person")) for node in _nodes(movie.get("credits")) if _position(node) in ("DIRECTOR", "")
    ]
    actors = [_name(node.get("actor") or node.get("voiceActor")) for node in _nodes(movie.get("cast"))]
    return [*people(directors, "director"), *people(actors, "performer")]


def _position(node: dict[str, Any]) -> str:
    position = node.get("position")
    name = position.get("name") if isinstance(position, dict) else ""
    return name if isinstance(name, str) else ""


def _nodes(connection: Any) -> list[dict[str, Any]]:
    edges = connection.get("edges") if isinstance(connection, dict) else None
    nodes = [edge.get("node") for edge in edges if isinstance(edge, dict)] if isinstance(edges, list) else []
    return [node for node in nodes if isinstance(node, dict)]


def _name(person: Any) -> str:
    told = person if isinstance(person, dict) else {}
    return " ".join(text for part in ("firstName", "lastName") if isinstance(text := told.get(part), str))


def _session(row: dict[str, Any], zone: str, ref: SourceRef, run: str) -> Session:
    told = row.get("diffusionVersion")
    version = VERSIONS.get(told) if isinstance(told, str) else None
    if told is not None and version is None:
        raise ValueError(f"diffusionVersion inconnue : {str(told)[:40]} (connues : {', '.join(VERSIONS)})")
    features = [text.replace("_", " ") for text in _texts(row.get("projection")) if text not in _PLAIN_PROJECTIONS]
    experience = line(row.get("experience"), longest=60)
    if experience is not None:
        features.append(experience.replace("_", " "))
    return Session(
        ref=ref,
        event_key=run,
        begins_at=local_instant(row.get("startsAt"), zone),
        version=version,
        features=[text for one in dict.fromkeys(features) if (text := line(one, longest=60))][:20],
    )


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []
