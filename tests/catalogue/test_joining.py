"""Merges of standing entities: everything follows, and everything comes back."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from feeds import EANS, QUIMPER, STRASBOURG, TOMORROW, Desk, book, copies, event, hall, ref, seats, session, show
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bookings.booking import Bookings
from bookings.errors import Refusal
from bookings.wallets import Wallets
from catalogue.changes import Op, read
from catalogue.joining import join, undo
from catalogue.kinds import KindCode
from catalogue.members import Member
from catalogue.refusals import MergeRefused, UnknownEntity
from catalogue.splitting import split
from catalogue.verdicts import forbidden, never, questions
from schemas.identifiers import identifier
from schemas.records import Work

NOT_COMPARED = {"change_log", "entity_merge", "merge_member", "run"}
MOMENTS = ("changed_at", "observed_at")


async def everything(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, without the times at which they were last touched and without the history of merges."""
    names = await desk.all("select tablename from pg_tables where schemaname = 'public' order by 1")
    return {
        name: sorted(
            tuple((column, repr(value)) for column, value in row.items() if column not in MOMENTS)
            for row in await desk.conn.fetch(f"select * from {name}")
        )
        for (name,) in names
        if name not in NOT_COMPARED
    }


async def town(desk: Desk) -> None:
    """Four sources that speak of the same shows and books under other words, so that nothing is joined by itself."""
    venue_id = await desk.venue()
    for name in ("office", "agenda", "paper"):
        await desk.source(name, venue_id=venue_id)
    await desk.snapshot("office", *show("office", "e", "Phèdre"), *show("office", "f", "Le Cid", (4,)))
    await desk.snapshot(
        "agenda",
        event("agenda", "a", "Une nuit de fureur"),
        session("agenda", "a-0", "a"),
        session("agenda", "a-9", "a", TOMORROW.replace(hour=11)),
        seats("agenda", "a-9", 7),
    )
    await desk.snapshot(
        "paper",
        event("paper", "p", "Racine au théâtre"),
        session("paper", "p-0", "p", hall="Grande salle"),
        seats("paper", "p-0", 3, price_cents=500),
    )


