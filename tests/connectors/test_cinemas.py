"""What the cinema protocols tell of the recorded programmes, each in its own spelling, and of the same film alike."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from connectors.base import Change, Checkpoint, Delete, Reject, Upsert
from connectors.cds_tariffs import seats_of
from connectors.registry import REGISTRY, build
from net.errors import FeedChanged, SourceFailure
from schemas.records import Event, Kind, Session, Stock, Venue, Work

CINEMAS = ("allocine", "boost", "cds", "cgr", "ems", "vista", "webedia")
R = TypeVar("R")


def told(changes: Sequence[Change], kind: type[R]) -> list[R]:
    return [change.record for change in changes if isinstance(change, Upsert) and isinstance(change.record, kind)]


def rejected(changes: Sequence[Change]) -> list[tuple[str | None, str]]:
    return [(change.kind and str(change.kind), change.why) for change in changes if isinstance(change, Reject)]


async def test_one_film_read_from_several_systems_is_one_work(gather, fixtures) -> None:
    """Each system that knows a film's numbers tells the same ones: they settle that it is one film."""
    found = {name: told(await gather(name, fixtures / name), Work) for name in CINEMAS}
    kings = {name: works[0].identifiers for name, works in found.items() if works}
    numbers = {name: {(one.scheme, one.value) for one in identifiers} for name, identifiers in kings.items()}
    both = {("visa", "44398"), ("allocine", "46371")}
    assert numbers == dict.fromkeys(("allocine", "boost", "cds", "cgr"), both) | {
        # EMS and Webedia know no visa; Vista knows neither.
        "ems": {("allocine", "46371")},
        "webedia": {("allocine", "46371")},
        "vista": set(),
    }
    assert {works[0].duration_minutes for works in found.values()} == {87}
    everywhere = [one for works in found.values() for work in works for one in work.identifiers]
    assert "2026001414" not in {one.value for one in everywhere}, "a number of the software's own is no visa"


@pytest.mark.parametrize("name", CINEMAS)
async def test_all_tell_a_film_s_run_before_its_sessions(name, gather, fixtures) -> None:
    """Works, then events, then sessions, then stocks; what a session needs was told before it, accepted or rejected."""
    named: set[tuple[Kind | None, str]] = set()
    for change in await gather(name, fixtures / name):
        if isinstance(change, Upsert) and isinstance(change.record, Event):
            assert (Kind.WORK, change.record.work_key) in named
            assert change.record.subcategory in ("SEANCE_CINE", "EVENEMENT_CINE")
        if isinstance(change, Upsert) and isinstance(change.record, Session):
            assert (Kind.EVENT, change.record.event_key) in named
        if isinstance(change, Upsert) and isinstance(change.record, Stock):
            assert (Kind.SESSION, change.record.session_key) in named
        if isinstance(change, Upsert):
            kind = {Work: Kind.WORK, Event: Kind.EVENT, Session: Kind.SESSION}.get(type(change.record))
            named.add((kind, change.record.ref.key))
        elif isinstance(change, Reject) and change.ref is not None:
            named.add((change.kind, change.ref.key))


@pytest.mark.parametrize("name", CINEMAS)
async def test_what_is_kept_of_a_refused_row_says_it_again(name, gather, fixtures, tmp_path, clock) -> None:
    """Replayed by itself, each refused session is refused for the same reason: nothing else is missing."""
    changes = [change for change in await gather(name, fixtures / name) if isinstance(change, Reject)]
    sessions = [change for change in changes if change.kind is Kind.SESSION and change.ref is not None]
    assert sessions
    connector: Any = build(name, {"path": str(tmp_path)}, None, clock=clock, account=name)
    for kept in sessions:
        again = [change.why for change in connector.reread(kept) if isinstance(change, Reject)]
        assert kept.why in again, kept


