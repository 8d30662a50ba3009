"""A CGR film with its showings into the work, its run at the cinema, sessions and stocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from connectors.base import Change, Reject
from connectors.films import film_identifiers, minutes_of, version_of
from connectors.money import cents
from connectors.rows import key_of, raw, whole_number
from connectors.screenings import Screenings, Showing
from connectors.texts import line, plain
from connectors.times import local_instant
from schemas.records import Kind, Session, SourceRef, Stock, Work

MAX_SHOWINGS = 5000
"""Of one film in one cinema."""


def film_changes(films: Iterable[Any], connector: str, account: str, *, zone: str, is_duo: bool) -> Iterator[Change]:
    """Each film, then its showings with their stocks. A film without showings is told as a work only."""
    screenings = Screenings(connector, account, is_duo=is_duo)
    for film in films:
        told = film if isinstance(film, dict) else {}
        # What has no Allociné number bears the software's own, in a field of its own.
        key = _number(told.get("IDFilmAlloCine")) or _number(told.get("IDFilm"))
        if key is None:
            yield Reject("IDFilmAlloCine manque", raw(film), Kind.WORK)
            continue
        bare = {name: value for name, value in told.items() if name != "Seances"}
        yield from screenings.film(key, bare, partial(_work, bare))
        showings = told.get("Seances")
        showings = showings if isinstance(showings, list) else []
        duo = any(isinstance(row, dict) and row.get("bAvecDuo") is not False for row in showings)
        for row in showings[:MAX_SHOWINGS]:
            session = _number(row.get("IDSeance")) if isinstance(row, dict) else None
            if session is None:
                yield Reject("IDSeance manque", raw(bare | {"Seances": [row]}), Kind.SESSION)
                continue
            showing = Showing(
                key=session,
                row=bare | {"Seances": [row]},
                film=key,
                session=partial(_session, row, zone),
                stock=None if row.get("PrixUnitaire") is None else partial(_stock, row),
                part=tariff_of(row),
            )
            yield from screenings.showing(showing, is_duo=duo)
        if len(showings) > MAX_SHOWINGS:
            yield Reject(f"plus de {MAX_SHOWINGS} séances", raw(bare), Kind.EVENT, screenings.ref(key))


def tariff_of(row: dict[str, Any]) -> str:
    """What tells the showing's price apart: the name of its tariff."""
    return line(row.get("libTarif"), longest=100) or ""


def seats_of(row: dict[str, Any]) -> int:
    """Places left; none where the cinema has sold more than it has. Raises ValueError for what is no number."""
    left = row.get("NbPlacesRestantes")
    if type(left) is int and left < 0:
        return 0
    return whole_number(left, "NbPlacesRestantes")


def _stock(row: dict[str, Any], ref: SourceRef) -> Stock:
    return Stock(
        ref=ref,
        session_key=ref.key,
        available=seats_of(row),
        price_cents=cents(row.get("PrixUnitaire")),
        price_label=tariff_of(row) or None,
    )


def _work(film: dict[str, Any], ref: SourceRef) -> Work:
    title = line(film.get("Titre"), longest=1000)
    if title is None:
        raise ValueError("Titre manque")
    return Work(
        ref=ref,
        title=title,
        type="film",
        identifiers=film_identifiers(visa=film.get("NumVisa"), allocine=film.get("IDFilmAlloCine")),
        duration_minutes=minutes_of(film.get("Duree")),
        description=plain(film.get("Synopsis"), longest=5000),
    )


def _session(row: dict[str, Any], zone: str, ref: SourceRef, run: str) -> Session:
    day, hour = row.get("Date"), row.get("Heure")
    if not isinstance(day, str) or not isinstance(hour, str):
        raise ValueError("Date ou Heure manque")
    return Session(
        ref=ref,
        event_key=run,
        begins_at=local_instant(f"{day.strip()[:10]}T{hour.strip()}", zone),
        hall=line(row.get("Salle", row.get("NomSalle")), longest=200),
        version=version_of(row.get("Version")),
        features=list(_features(row)),
    )


def _features(row: dict[str, Any]) -> Iterator[str]:
    relief = line(row.get("Relief"), longest=60)
    if relief is not None and relief.upper() != "2D":
        yield relief.upper()
    if row.get("bICE") is True:
        yield "ICE"
    if row.get("bAVP") is True:
        yield "Avant-première"


def _number(value: Any) -> str | None:
    """A key; 0 stands for none."""
    key = key_of(value)
    return key if key is not None and key.strip("0") and len(key) <= 200 else None
