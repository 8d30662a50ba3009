"""A batch loses nothing: one bad row does not take its neighbours, and the last word on a record counts."""

from __future__ import annotations

import msgspec
from feeds import EANS, TOMORROW, Desk, book, content, copies, counted, event, ref, seats, session, show
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import records

from catalogue.kinds import KindCode
from connectors.base import Delete, Reject
from schemas.records import KIND_OF, Kind, Record, Stock


def gone(record: Record) -> Delete:
    return Delete(KIND_OF[type(record)], record.ref)


async def test_a_row_the_database_refuses_does_not_take_its_neighbours(desk: Desk) -> None:
    """The poison row alone is quarantined, with its reason and as it was; everybody else is there."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.conn.execute("alter table supply add constraint no_poison check (price_cents <> 666)")
    said = [copies("till", ean, 3, price_cents=666 if n == 3 else 790) for n, ean in enumerate(EANS)]
    report = await desk.snapshot("till", *said)
    assert (report.records, report.created, report.rejected) == (len(EANS), len(EANS) - 1, 1)
    assert await counted(desk.conn, "supply") == len(EANS) - 1
    [(kind, key, why, raw)] = await desk.all("select kind, key, why, raw from quarantine")
    assert (kind, key) == (KindCode.STOCK, EANS[3])
    assert "no_poison" in why
    assert b'"priceCents":666' in raw

    await desk.conn.execute("alter table supply drop constraint no_poison")
    assert (await desk.snapshot("till", *said)).created == 1
    assert await counted(desk.conn, "quarantine where resolved_at is null") == 0


async def test_of_two_words_on_a_record_the_last_counts(desk: Desk) -> None:
    """A row named twice in a batch is merged once, and the report says that it was repeated."""
    await desk.source("till", venue_id=await desk.venue())
    report = await desk.snapshot("till", copies("till", EANS[0], 3), copies("till", EANS[0], 5))
    assert (report.records, report.created, report.repeated) == (2, 1, 1)
    assert await desk.all("select available from supply") == [(5,)]


async def test_an_unwelcome_record_is_rejected_with_its_reason_and_its_neighbours_stay(desk: Desk) -> None:
    """What the published format refuses is kept for replay, in French, and the rest is merged."""
    await desk.source("theatre", venue_id=await desk.venue())
    report = await desk.snapshot(
        "theatre",
        event("theatre", "e", "Phèdre"),
        event("theatre", "escape", "Prison", subcategory="ESCAPE_ROOM"),
        session("theatre", "naive", "e", TOMORROW.replace(tzinfo=None)),
        Reject("prix illisible : « gratuit »", b'{"price": "gratuit"}', Kind.STOCK, ref("theatre", "s")),
    )
    assert (report.records, report.created, report.rejected) == (4, 1, 3)
    whys = dict(await desk.all("select key, why from quarantine"))
    assert whys.keys() == {"escape", "naive", "s"}
    assert "subcategory" in whys["escape"]
    assert "prix illisible : « gratuit »" == whys["s"]


async def test_deleting_and_naming_again_in_one_batch_is_naming(desk: Desk) -> None:
    """Delete then upsert leaves the record standing, under its id; upsert then delete takes it off."""
    await desk.source("theatre", venue_id=await desk.venue())
    said = show("theatre", "e", "Phèdre", days=[0])
    await desk.snapshot("theatre", *said)
    offer = await desk.one("select id from offer")
    report = await desk.delta("theatre", *[gone(one) for one in said], *said)
    assert (report.unchanged, report.withdrawn) == (3, 0)
    await desk.delta("theatre", *said, gone(said[0]))
    assert await desk.all("select id, withdrawn_at is not null from offer") == [(offer, True)]
    assert await counted(desk.conn, "session where cancelled_at is null") == 0


async def test_a_thing_that_comes_back_is_the_thing_it_was(desk: Desk) -> None:
    """After being gone, a show is again the same event, sessions, offer and stocks, on sale as before."""
    await desk.source("theatre", venue_id=await desk.venue())
    said = show("theatre", "e", "Phèdre", days=[0, 1])
    await desk.snapshot("theatre", *said)
    ids = "select (select array_agg(id order by id) from {}) as ids"
    names = ("event", "session", "offer", "stock")
    before = [await desk.one(ids.format(name)) for name in names]
    standing = await content(desk.conn)
    assert (await desk.delta("theatre", gone(said[0]))).withdrawn == 5
    for name, column in (("event", "withdrawn_at"), ("session", "cancelled_at"), ("offer", "withdrawn_at")):
        assert await counted(desk.conn, f"{name} where {column} is null") == 0
    assert await counted(desk.conn, "stock where withdrawn_at is null") == 0

    report = await desk.delta("theatre", *said)
    assert (report.created, report.changed) == (0, 5)
    assert [await desk.one(ids.format(name)) for name in names] == before
    after = await content(desk.conn)
    assert {**after, "feeds": []} == {**standing, "feeds": []}


async def test_a_session_that_moves_keeps_its_id_and_its_seats(desk: Desk) -> None:
    """The same key at another hour is the same session."""
    await desk.source("theatre", venue_id=await desk.venue())
    await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=[0]))
    before = await desk.all("select x.id, k.id from session x join stock k on k.session_id = x.id")
    moved = TOMORROW.replace(minute=45)
    report = await desk.delta("theatre", session("theatre", "e-0", "e", moved, hall="Grande salle"))
    assert report.changed == 1
    assert await desk.all("select x.id, k.id from session x join stock k on k.session_id = x.id") == before
    assert await desk.all("select begins_at from session") == [(moved,)]


async def test_a_session_that_changes_events_takes_its_seats_along(desk: Desk) -> None:
    """Seats are sold under the offer of the event they are now of."""
    await desk.source("theatre", venue_id=await desk.venue())
    await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", days=[0]), event("theatre", "f", "Bérénice"))
    await desk.delta("theatre", session("theatre", "e-0", "f", hall="Grande salle"))
    assert await desk.all(
        "select e.title from stock k join offer o on o.id = k.offer_id join event e on e.id = o.event_id"
    ) == [("Bérénice",)]


async def test_a_restated_key_loses_the_parts_it_no_longer_states(desk: Desk) -> None:
    """A book's old price goes when its till restates the book with another, also in a delta; other keys stay."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.snapshot(
        "till",
        copies("till", EANS[0], 1, 500, part="500"),
        copies("till", EANS[0], 2, 900, part="900"),
        copies("till", EANS[1], 3, 700, part="700"),
    )
    report = await desk.delta(
        "till",
        Delete(Kind.STOCK, ref("till", EANS[0]), parts_kept=frozenset({"550", "900"})),
        copies("till", EANS[0], 1, 550, part="550"),
        copies("till", EANS[0], 2, 900, part="900"),
    )
    assert (report.records, report.created, report.unchanged, report.withdrawn) == (2, 1, 1, 1)
    standing = "select key, part from supply where gone_at is null order by 1, 2"
    assert set(await desk.all(standing)) == {(EANS[0], "550"), (EANS[0], "900"), (EANS[1], "700")}
    assert await desk.all("select price_cents from supply where gone_at is null order by 1") == [
        (550,),
        (700,),
        (900,),
    ]