async def test_allocine_tells_two_halls_at_one_minute(gather, fixtures) -> None:
    """Showtimes without an id that are alike are two; a price of the venue's own makes them bookable."""
    changes = await gather("allocine", fixtures / "allocine", price="6,90", seats="40", time_zone="America/Cayenne")
    sessions = told(changes, Session)
    twins = [one for one in sessions if one.begins_at == datetime(2026, 12, 1, 23, tzinfo=UTC)]
    assert len({one.ref.key for one in twins}) == 2
    assert {(one.available, one.price_cents) for one in told(changes, Stock)} == {(40, 690)}
    assert [one.features for one in sessions][2] == ["IMAX 3D", "DOLBY CINEMA"]
    assert [one.subcategory for one in told(changes, Event)] == ["SEANCE_CINE", "EVENEMENT_CINE"]
    work = told(changes, Work)[0]
    assert (work.year, [(one.name, one.role) for one in work.contributors]) == (
        1980,
        [("Paul Grimault", "director"), ("Jean Martin", "performer")],
    )
    assert ("session", "diffusionVersion inconnue : SUBTITLED (connues : LOCAL, DUBBED, ORIGINAL)") in rejected(changes)
    assert told(await gather("allocine", fixtures / "allocine"), Stock) == []


async def test_cds_sells_at_the_cheapest_active_tariff_by_its_gauge(gather, fixtures, tmp_path: Path) -> None:
    """Of several pass Culture tariffs the cheapest; the online gauge where the cinema has one; nothing cancelled."""
    changes = await gather("cds", fixtures / "cds", cinema="0012")
    stocks = {one.session_key: (one.ref.part, one.available, one.price_cents) for one in told(changes, Stock)}
    assert stocks == {"1": ("96", 10, 690), "2": ("96", 0, 690)}
    assert {one.ref.key: one.cancelled for one in told(changes, Session)} == {"1": False, "2": True, "4": False}
    deleted = [(change.kind, change.ref.key) for change in changes if isinstance(change, Delete)]
    assert deleted == [(Kind.SESSION, "3"), (Kind.STOCK, "3")]
    assert ("stock", "internetremainingplace est négatif : -4") in rejected(changes)
    assert ("work", "film inconnu : 404") in rejected(changes)
    bare = '[{"id": 1, "internetremainingplace": 10, "showtime": "2026-12-01T20:00:00.000+0100"}]'
    (tmp_path / "shows.json").write_text(bare, "utf-8")
    assert rejected(await gather("cds", tmp_path)) == [("session", "mediaid manque")]


async def test_cds_without_its_cinema_sells_by_the_smaller_figure(gather, fixtures, tmp_path: Path) -> None:
    """Where nobody says which gauge counts, the smaller one does; another cinema of the account is left out."""
    for name in ("shows", "media", "vouchertype"):
        (tmp_path / f"{name}.json").write_bytes((fixtures / "cds" / f"{name}.json").read_bytes())
    assert told(await gather("cds", tmp_path), Stock)[0].available == 10
    shows = (tmp_path / "shows.json").read_text("utf-8").replace('"id": 1,', '"id": 1, "cinemaid": {"id": "0013"},')
    (tmp_path / "shows.json").write_text(shows, "utf-8")
    assert "1" not in {one.ref.key for one in told(await gather("cds", tmp_path, cinema="0012"), Session)}


@pytest.mark.parametrize(
    ("by_gauge", "online", "hall", "expected"),
    [(True, 120, 98, 120), (False, 10, 98, 98), (None, 10, 98, 10), (None, 120, 98, 98), (None, None, 98, 98)],
)
def test_cds_counts_by_the_gauge_that_the_cinema_sells_by(by_gauge, online, hall, expected) -> None:
    show = {"internetremainingplace": online, "remainingplace": hall}
    assert seats_of(show, by_gauge=by_gauge) == expected