async def events(desk: Desk) -> list[int]:
    return [
        await desk.entity(*name)
        for name in (("office", 4, "e"), ("office", 4, "f"), ("agenda", 4, "a"), ("paper", 4, "p"))
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
async def test_merges_of_events_undone_in_any_order_leave_nothing_behind(
    desk: Desk, pairs: list[tuple[int, int]], random: Any
) -> None:
    """merge ∘ unmerge is the identity: every row of every table is as it was, whatever was joined and undone."""
    undone = desk.conn.transaction()
    await undone.start()
    try:
        await town(desk)
        ids = await events(desk)
        before = await everything(desk)
        made = []
        for left, right in pairs:
            try:
                made.append(await join(desk.conn, KindCode.EVENT, ids[left], ids[right], author="person:t"))
            except MergeRefused:
                continue
        if made:
            assert await everything(desk) != before
        random.shuffle(made)
        for merge in made:
            await undo(desk.conn, merge.id, author="person:t")
        assert await everything(desk) == before
    finally:
        await undone.rollback()


async def test_a_reading_after_a_merge_finds_everything_in_its_place(desk: Desk) -> None:
    """What the sources say next goes to the joined event, and comes back with its source when the merge is undone."""
    await town(desk)
    office, _, agenda, _ = await events(desk)
    merge = await join(desk.conn, KindCode.EVENT, office, agenda, author="person:t")
    assert (merge.survivor_id, merge.absorbed_id) == (office, agenda)
    assert await desk.entity("agenda", 4, "a") == office
    assert await desk.entity("agenda", 5, "a-0") == await desk.entity("office", 5, "e-0")
    assert await desk.one("select merged_into from event where id = $1", agenda) == office

    late = session("agenda", "a-5", "a", TOMORROW.replace(hour=9))
    await desk.delta("agenda", late, seats("agenda", "a-5", 2))
    assert await desk.one("select event_id from session where id = $1", await desk.entity("agenda", 5, "a-5")) == office
    offers = await desk.all(
        "select distinct offer_id from stock k join session x on x.id = k.session_id where event_id = $1", office
    )
    assert len(offers) == 1

    await undo(desk.conn, merge.id, author="person:t")
    assert await desk.entity("agenda", 4, "a") == agenda
    assert await desk.one("select event_id from session where id = $1", await desk.entity("agenda", 5, "a-5")) == agenda
    assert (
        await desk.one(
            "select o.event_id from stock k join offer o on o.id = k.offer_id where k.session_id = $1",
            await desk.entity("agenda", 5, "a-5"),
        )
        == agenda
    )
    changes = {(one.kind, one.entity_id): one.op for one in await read(desk.conn)}
    assert changes[KindCode.EVENT, agenda] is Op.UPDATED


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations(range(3)))
async def test_works_products_and_venues_come_back_too(desk: Desk, order: list[int]) -> None:
    """A work with its editions, an edition without EAN with its offers, a place with its events: joined and undone."""
    undone = desk.conn.transaction()
    await undone.start()
    try:
        venue_id = await desk.venue()
        for name in ("publisher", "library", "agenda"):
            await desk.source(name, venue_id=None if name == "agenda" else venue_id)
        await desk.snapshot("publisher", book("publisher", EANS[0], "La Peste"), book("publisher", EANS[1], "La Chute"))
        await desk.snapshot("library", copies("library", EANS[0], 2), copies("library", EANS[1], 1))
        await desk.snapshot(
            "agenda",
            hall("agenda", "h", "Salle Cornouaille", "Quimper", "29000"),
            event("agenda", "a", "Fin de partie", venue_key="h"),
            session("agenda", "a-0", "a"),
        )
        works = [await desk.entity("publisher", 1, f"r-{ean}", "product") for ean in EANS[:2]]
        place = await desk.entity("agenda", 3, "h")
        before = await everything(desk)
        joins = [
            (KindCode.WORK, *works),
            (KindCode.VENUE, venue_id, place),
            (KindCode.WORK, *reversed(works)),
        ]
        made = []
        for number in order:
            try:
                made.append(await join(desk.conn, *joins[number], author="person:t"))
            except MergeRefused:
                continue
        assert len(made) == 2
        assert await desk.one("select count(distinct work_id) from product") == 1
        event_id = await desk.entity("agenda", 4, "a")
        assert await desk.one("select venue_id from event where id = $1", event_id) == venue_id
        assert await desk.one("select venue_id from offer where event_id = $1", event_id) == venue_id
        for merge in reversed(made):
            await undo(desk.conn, merge.id, author="person:t")
        assert await everything(desk) == before
    finally:
        await undone.rollback()


async def test_a_product_s_offers_follow_it_and_come_back(desk: Desk) -> None:
    """One venue proposes both, another one only the absorbed: the offers are joined or turned, then as before."""
    first, second = await desk.venue(), await desk.venue(STRASBOURG, "Librairie de Strasbourg", "67000", "Strasbourg")
    await desk.source("till", venue_id=first)
    await desk.source("library", venue_id=second)
    plain = book("library", EANS[1], "La peste (édition du fonds local)", key="local")
    plain = type(plain)(ref=plain.ref, title=plain.title, subcategory=plain.subcategory)
    from schemas.records import Stock

    await desk.snapshot("till", book("till", EANS[0], "La Peste"), copies("till", EANS[0], 3))
    await desk.snapshot(
        "library",
        plain,
        copies("library", EANS[0], 1),
        Stock(ref=ref("library", "s"), product_key="local", available=1),
    )
    ours, theirs = await desk.entity("till", 2, f"r-{EANS[0]}"), await desk.entity("library", 2, "local")
    before = await everything(desk)
    merge = await join(desk.conn, KindCode.PRODUCT, theirs, ours, author="person:t")
    assert await desk.one("select count(*) from offer where merged_into is null and withdrawn_at is null") == 2
    assert await desk.one("select count(distinct offer_id) from stock where venue_id = $1", second) == 1
    await undo(desk.conn, merge.id, author="person:t")
    assert await everything(desk) == before


