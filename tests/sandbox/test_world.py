"""The world is the same for the same day, large enough, and its facts hold together."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.changes import second_act
from sandbox.directory import sources, venues
from sandbox.facts.reading import books, places
from sandbox.world import build

CINEMAS = ("star", "melies", "agora", "studios", "etoile", "utopia", "odyssee", "diagonal", "trianon")
ADDRESSES = dict.fromkeys(("bookshop", "publisher", "theatre", "agenda", *CINEMAS), "http://127.0.0.1:9")


def test_a_day_always_makes_the_same_world(world: Any, clock: Any) -> None:
    """Built twice for one day, the world is equal; another day's sessions are elsewhere."""
    again = build(world.today, clock)
    assert world.tills == again.tills
    assert world.seasons == again.seasons
    assert world.programmes == again.programmes
    assert world.agenda == again.agenda
    assert world.programmes != build(world.today + timedelta(days=1), clock).programmes


def test_everything_was_changed_before_the_first_minute_of_the_day(world: Any) -> None:
    """A first reading's watermark, taken on the day, never hides and never repeats the first state."""
    start = datetime(2026, 11, 23, tzinfo=UTC)
    rows = [row.modified_at for till in world.tills.values() for row in till.rows]
    rows += [row.modified_at for season in world.seasons.values() for row in season.rows]
    rows += [show.updated_at for season in world.seasons.values() for show in season.shows]
    rows += [listing.updated_at for listing in world.agenda.listings.values()]
    rows += [entry.modified_at for entry in world.imprint.entries.values()]
    assert max(rows) < start


def test_the_world_holds_enough_records(world: Any) -> None:
    """Products, stocks, works, events, sessions and venues of all sources together: at least 3,500."""
    programmes = world.programmes.values()
    seasons = world.seasons.values()
    listings = world.agenda.listings.values()
    records = Counter(
        products=len(world.imprint.entries),
        stocks=sum(len(till.rows) for till in world.tills.values())
        + sum(len(programme.showtimes) for programme in programmes)
        + sum(len(season.rows) for season in seasons),
        sessions=sum(len(programme.showtimes) for programme in programmes)
        + sum(len(show.timings) for season in seasons for show in season.shows)
        + sum(len(listing.timings) for listing in listings),
        events=sum(len({show.film.id for show in programme.showtimes.values()}) for programme in programmes)
        + sum(len(season.shows) for season in seasons)
        + len(listings),
        venues=len({listing.location.uid for listing in listings if listing.location}),
    )
    assert records.total() >= 3_500
    assert records["products"] >= 500


def test_books_have_valid_numbers_and_several_editions() -> None:
    """Every EAN is unique with a right check digit; some works have two or three editions; series have volumes."""
    eans = [book.ean for book in books()]
    assert len(eans) == len(set(eans))
    for ean in eans:
        assert re.fullmatch(r"97[89]\d{10}", ean)
        assert sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(ean)) % 10 == 0
    editions = Counter((book.title, book.authors, book.volume) for book in books())
    assert {2, 3} <= set(editions.values())
    volumes = {book.volume for book in books() if book.series == "Astérix"}
    assert {str(number) for number in range(1, 25)} == volumes


def test_places_are_in_the_five_departments_with_fictitious_numbers() -> None:
    """All five pilot departments have a venue that sells; SIRET pass Luhn and start with the reserved 999."""
    assert {place.department for place in places().values() if place.siret} == {"67", "29", "973", "34", "93"}
    for place in places().values():
        assert place.insee.startswith(place.department)
        assert (place.zone == "America/Cayenne") == (place.department == "973")
        if place.siret:
            assert place.siret.startswith("999")
            doubled = [int(digit) * (2 - place_ % 2) for place_, digit in enumerate(place.siret)]
            assert sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def test_the_directory_names_every_feed_once(world: Any) -> None:
    """One source a till, a cinema, a theatre, the publisher, the agenda; each bound to a venue that exists."""
    specs = sources(world, ADDRESSES)
    others = dict.fromkeys(("onix", "openagenda", "allocine", "cds", "cgr", "ems", "vista", "webedia"), 1)
    assert Counter(spec.connector for spec in specs) == {"stocks_api": 8, "boost": 3} | others
    assert len(specs) == len({(spec.connector, spec.account) for spec in specs})
    known = {venue.siret for venue in venues()}
    assert {spec.venue_siret for spec in specs} - {None} == known
    assert {spec.name for spec in specs} == set(world.faults)
    assert all(isinstance(value, str) for spec in specs for value in spec.settings.values())
    assert "mot-de-passe" not in repr(specs)


def test_the_second_act_says_what_it_does(world: Any, clock: Any) -> None:
    """Nine changes, nine sentences, and nobody else's state is touched."""
    untouched = build(world.today, clock)
    sentences = second_act(world)
    assert len(set(sentences)) == 9
    assert all(sentence.endswith(".") for sentence in sentences)
    assert world.tills != untouched.tills
    assert world.seasons != untouched.seasons
    assert world.till("sauramps") == untouched.till("sauramps")
