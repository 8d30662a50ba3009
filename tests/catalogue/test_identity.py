"""Which records are one thing: through whole readings, as the référentiel then shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from feeds import EANS, QUIMPER, STRASBOURG, TOMORROW, Desk, book, copies, counted, event, hall, session, show

from catalogue.decisions import merged
from catalogue.kinds import KindCode
from catalogue.offers import open_sources, read_offers
from catalogue.verdicts import questions
from matching.blocking import number
from schemas.records import Contributor, Identifier, Position


async def test_one_show_from_two_sources_is_one_offer_with_two_sources(desk: Desk) -> None:
    """The agenda's event and the ticketing's, at one venue and time, are one event, one offer, the same sessions;
    why is kept, and both sources are named."""
    await desk.source("theatre", venue_id=await desk.venue())
    await desk.source("agenda")
    avare = event("theatre", "e1", "L'Avare", contributors=[Contributor(name="Molière")])
    await desk.snapshot("theatre", avare, *show("theatre", "e1", "L'Avare")[1:])
    await desk.snapshot(
        "agenda",
        hall("agenda", "l", "THEATRE DE QUIMPER", "Quimper", "29000", street="1 place des Arts"),
        event("agenda", "a1", "L'AVARE, de Molière", venue_key="l"),
        *[session("agenda", "a1", "a1", TOMORROW + timedelta(days=n), part=str(n)) for n in range(3)],
    )
    assert (
        await counted(desk.conn, "venue"),
        await counted(desk.conn, "event"),
        await counted(desk.conn, "offer"),
        await counted(desk.conn, "session"),
    ) == (1, 1, 1, 3)
    [offer] = await read_offers(desk.conn, [await desk.one("select id from offer")], at=datetime.now(UTC))
    assert [one.connector for one in offer.sources] == ["agenda", "theatre"]
    assert (len(offer.sessions), len(offer.stocks)) == (3, 3)
    [why] = await merged(desk.conn, KindCode.EVENT)
    assert why.sources == ("agenda", "theatre")
    assert why.explanation["reasons"]


async def test_halls_of_one_name_in_two_towns_stay_two(desk: Desk) -> None:
    """A common name is no identity."""
    await desk.source("agenda")
    await desk.snapshot(
        "agenda",
        hall("agenda", "1", "Salle des fêtes", "Quimper", "29000", position=Position(latitude=48.0, longitude=-4.1)),
        hall("agenda", "2", "Salle des fêtes", "Lunel", "34400", position=Position(latitude=43.67, longitude=4.13)),
    )
    assert await counted(desk.conn, "venue") == 2


async def test_two_editions_are_two_products_of_one_work(desk: Desk) -> None:
    """Two EANs never become one product; the same title and author make one work of them."""
    await desk.source("publisher")
    await desk.snapshot("publisher", *[book("publisher", ean, "La Peste") for ean in EANS[:2]])
    assert (await counted(desk.conn, "product"), await counted(desk.conn, "work")) == (2, 1)
    assert await desk.one("select count(distinct work_id) from product") == 1


async def test_two_volumes_of_a_series_are_two_works(desk: Desk) -> None:
    """Tome 3 is not tome 4, whether the volume stands in its own field or in the title."""
    await desk.source("publisher")
    await desk.snapshot(
        "publisher",
        book("publisher", EANS[0], "Les Royaumes du Nord", volume="3"),
        book("publisher", EANS[1], "Les Royaumes du Nord", volume="4"),
        book("publisher", EANS[2], "Astérix, T.3", author="René Goscinny"),
        book("publisher", EANS[3], "Astérix, T.4", author="René Goscinny"),
    )
    assert (await counted(desk.conn, "product"), await counted(desk.conn, "work")) == (4, 4)


async def test_a_book_known_by_its_ean_from_a_till_is_shown_once_described(desk: Desk) -> None:
    """A till's EAN waits, and is no offer; the publisher's description makes it one, and a product once."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.source("publisher")
    await desk.snapshot("till", copies("till", EANS[0], 3))
    assert (await counted(desk.conn, "offer"), await counted(desk.conn, "supply")) == (0, 1)
    await desk.snapshot("publisher", book("publisher", EANS[0], "La Peste", price_cents=790))
    ids = [row[0] for row in await desk.all("select id from offer")]
    [offer] = await read_offers(desk.conn, ids, at=datetime.now(UTC))
    assert offer.product is not None
    assert offer.product.title == "La Peste"
    assert await counted(desk.conn, "product") == 1