async def test_what_speaks_of_an_unknown_thing_waits_in_quarantine_until_it_is_known(desk: Desk) -> None:
    """Sessions, seats and events of things not yet named are refused by name, and live from the next reading on."""
    await desk.source("theatre", venue_id=await desk.venue())
    said = show("theatre", "e", "Phèdre", days=[0])
    report = await desk.snapshot("theatre", *said[1:], event("theatre", "x", "Ailleurs", venue_key="nulle part"))
    assert (report.created, report.rejected) == (0, 3)
    whys = await desk.all("select kind, why from quarantine order by kind")
    assert [kind for kind, _ in whys] == [KindCode.EVENT, KindCode.SESSION, KindCode.STOCK]
    assert ["nulle part", "inconnu : e", "inconnue : e-0"] == [
        why[-len(end) :] for (_, why), end in zip(whys, ["nulle part", "inconnu : e", "inconnue : e-0"], strict=True)
    ]
    report = await desk.snapshot("theatre", *said)
    assert (report.created, report.rejected) == (3, 0)
    assert await counted(desk.conn, "quarantine where resolved_at is null") == 0


async def test_seats_of_a_session_that_is_gone_are_refused(desk: Desk) -> None:
    """A withdrawn session is no longer known: its seats do not go back on sale."""
    await desk.source("theatre", venue_id=await desk.venue())
    said = show("theatre", "e", "Phèdre", days=[0])
    await desk.snapshot("theatre", *said)
    report = await desk.delta("theatre", gone(said[1]))
    assert report.withdrawn == 2
    report = await desk.delta("theatre", seats("theatre", "e-0", 7))
    assert report.rejected == 1
    assert await counted(desk.conn, "stock where withdrawn_at is null") == 0