async def test_bookings_lead_to_the_joined_offer_and_back(pool: Any) -> None:
    """Who booked the absorbed offer holds the joined one: no second booking while they are one, two when they part."""
    async with pool.acquire() as conn:
        desk = Desk(conn)
        await town(desk)
        office, _, _, paper = await events(desk)
        first, second = await desk.entity("office", 6, "e-0"), await desk.entity("paper", 6, "p-0")

    class NoSellers:
        async def seller_of(self, source_id: int) -> None:
            return None

    person = uuid.uuid4()
    await Wallets(pool, lambda: datetime.now(UTC)).open(person, "2018")
    bookings = Bookings(pool, NoSellers(), lambda: datetime.now(UTC))
    await bookings.book(person, second, 1, "one")
    async with pool.acquire() as conn, conn.transaction():
        merge = await join(conn, KindCode.EVENT, office, paper, author="person:t")
    with pytest.raises(Refusal):
        await bookings.book(person, first, 1, "two")
    async with pool.acquire() as conn, conn.transaction():
        await undo(conn, merge.id, author="person:t")
    await bookings.book(person, first, 1, "three")


async def test_never_is_never(desk: Desk) -> None:
    """A person's word stands against joining, also for what was joined to either meanwhile."""
    await town(desk)
    office, other, agenda, _paper = await events(desk)
    await never(desk.conn, KindCode.EVENT, agenda, office, author="jeanne")
    with pytest.raises(MergeRefused, match="jamais"):
        await join(desk.conn, KindCode.EVENT, office, agenda, author="rules-1")
    await join(desk.conn, KindCode.EVENT, other, agenda, author="person:t")
    assert await forbidden(desk.conn, KindCode.EVENT, office, other)
    with pytest.raises(MergeRefused, match="jamais"):
        await join(desk.conn, KindCode.EVENT, office, other, author="person:t")
    with pytest.raises(UnknownEntity):
        await never(desk.conn, KindCode.EVENT, 999_999, office, author="jeanne")


@pytest.mark.parametrize("case", ["unknown", "itself", "elsewhere", "two EANs", "both sell", "undone twice"])
async def test_what_cannot_be_joined_is_refused_and_changes_nothing(desk: Desk, case: str) -> None:
    await town(desk)
    office, other, _, _ = await events(desk)
    await desk.source("publisher")
    await desk.snapshot("publisher", book("publisher", EANS[0], "La Peste"), book("publisher", EANS[1], "La Chute"))
    far = await desk.venue(STRASBOURG, "Le Maillon", "67000", "Strasbourg")
    await desk.source("far", venue_id=far)
    await desk.snapshot("far", *show("far", "z", "Andromaque"))
    done = await join(desk.conn, KindCode.EVENT, office, other, author="person:t")
    await undo(desk.conn, done.id, author="person:t")
    before = await everything(desk)
    kind, pair = {
        "unknown": (KindCode.WORK, (1, 999_999)),
        "itself": (KindCode.EVENT, (office, office)),
        "elsewhere": (KindCode.EVENT, (office, await desk.entity("far", 4, "z"))),
        "two EANs": (KindCode.PRODUCT, tuple([await desk.entity("publisher", 2, f"r-{ean}") for ean in EANS[:2]])),
        "both sell": (KindCode.VENUE, (far, await desk.one("select id from venue where siret = $1", QUIMPER))),
        "undone twice": (KindCode.EVENT, (0, 0)),
    }[case]
    if case == "undone twice":
        asked = undo(desk.conn, done.id, author="person:t")
    else:
        asked = join(desk.conn, kind, pair[0], pair[1], author="person:t")
    with pytest.raises((MergeRefused, UnknownEntity)):
        await asked
    assert await everything(desk) == before