async def test_a_clean_source_s_two_records_never_become_one(desk: Desk) -> None:
    """Two events of one source that both resemble another source's stay two. In one batch neither has the better claim:
    a person is asked about both, and neither joins by coming first."""
    venue_id = await desk.venue()
    await desk.source("theatre", venue_id=venue_id)
    await desk.source("agenda", venue_id=venue_id)
    await desk.snapshot("theatre", *show("theatre", "e1", "L'Avare"))
    await desk.snapshot(
        "agenda",
        *(one for key in ("a", "b") for one in (event("agenda", key, "L'Avare"), session("agenda", key, key))),
    )
    assert await desk.entity("agenda", KindCode.EVENT, "a") != await desk.entity("agenda", KindCode.EVENT, "b")
    assert await counted(desk.conn, "event") == 3
    assert len(await questions(desk.conn)) == 2


async def test_the_registry_s_words_on_a_venue_are_not_overwritten_by_an_agenda(desk: Desk) -> None:
    """The more trusted source's name stays, what only the other knows is added, whichever spoke last."""
    venue_id = await desk.venue()
    await desk.source("agenda")
    for phone in ("02 98 00 00 00", "02 98 00 00 01"):
        await desk.snapshot(
            "agenda",
            hall(
                "agenda", "l", "THEATRE QUIMPER (29)", "Quimper", "29000", street="1 place des Arts",
                identifiers=[Identifier("siret", QUIMPER)], phone=phone,
            ),
        )  # fmt: skip
        await desk.venue()
        row = await desk.conn.fetchrow("select name, fields from venue where id = $1", venue_id)
        assert row is not None
        assert ("Théâtre de Quimper", phone) == (row["name"], row["fields"]["phone"])
    assert await counted(desk.conn, "venue") == 1


async def test_two_tills_of_one_venue_keep_their_own_rows(desk: Desk) -> None:
    """One offer, and one stock a source: neither overwrites what the other sells."""
    venue_id = await desk.venue()
    for name, available in (("till", 3), ("stand", 8)):
        await desk.source(name, venue_id=venue_id)
        await desk.snapshot(name, copies(name, EANS[0], available))
    await desk.snapshot("till", copies("till", EANS[0], 2))
    await desk.described(EANS[0])
    assert (await counted(desk.conn, "offer"), await counted(desk.conn, "stock")) == (1, 2)
    assert await desk.all(
        "select s.account, u.available from supply u join source s on s.id = u.source_id order by 1"
    ) == [("stand", 8), ("till", 2)]


async def test_the_same_book_in_two_shops_is_two_offers_of_one_product(desk: Desk) -> None:
    """An offer is what one venue proposes, whether the book was described before its till counted it or after."""
    for name, siret, town in (("a", QUIMPER, "Quimper"), ("b", STRASBOURG, "Strasbourg")):
        await desk.source(name, venue_id=await desk.venue(siret, f"Librairie de {town}", "29000", town))
        await desk.snapshot(name, copies(name, EANS[0], 3))
        await desk.described(EANS[0])
    assert (await counted(desk.conn, "product"), await counted(desk.conn, "offer")) == (1, 2)