async def test_cgr_reads_the_json_in_the_envelope(gather, fixtures) -> None:
    """Local times, seats below zero as none, duo where the cinema has it, a key of its own for what has no number."""
    changes = await gather("cgr", fixtures / "cgr", time_zone="Indian/Reunion")
    sessions = {one.ref.key: one for one in told(changes, Session)}
    assert sessions["101"].begins_at == datetime(2026, 12, 1, 16, tzinfo=UTC)
    assert sessions["101"].features == ["3D", "ICE", "Avant-première"]
    stocks = {one.session_key: (one.ref.part, one.available, one.price_cents) for one in told(changes, Stock)}
    assert stocks == {
        "101": ("Tarif Standard ICE", 99, 690),
        "102": ("Tarif standard", 0, 1100),
        "105": ("Opéra", 40, 1500),
    }
    assert {one.work_key: one.is_duo for one in told(changes, Event)} == {"46371": True, "7001": False}
    assert ("stock", "montant avec une fraction de centime : 6.905") in rejected(changes)
    named = [
        change.ref.key for change in changes if isinstance(change, Reject) and change.ref and change.kind == "stock"
    ]
    assert named == ["103", "104", "106"], "a refused showing names its stock"
    assert [work.title for work in told(changes, Work)][-1] == "Film sans séance"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<a><b></a>", "XML mal formé, ligne 1"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "n'a pas de DTD"),
        (
            "<Envelope><Body><Fault><faultstring>Service arrêté</faultstring></Fault></Body></Envelope>",
            "Service arrêté",
        ),
        ("<E><XResult>{</XResult></E>", "JSON mal formé"),
        ("<E><XResult>[]</XResult></E>", "n'est pas un objet JSON"),
        ('<E><XResult>{"CodeErreur": 0, "ObjetRetour": {}}</XResult></E>', "résultat sans Films"),
        ('{"CodeErreur": 99, "IntituleErreur": "Base fermée"}', "le cinéma répond : Base fermée"),
        ('{"CodeErreur": 3, "IntituleErreur": "Mot de passe incorrect"}', "le cinéma refuse l'accès"),
    ],
    ids=["ill-formed", "DTD", "fault", "not JSON", "a list", "no films", "refused", "denied"],
)
async def test_cgr_names_what_is_wrong_with_an_answer(body, why, gather, tmp_path: Path) -> None:
    """Each answer that is no programme ends the reading by name, with the file's."""
    (tmp_path / "a.xml").write_text(body, "utf-8")
    with pytest.raises(SourceFailure, match=why) as failure:
        await gather("cgr", tmp_path)
    assert failure.value.place == "a.xml"


async def test_cgr_reads_json_that_was_not_escaped(gather, tmp_path: Path) -> None:
    """A bare `&` in the JSON breaks the XML, not the reading; another service's document is refused by itself."""
    film = '{"IDFilm": 1, "IDFilmAlloCine": 1, "Titre": "Fast & Furious", "Seances": []}'
    result = f'{{"CodeErreur": 0, "ObjetRetour": {{"Films": [{film}]}}}}'
    (tmp_path / "a.xml").write_text(f"<E><XResult>{result}</XResult></E>", "utf-8")
    (tmp_path / "b.xml").write_text("<definitions/>", "utf-8")
    changes = await gather("cgr", tmp_path)
    assert [work.title for work in told(changes, Work)] == ["Fast & Furious"]
    assert "n'est pas un programme de GestionCinemaWS" in rejected(changes)[0][1]
    sale = '{"CodeErreur": 0, "QrCode": "CINE1", "Placement": "F7"}'
    (tmp_path / "a.xml").write_text(f"<E><XResult>{sale}</XResult></E>", "utf-8")
    assert [why[:5] for _, why in rejected(await gather("cgr", tmp_path))] == ["a.xml", "b.xml"]