async def test_a_record_that_joined_by_itself_is_taken_out_for_good(desk: Desk) -> None:
    """A show that two sources tell alike is one event; split off, the second source has its own, dates and all."""
    venue_id = await desk.venue()
    for name in ("office", "agenda"):
        await desk.source(name, venue_id=venue_id)
    await desk.snapshot("office", *show("office", "e", "Phèdre"))
    await desk.snapshot("agenda", *show("agenda", "a", "Phèdre"))
    event_id = await desk.entity("agenda", 4, "a")
    assert event_id == await desk.entity("office", 4, "e")
    new = await split(desk.conn, KindCode.EVENT, Member(desk.sources["agenda"], "a"), author="person:jeanne")
    assert await desk.entity("agenda", 4, "a") == new != event_id
    for day in range(3):
        ours, theirs = await desk.entity("office", 5, f"e-{day}"), await desk.entity("agenda", 5, f"a-{day}")
        assert ours != theirs
        assert await desk.one("select event_id from session where id = $1", theirs) == new
    assert await desk.one("select count(*) from offer where merged_into is null") == 2
    assert await desk.all(
        "select distinct o.event_id from stock k join offer o on o.id = k.offer_id"
        " join supply s on s.stock_id = k.id where s.source_id = $1",
        desk.sources["agenda"],
    ) == [(new,)]
    again = await desk.snapshot("agenda", *show("agenda", "a", "Phèdre"))
    assert again.changed == 0
    with pytest.raises(MergeRefused, match="jamais"):
        await join(desk.conn, KindCode.EVENT, event_id, new, author="rules-1")
    with pytest.raises(MergeRefused, match="seule"):
        await split(desk.conn, KindCode.EVENT, Member(desk.sources["agenda"], "a"), author="person:jeanne")


async def test_questions_come_in_the_order_of_their_worth(desk: Desk) -> None:
    """Two doubtful films: the one more things hang on is asked first; what was answered is asked no more."""
    for name in ("one", "two"):
        await desk.source(name)

    def film(source: str, key: str, title: str, **more: Any) -> Work:
        return Work(ref=ref(source, key), title=title, type="film", duration_minutes=100, **more)

    await desk.snapshot("one", film("one", "a", "Le Voyage"), film("one", "b", "La Traversée"))
    await desk.snapshot("two", film("two", "a", "Le Voyage"), film("two", "b", "La Traversée"))
    asked = await questions(desk.conn)
    if not asked:
        pytest.skip("les règles en vigueur n'hésitent pas ici")
    assert [one.value for one in asked] == sorted((one.value for one in asked), reverse=True)
    first = asked[0]
    merge = await join(desk.conn, first.kind, first.newcomer, first.candidate, author="person:t")
    assert first.id not in [one.id for one in await questions(desk.conn)]
    await undo(desk.conn, merge.id, author="person:t")
    await never(desk.conn, first.kind, first.newcomer, first.candidate, author="t")
    assert first.id not in [one.id for one in await questions(desk.conn)]


async def test_a_record_that_was_split_off_does_not_come_back_by_its_number(desk: Desk) -> None:
    """Its source gives it another visa and then the old one again: it is judged anew, and the person's word stands."""
    for name in ("one", "two"):
        await desk.source(name)

    def film(source: str, visa: str) -> Work:
        return Work(ref=ref(source, "f"), title="Le Voyage", type="film", identifiers=[identifier("visa", visa)])

    await desk.snapshot("one", film("one", "138295"))
    await desk.snapshot("two", film("two", "138295"))
    was = await desk.entity("one", 1, "f")
    assert await desk.entity("two", 1, "f") == was
    own = await split(desk.conn, KindCode.WORK, Member(desk.sources["two"], "f"), author="person:jeanne")
    for visa in ("141273", "138295"):
        await desk.delta("two", film("two", visa))
        assert await desk.entity("two", 1, "f") != was
    assert await desk.entity("two", 1, "f") == own, (
        "its own entity bears the number too, and nobody has to be asked again"
    )
    assert await questions(desk.conn) == []
