"""The lists of a CDS account joined into films, their runs at the cinema, sessions and stocks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from connectors.base import Change, Delete, Reject
from connectors.cds_tables import Tables, id_of
from connectors.cds_tariffs import Tariff, is_cancelled, is_deleted, seats_of, sells_by_gauge, tariff_of, tariffs
from connectors.films import VERSIONS, film_identifiers, minutes_of
from connectors.rows import raw
from connectors.screenings import Screenings, Showing
from connectors.texts import line, plain
from connectors.times import instant
from schemas.records import Kind, Session, SourceRef, Stock, Work


def show_changes(tables: Tables, connector: str, account: str, *, is_duo: bool, recorded: bool) -> Iterator[Change]:
    """The account's films, then each show with its stock. `recorded`: the list of films may not have been kept."""
    screenings = Screenings(connector, account, is_duo=is_duo)
    for row in tables.strange:
        yield Reject("ni séance, ni film, ni tarif", raw(row))
    films: dict[str, Any] = {}
    for row in tables.media:
        key = id_of(row) if isinstance(row, dict) else None
        if key is None:
            yield Reject("id manque", raw(row), Kind.WORK)
            continue
        films.setdefault(key, row)
        yield from screenings.film(key, row, partial(_work, row))
    options = {key: row for row in tables.mediaoptions if (key := id_of(row)) is not None}
    sold = tariffs(tables.vouchertype)
    cinema = tables.gauge_row()
    for show in tables.shows:
        key = id_of(show) if isinstance(show, dict) else None
        if key is None:
            yield Reject("id manque", raw(show), Kind.SESSION)
            continue
        if tables.cinema is not None and (id_of(show.get("cinemaid")) or tables.cinema) != tables.cinema:
            continue  # another cinema of the same account
        tariff = tariff_of(show, sold)
        if is_deleted(show):
            yield Delete(Kind.SESSION, screenings.ref(key))
            if tariff is not None:
                yield Delete(Kind.STOCK, screenings.ref(key, tariff.id))
            continue
        film = id_of(show.get("mediaid"))
        if film is None:
            yield Reject("mediaid manque", raw(show), Kind.SESSION, screenings.ref(key))
            if tariff is not None:
                yield Reject("sa séance est refusée", raw(show), Kind.STOCK, screenings.ref(key, tariff.id))
            continue
        if recorded and not films:
            yield from screenings.unnamed_film(film)
        told = [options[one] for one in _option_ids(show) if one in options]
        kept = {
            "shows": [show],
            "media": [films[film]] if film in films else [],
            "mediaoptions": told,
            "vouchertype": [] if tariff is None else [tariff.row],
            "cinemas": [] if cinema is None else [cinema],
        }
        showing = Showing(
            key=key,
            row=kept,
            film=film,
            session=partial(_session, show, told),
            stock=None if tariff is None else partial(_stock, show, tariff, sells_by_gauge(cinema)),
            part="" if tariff is None else tariff.id,
        )
        yield from screenings.showing(showing)


def _stock(show: dict[str, Any], tariff: Tariff, by_gauge: bool | None, ref: SourceRef) -> Stock:
    return Stock(
        ref=ref,
        session_key=ref.key,
        available=0 if is_cancelled(show) else seats_of(show, by_gauge=by_gauge),
        price_cents=tariff.cents,
        price_label=tariff.label,
    )


def _work(row: dict[str, Any], ref: SourceRef) -> Work:
    title = line(row.get("title"), longest=1000)
    if title is None:
        raise ValueError("title manque")
    return Work(
        ref=ref,
        title=title,
        type="film",
        identifiers=film_identifiers(visa=row.get("visanumber"), allocine=row.get("allocineid")),
        duration_minutes=minutes_of(row.get("duration"), per_minute=60),
        description=plain(row.get("storyline"), longest=5000),
    )


def _session(show: dict[str, Any], options: list[Any], ref: SourceRef, run: str) -> Session:
    labels = [label for row in options if (label := line(row.get("ticketlabel"), longest=60)) is not None]
    words = dict.fromkeys(label.upper() for label in labels)
    screen = show.get("screenid")
    return Session(
        ref=ref,
        event_key=run,
        begins_at=instant(show.get("showtime")),
        hall=line(screen.get("name", screen.get("label")), longest=200) if isinstance(screen, dict) else None,
        version=next((VERSIONS[word] for word in words if word in VERSIONS), None),
        features=[word for word in words if word not in VERSIONS and word != "2D"][:20],
        cancelled=is_cancelled(show),
    )


def _option_ids(show: dict[str, Any]) -> list[str]:
    rows = show.get("showsMediaoptionsCollection")
    found = (
        [id_of(row.get("mediaoptionsid")) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    )
    return [key for key in found if key is not None]