async def test_open_data_shows_no_word_of_a_closed_source(desk: Desk) -> None:
    """An entity two sources describe keeps, for re-users, only what the open one says."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.source("publisher", licence="tous-droits-reserves", trust=80)
    await desk.source("library", trust=20)
    await desk.snapshot("till", copies("till", EANS[0], 3))
    await desk.snapshot("publisher", book("publisher", EANS[0], "La Peste (édition revue)", description="Secret."))
    await desk.snapshot("library", book("library", EANS[0], "La peste", author="Camus"))
    ids = [row[0] for row in await desk.all("select id from offer")]
    [everything] = await read_offers(desk.conn, ids, at=datetime.now(UTC))
    opened = await open_sources(desk.conn, ["etalab-2.0"])
    [open_] = await read_offers(desk.conn, ids, at=datetime.now(UTC), sources=opened)
    assert everything.product is not None
    assert open_.product is not None
    assert (everything.product.title, everything.product.description) == ("La Peste (édition revue)", "Secret.")
    assert (open_.product.title, open_.product.description) == ("La peste", None)


async def test_addresses_of_overseas_venues_give_their_department(desk: Desk) -> None:
    """973 for Guyane, from the postal code alone."""
    venue_id = await desk.venue(STRASBOURG, "Cinéma de Cayenne", "97300", "Cayenne")
    assert await desk.one("select department from venue where id = $1", venue_id) == "973"


async def test_two_halls_at_the_same_minute_are_two_sessions_for_both_sources(desk: Desk) -> None:
    """A film in two halls at once: the other source's two showings, halls told or not, pair off one by one."""
    venue_id = await desk.venue()
    for name in ("cinema", "agenda", "poster"):
        await desk.source(name, venue_id=venue_id)
    film = {"subcategory": "SEANCE_CINE"}
    await desk.snapshot(
        "cinema",
        event("cinema", "f", "Anora", **film),
        session("cinema", "1", "f", hall="Salle 1", version="VO"),
        session("cinema", "2", "f", hall="Salle 2", version="VF"),
    )
    await desk.snapshot(
        "agenda",
        event("agenda", "f", "Anora", **film),
        session("agenda", "2", "f", hall="Salle 2"),
        session("agenda", "1", "f", hall="Salle 1"),
    )
    poster = [event("poster", "f", "Anora", **film), session("poster", "x", "f"), session("poster", "y", "f")]
    await desk.snapshot("poster", *poster)
    assert (await counted(desk.conn, "event"), await counted(desk.conn, "session")) == (1, 2)
    for name, key, hall_ in (("cinema", "2", "Salle 2"), ("agenda", "2", "Salle 2"), ("agenda", "1", "Salle 1")):
        id_ = await desk.entity(name, KindCode.SESSION, key)
        assert await desk.one("select hall from session where id = $1", id_) == hall_
    assert await desk.entity("poster", KindCode.SESSION, "x") != await desk.entity("poster", KindCode.SESSION, "y")
    assert (await desk.snapshot("poster", *poster)).unchanged == 3


async def test_an_event_is_found_by_sessions_that_came_after_it(desk: Desk) -> None:
    """Dates announced, and moved, in later readings are among the keys it is filed under."""
    venue_id = await desk.venue()
    for name in ("theatre", "agenda"):
        await desk.source(name, venue_id=venue_id)
    await desk.snapshot("theatre", event("theatre", "e", "L'Avare"))
    weeks = [session("theatre", str(n), "e", TOMORROW + timedelta(weeks=n)) for n in range(3)]
    await desk.delta("theatre", *weeks)
    begins = [TOMORROW + timedelta(weeks=n) for n in (0, 1, 2, 8)]
    keys = [number(f"w:{venue_id}:{week(moment)}") for moment in begins]
    filed = "select count(*) from match_key where kind = 4 and key = any($1::bigint[])"
    assert [await desk.one(filed, [key]) for key in keys] == [1, 1, 1, 0]
    await desk.delta("theatre", session("theatre", "0", "e", begins[3]))
    assert [await desk.one(filed, [key]) for key in keys] == [0, 1, 1, 1]


def week(moment: datetime) -> int:
    """Weeks since 1970, as blocking counts them."""
    return int(moment.timestamp()) // 60 // (7 * 24 * 60)