async def test_a_source_bound_to_no_venue_cannot_sell_or_play_there(desk: Desk) -> None:
    """Its stocks and its events without a venue are refused, its books are not."""
    await desk.source("adrift")
    report = await desk.snapshot(
        "adrift", book("adrift", EANS[0], "La Peste"), copies("adrift", EANS[0], 3), event("adrift", "e", "Phèdre")
    )
    assert (report.created, report.rejected) == (1, 2)
    assert {why for (why,) in await desk.all("select why from quarantine")} == {
        "la source n'est liée à aucun lieu",
        "événement d'un lieu inconnu : la source n’est liée à aucun lieu",
    }


async def test_a_key_that_becomes_another_book_s_leaves_the_first_as_it_was(desk: Desk) -> None:
    """An EAN corrected at the publisher joins the right book; the till's copies of the old EAN stay what they were."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.source("publisher")
    await desk.snapshot("publisher", book("publisher", EANS[0], "La Peste", key="r"))
    await desk.snapshot("till", copies("till", EANS[0], 3), copies("till", EANS[1], 4))
    await desk.delta("publisher", book("publisher", EANS[1], "La Peste", key="r"))
    rows = """
        select p.ean, p.title, p.withdrawn_at is not null, u.available
        from stock k join supply u on u.stock_id = k.id join offer o on o.id = k.offer_id
        join product p on p.id = o.product_id order by p.ean"""
    assert sorted(await desk.all(rows)) == sorted([(EANS[0], "La Peste", True, 3), (EANS[1], "La Peste", False, 4)])
    assert await desk.one("select count(*) from entity_identifier where kind = 2 and value = $1", EANS[1]) == 1


async def test_a_stock_that_changes_books_leaves_its_old_offer(desk: Desk) -> None:
    """The row keeps its id under the other offer; the offer it left is taken off when nothing is left of it."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.described(*EANS[:2])
    await desk.snapshot("till", copies("till", EANS[0], 3))
    other = Stock(ref=ref("till", EANS[0]), ean=EANS[1], available=3, price_cents=790)
    await desk.delta("till", other)
    assert await desk.all(
        "select p.ean, o.withdrawn_at is not null from offer o join product p on p.id = o.product_id order by o.id"
    ) == [(EANS[0], True), (EANS[1], False)]
    assert await counted(desk.conn, "stock") == 1


async def test_names_the_database_cannot_hold_are_rejected_without_a_name(desk: Desk) -> None:
    """An endless key or half a character ends no run: the row is kept, its neighbours are merged."""
    await desk.source("till", venue_id=await desk.venue())
    endless = "".join(chr(0x10000 + n * 97 % 0xFFFF) for n in range(500))
    longest = "".join(chr(0x10000 + n * 89 % 0xFFFF) for n in range(200))
    report = await desk.snapshot(
        "till",
        Stock(ref=ref("till", endless, longest), ean=EANS[0], available=1),
        Stock(ref=ref("till", "demi \ud83d"), ean=EANS[0], available=1),
        Stock(ref=ref("till", "ok", "demi \ud83d"), ean=EANS[0], available=1, price_label="\ud83d"),
        book("till", EANS[0], "Titre coupé \ud83d", key="cut"),
        Reject("clé étrange \0 \ud83d", b"\0\xff", Kind.STOCK, ref("till", "nul \0")),
        copies("till", EANS[1], 2),
    )
    assert (report.records, report.created, report.rejected) == (6, 1, 5)
    assert await desk.one("select count(*) from quarantine where key is null") == 4


KEYS = st.sampled_from("abcd")


@st.composite
def related(draw: st.DrawFn) -> Record:
    """Any record, whose key and relations come from so few that they often meet."""
    record = draw(records())
    links = {
        name: draw(KEYS) if name != "venue_key" else draw(st.none() | KEYS)
        for name in ("event_key", "session_key", "product_key", "venue_key", "work_key")
        if getattr(record, name, None) is not None
    }
    return msgspec.structs.replace(record, ref=ref("any", draw(KEYS), draw(st.sampled_from(["", "", "p"]))), **links)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(related(), max_size=12))
async def test_whatever_is_valid_is_merged_or_refused_by_name(desk: Desk, said: list[Record]) -> None:
    """Any records the format allows, in any mix: the run ends well, all are counted, and repeating changes nothing."""
    undone = desk.conn.transaction()
    await undone.start()
    try:
        await desk.source("any", venue_id=await desk.venue(), guard=1.0)
        report = await desk.snapshot("any", *said)
        assert report.created + report.changed + report.unchanged + report.repeated + report.rejected == len(said)
        before = await content(desk.conn)
        again = await desk.snapshot("any", *said)
        assert (again.created, again.changed, again.withdrawn) == (0, 0, 0)
        assert await content(desk.conn) == before
    finally:
        await undone.rollback()