async def test_ems_tells_its_sites_as_venues(gather, fixtures) -> None:
    """Each site with its clock; a film on two of them is one work with two runs; seats are without limit."""
    changes = await gather("ems", fixtures / "ems")
    assert {venue.ref.key: venue.time_zone for venue in told(changes, Venue)} == {
        "9990": "America/Cayenne",
        "9991": "Europe/Paris",
    }
    schemes = {venue.ref.key: {one.scheme for one in venue.identifiers} for venue in told(changes, Venue)}
    assert schemes == {"9990": {"allocine_theater", "siret"}, "9991": {"allocine_theater", "siren"}}
    assert [(one.ref.key, one.venue_key) for one in told(changes, Event) if one.work_key == "ROI"] == [
        ("9990 ROI", "9990"),
        ("9991 ROI", "9991"),
    ]
    sessions = {one.ref.key: one for one in told(changes, Session)}
    assert sessions["999000000101"].begins_at == datetime(2026, 12, 1, 23, tzinfo=UTC)
    assert (sessions["999000000101"].version, sessions["999000000101"].features) == ("VFST", ["3D"])
    assert {one.ref.part: one.available for one in told(changes, Stock)} == {"690": None, "1500": None, "515": None}
    bound = await gather("ems", fixtures / "ems", site="9990")
    assert told(bound, Venue) == []
    assert {event.venue_key for event in told(bound, Event)} == {None}


async def test_vista_joins_what_stands_beside_the_showtimes(gather, fixtures) -> None:
    """French titles, halls and attributes by id; a showing after midnight is at its own hour."""
    changes = await gather("vista", fixtures / "vista")
    sessions = {one.ref.key: one for one in told(changes, Session)}
    assert sessions["012-1"].hall == "Salle 1"
    assert (sessions["012-1"].version, sessions["012-1"].features) == ("VOST", ["VOSTFR", "iSense", "Audio Described"])
    assert sessions["012-2"].begins_at == datetime(2026, 12, 1, 23, 30, tzinfo=UTC)
    assert sessions["012-2"].features == ["3D"]
    [work] = told(changes, Work)
    assert (work.title, work.genres) == ("Le Roi et l'Oiseau", ["Animation"])
    assert ("session", "cinéma inconnu : 999") in rejected(changes)
    assert sessions["012-4"].begins_at == datetime(2026, 12, 1, 21, tzinfo=UTC), "without offset, by the site's clock"


async def test_vista_s_films_and_sites_are_read_by_themselves(gather, fixtures, tmp_path: Path) -> None:
    """Recorded lists of films or sites, and one showtime in an envelope of its own."""
    whole = json.loads((fixtures / "vista" / "by-business-date-2026-12-01.json").read_bytes())
    beside = whole["relatedData"]
    one = {"showtime": whole["showtimes"][0], "relatedData": beside}
    alone = {
        "showtimes": whole["showtimes"][:1],
        "relatedData": {name: beside[name] for name in beside if name != "sites"},
    }
    (tmp_path / "alone.json").write_text(json.dumps(alone), "utf-8")
    [event] = told(await gather("vista", tmp_path / "alone.json"), Event)
    assert (event.venue_key, event.ref.key) == (None, "012 HO1")
    for number, document in enumerate(({"films": beside["films"]}, {"sites": beside["sites"]}, one)):
        (tmp_path / f"{number}.json").write_text(json.dumps(document), "utf-8")
    expected = [(Work, 1, 0, 0), (Venue, 0, 1, 0), (Session, 1, 1, 1)]
    for number, (_, works, venues, sessions) in enumerate(expected):
        changes = await gather("vista", tmp_path / f"{number}.json")
        assert (len(told(changes, Work)), len(told(changes, Venue)), len(told(changes, Session))) == (
            works,
            venues,
            sessions,
        )


async def test_webedia_reads_a_schedule_with_or_without_its_films(gather, fixtures) -> None:
    """A recorded schedule alone still tells its sessions, of films that it only numbers, and says so."""
    changes = await gather("webedia", fixtures / "webedia", theater="P9990")
    assert [one.ref.key for one in told(changes, Session)] == [
        "46371-2026-12-01 20:00:00-Format.Projection.Imax",
        "46371-2026-12-02 18:00:00-Format.Projection.Digital",
        "c2202-2026-12-05 19:30:00",
        "55-2026-12-05 21:00:00",
    ]
    versions = [(one.version, one.features) for one in told(changes, Session)][:2]
    assert versions == [("VO", ["IMAX", "Sous-titres pour malentendants"]), ("VF", [])]
    alone = await gather("webedia", fixtures / "webedia" / "schedule.json")
    assert {work.title for work in told(alone, Work)} == {"Film n° 46371", "Film n° c2202", "Film n° 55"}
    [notes] = {change.notes for change in alone if isinstance(change, Upsert) and isinstance(change.record, Work)}
    assert notes == ("titre absent de l'enregistrement",)
    assert told(await gather("webedia", fixtures / "webedia", theater="P0000"), Session) == []


@pytest.mark.parametrize("name", CINEMAS)
async def test_a_file_of_something_else_is_refused_by_name(name, gather, tmp_path: Path) -> None:
    """Sound JSON that is no answer of the protocol gives a reject, never a record and never a crash."""
    (tmp_path / "autre.json").write_text('{"hello": {"world": [1, 2]}}', "utf-8")
    changes = await gather(name, tmp_path)
    assert isinstance(changes[-1], Checkpoint)
    assert [change for change in changes if isinstance(change, Upsert)] == []
    assert len(rejected(changes)) == 1


def test_every_cinema_is_in_the_registry() -> None:
    assert set(CINEMAS) <= set(REGISTRY)
    assert {name for name in CINEMAS if REGISTRY[name].manifest.sells} == {"boost", "cds", "cgr", "ems"}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("allocine", "showtimes.json"),
        ("boost", "programme.json"),
        ("cds", "shows.json"),
        ("cgr", "programme.xml"),
        ("ems", "programme.json"),
        ("webedia", "schedule.json"),
    ],
)
async def test_a_file_that_breaks_off_tells_what_was_whole(name, file, fixtures, tmp_path: Path, clock) -> None:
    """Cut anywhere: each record told is as in the whole file, more of them the later it breaks off, then an error."""
    for other in (fixtures / name).iterdir():
        (tmp_path / other.name).write_bytes(other.read_bytes())
    connector = build(name, {"path": str(tmp_path)}, None, clock=clock, account="essai")
    whole = [change.record async for change in connector.pull(None) if isinstance(change, Upsert)]
    body = (fixtures / name / file).read_bytes()
    most = 0
    # Once the JSON has ended, an envelope that breaks off has told all.
    last = body.index(b"</GetSeances") if name == "cgr" else len(body.rstrip())
    for end in range(len(body) // 2, last - 1, max(1, len(body) // 60)):
        (tmp_path / file).write_bytes(body[:end])
        found, why = await until_it_breaks(connector)
        assert isinstance(why, FeedChanged)
        assert why.place == file
        assert [record for record in found if record not in whole] == []
        most = max(most, sum(isinstance(record, Session) for record in found))
    assert most >= 2


async def until_it_breaks(connector: Any) -> tuple[list[Any], SourceFailure | None]:
    """The records told, and what ended the reading."""
    found: list[Any] = []
    try:
        async for change in connector.pull(None):
            if isinstance(change, Upsert):
                found.append(change.record)
    except SourceFailure as failure:
        return found, failure
    return found, None


@pytest.mark.parametrize("file", ["media.json", "vouchertype.json", "cinemas.json"])
async def test_cds_is_not_read_with_half_of_what_it_joins(file, gather, fixtures, tmp_path: Path) -> None:
    """Half of the films or of the tariffs would make other sessions and other prices: nothing is told."""
    for other in (fixtures / "cds").iterdir():
        (tmp_path / other.name).write_bytes(other.read_bytes())
    (tmp_path / file).write_bytes((fixtures / "cds" / file).read_bytes()[:-20])
    with pytest.raises(FeedChanged, match=file):
        await gather("cds", tmp_path)
