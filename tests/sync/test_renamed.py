"""A source that changes all its keys overnight is recognised: the same things, not doubles; and nothing is lost."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from feeds import EANS, TOMORROW, Desk, Said, book, event, hall, ref, seats, session, show

from bookings.audit import violations
from bookings.booking import Bookings
from bookings.wallets import Wallets
from catalogue.database import Pool
from catalogue.joining import join, undo
from catalogue.kinds import KindCode
from catalogue.members import Member
from catalogue.merge_history import parts
from catalogue.splitting import split
from connectors.base import Delete
from schemas.records import Contributor, Kind, Position, Product, Record, Stock, Work
from sync.guard import TooMuchGone

TITLES = ("Phèdre", "Le Cid", "Andromaque", "Bérénice", "Horace", "Cinna", "Esther", "Athalie")
CENSUS = """
select (select count(*) from work where withdrawn_at is null and merged_into is null) as works,
       (select count(*) from product where withdrawn_at is null and merged_into is null) as products,
       (select count(*) from venue where withdrawn_at is null and merged_into is null) as venues,
       (select count(*) from event where withdrawn_at is null and merged_into is null) as events,
       (select count(*) from session where cancelled_at is null and merged_into is null) as sessions,
       (select count(*) from offer where withdrawn_at is null and merged_into is null) as offers,
       (select count(*) from stock where withdrawn_at is null) as stocks,
       (select count(*) from supply where gone_at is null) as supplies,
       (select sum(id) from session where cancelled_at is null) as session_ids,
       (select sum(id) from stock where withdrawn_at is null) as stock_ids,
       (select sum(id) from event where withdrawn_at is null) as event_ids,
       (select sum(id) from work where withdrawn_at is null) as work_ids
"""


async def census(desk: Desk) -> tuple[object, ...]:
    [row] = await desk.all(CENSUS)
    return row


def programme(prefix: str, source: str = "theatre") -> list[Record]:
    said: list[Record] = []
    for number, title in enumerate(TITLES):
        said += show(source, f"{prefix}{number}", title)
    return said


def films(prefix: str) -> list[Record]:
    """An agenda with its own halls, its own works, and a show of each in a hall."""
    said: list[Record] = [
        hall("agenda", f"{prefix}h", "Salle Cornouaille", "Quimper", "29000", street="4 rue du Port",
             position=Position(latitude=47.99, longitude=-4.1)),
    ]  # fmt: skip
    for number, title in enumerate(("Cléo de 5 à 7", "Le Bonheur", "Sans toit ni loi")):
        said.append(
            Work(ref=ref("agenda", f"{prefix}w{number}"), title=title, type="film", year=1962 + number,
                 contributors=[Contributor(name="Agnès Varda", role="director")])
        )  # fmt: skip
        said.append(event("agenda", f"{prefix}e{number}", title, venue_key=f"{prefix}h", work_key=f"{prefix}w{number}"))
        said.append(session("agenda", f"{prefix}s{number}", f"{prefix}e{number}"))
        said.append(seats("agenda", f"{prefix}s{number}"))
    return said


def books(prefix: str) -> list[Record]:
    """A shop that describes its own books, some without EAN, and counts them by its own keys."""
    said: list[Record] = [
        book("shop", ean, f"Le livre {number}", key=f"{prefix}{ean}") for number, ean in enumerate(EANS)
    ]
    for number in range(6):
        said.append(
            Product(ref=ref("shop", f"{prefix}l{number}"), title=f"Carnet de voyage {number}", publisher="Ville",
                    subcategory="LIVRE_PAPIER", contributors=[Contributor(name=f"Auteur {number}")])
        )  # fmt: skip
        said.append(Stock(ref=ref("shop", f"{prefix}sl{number}"), product_key=f"{prefix}l{number}", available=2))
    said += [Stock(ref=ref("shop", f"{prefix}s{ean}"), ean=ean, available=3, price_cents=790) for ean in EANS]
    return said


WORLDS = {"theatre": programme, "agenda": films, "shop": books}


async def stage(desk: Desk, name: str) -> None:
    await desk.source(name, venue_id=None if name == "agenda" else await desk.venue())
    await desk.snapshot(name, *WORLDS[name]("old-"))


@pytest.mark.parametrize("rows", [2000, 7])
@pytest.mark.parametrize("name", list(WORLDS))
async def test_a_full_reading_under_new_keys_changes_nothing_that_is_shown(desk: Desk, name: str, rows: int) -> None:
    """Same works, products, venues, events, sessions, offers and stocks, by their ids; the old keys are gone."""
    await stage(desk, name)
    before = await census(desk)
    report = await desk.snapshot(name, *WORLDS[name]("new-"), rows=rows)
    assert await census(desk) == before
    assert (report.state, report.rejected, report.withdrawn, report.cancelled_bookings) == ("done", 0, 0, 0)
    old = "select count(*) from source_record where key like 'old-%' and gone_at is null"
    assert await desk.one(old) == 0
    assert await desk.one("select count(*) from supply where key like 'old-%'") == 0
    again = await desk.snapshot(name, *WORLDS[name]("new-"))
    assert (again.created, again.changed, again.withdrawn) == (0, 0, 0)
    assert await census(desk) == before


@pytest.mark.parametrize("order", ["only the new", "deletions after", "deletions before", "deletions in the next run"])
@pytest.mark.parametrize("name", list(WORLDS))
async def test_an_incremental_reading_under_new_keys_is_recognised_too(desk: Desk, name: str, order: str) -> None:
    """Whether the provider says that the old keys are gone, and when, or says nothing of them."""
    await stage(desk, name)
    before = await census(desk)
    new: Sequence[Said] = WORLDS[name]("new-")
    gone = [Delete(_kind(one), one.ref) for one in WORLDS[name]("old-")]
    if order == "only the new":
        await desk.delta(name, *new)
    elif order == "deletions after":
        await desk.delta(name, *new, *gone)
    elif order == "deletions before":
        await desk.conn.execute("update feed set guard_share = 1")
        await desk.delta(name, *gone, *new)
    else:
        await desk.delta(name, *new)
        await desk.delta(name, *gone)
    assert await census(desk) == before
    await desk.snapshot(name, *new)
    assert await census(desk) == before


def _kind(record: Record) -> Kind:
    return Kind(type(record).__name__.lower())


class NoSellers:
    """Nothing is sold in anybody's ticketing."""

    async def seller_of(self, source_id: int) -> None:
        return None


def now() -> datetime:
    return datetime.now(UTC)


async def test_bookings_stay_on_the_living_session_and_stock(own: Desk, pool: Pool) -> None:
    """Seats sold under the old key are sold seats of the new one: same stock, same session, no refund, no oversale."""
    await own.source("theatre", venue_id=await own.venue())
    await own.snapshot("theatre", *programme("old-"))
    stock_id = await own.entity("theatre", 6, "old-0-0")
    who = uuid.uuid4()
    await Wallets(pool, now).open(who, "2018")
    booking = await Bookings(pool, NoSellers(), now).book(who, stock_id, 1, "k")
    for _ in range(3):
        report = await own.snapshot("theatre", *programme("new-"))
        assert (report.kept_sold, report.cancelled_bookings, report.withdrawn) == (0, 0, 0)
    assert await own.entity("theatre", 6, "new-0-0") == stock_id
    session_id = await own.one("select session_id from booking where id = $1", booking.id)
    assert await own.entity("theatre", 5, "new-0-0") == session_id
    assert await own.one("select cancelled_at is null from session where id = $1", session_id)
    assert await own.one("select withdrawn_at is null from stock where id = $1", stock_id)
    assert await own.one("select held + sold from allotment where stock_id = $1", stock_id) == 1
    assert await violations(own.conn) == []


async def test_what_only_looks_like_it_is_not_renamed(desk: Desk) -> None:
    """Another season, another venue, another hall, other words: new things under new keys."""
    venue_id = await desk.venue()
    await desk.source("theatre", venue_id=venue_id, guard=1.0)
    await desk.snapshot("theatre", *show("theatre", "a", "Phèdre"), *show("theatre", "b", "Le Cid", (4,)))
    later = TOMORROW + timedelta(days=200)
    await desk.snapshot(
        "theatre",
        event("theatre", "a2", "Phèdre"),
        session("theatre", "a2-0", "a2", later, hall="Grande salle"),
        event("theatre", "b2", "Le Cid (reprise)"),
        session("theatre", "b2-0", "b2", TOMORROW + timedelta(days=4), hall="Grande salle"),
    )
    assert await desk.entity("theatre", 4, "a2") != await desk.entity("theatre", 4, "a")
    assert await desk.entity("theatre", 4, "b2") != await desk.entity("theatre", 4, "b")
    assert await desk.one("select count(*) from session where cancelled_at is null") == 2


@pytest.mark.parametrize("rows", [2000, 1])
async def test_a_second_thing_said_alike_is_a_second_thing(desk: Desk, rows: int) -> None:
    """What the reading has named already, in this batch or before, is not what a newcomer was called."""
    await desk.source("agenda")

    def film(key: str) -> Work:
        people = [Contributor(name="Agnès Varda", role="director")]
        return Work(ref=ref("agenda", key), title="Le Bonheur", type="film", year=1965, contributors=people)

    await desk.snapshot("agenda", film("one"))
    await desk.snapshot("agenda", film("one"), film("two"), rows=rows)
    assert await desk.entity("agenda", 1, "two") != await desk.entity("agenda", 1, "one")


async def test_two_alike_are_not_mistaken_for_each_other(desk: Desk) -> None:
    """Daily workshops told in the same words are told apart by their dates; two of one date are not guessed."""
    await desk.source("museum", venue_id=await desk.venue(), guard=1.0)

    def daily(prefix: str, *days: int) -> list[Record]:
        said: list[Record] = []
        for n, day in enumerate(days):
            said.append(event("museum", f"{prefix}{n}", "Visite guidée"))
            said.append(session("museum", f"{prefix}{n}-0", f"{prefix}{n}", TOMORROW + timedelta(days=day)))
        return said

    await desk.conn.execute("update source set is_clean = true")
    await desk.snapshot("museum", *daily("a", 0, 1, 2))
    before = [await desk.entity("museum", 4, f"a{n}") for n in range(3)]
    await desk.snapshot("museum", *daily("b", 0, 1, 2))
    assert [await desk.entity("museum", 4, f"b{n}") for n in range(3)] == before


async def test_an_increment_that_renames_only_the_sessions(desk: Desk) -> None:
    """A box office that tells no halls: nearly all of a batch is believed, a second session at one minute is one."""
    await desk.source("box", venue_id=await desk.venue())

    def told(prefix: str, days: int) -> list[Record]:
        said: list[Record] = [event("box", "e", "Phèdre")]
        for day in range(days):
            said.append(session("box", f"{prefix}{day}", "e", TOMORROW + timedelta(days=day)))
            said.append(seats("box", f"{prefix}{day}"))
        return said

    await desk.snapshot("box", *told("old-", 6))
    before = await census(desk)
    await desk.delta("box", *told("second-", 1))
    assert await desk.one("select count(*) from session where cancelled_at is null") == 7
    await desk.snapshot("box", *told("old-", 6))
    await desk.delta("box", *told("new-", 6))
    await desk.snapshot("box", *told("new-", 6))
    assert await census(desk) == before


async def test_a_second_row_of_one_book_is_a_second_row(desk: Desk) -> None:
    """A till that adds used copies of one EAN keeps both; an increment that repeats nearly all its rows renames."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.described(*EANS)

    def shelf(prefix: str) -> list[Stock]:
        return [Stock(ref=ref("till", prefix + ean), ean=ean, available=3, price_cents=790) for ean in EANS]

    await desk.snapshot("till", *shelf("a"))
    stocks = await desk.all("select stock_id from supply order by ean")
    await desk.delta("till", Stock(ref=ref("till", "used"), ean=EANS[0], available=1, price_cents=790))
    assert await desk.one("select count(*) from supply where gone_at is null") == len(EANS) + 1
    await desk.delta("till", Delete(Kind.STOCK, ref("till", "used")))
    await desk.delta("till", *shelf("b"))
    assert await desk.all("select stock_id from supply where gone_at is null order by ean") == stocks


async def test_books_that_nobody_has_described_are_not_counted_as_lost(desk: Desk) -> None:
    """A till's rows that wait for a description are renamed as well: nothing is emptied, nobody is asked."""
    await desk.source("till", venue_id=await desk.venue())

    def shelf(prefix: str) -> list[Stock]:
        return [Stock(ref=ref("till", prefix + ean), ean=ean, available=3, price_cents=790) for ean in EANS]

    await desk.snapshot("till", *shelf("a"))
    report = await desk.snapshot("till", *shelf("b"))
    assert (report.withdrawn, report.changed) == (0, len(EANS))
    await desk.described(*EANS)
    assert await desk.one("select count(*) from stock where withdrawn_at is null") == len(EANS)


async def test_the_guard_is_not_fooled_by_a_few_renamed(desk: Desk) -> None:
    """Where part is renamed and the rest missing, the rest is measured against what there was; a person is asked."""
    await desk.source("theatre", venue_id=await desk.venue())
    await desk.snapshot("theatre", *programme("old-"))
    half = programme("new-")[: len(programme("new-")) // 2]
    with pytest.raises(TooMuchGone, match="12 séances sur 24"):
        await desk.snapshot("theatre", *half)
    assert await desk.one("select count(*) from session where cancelled_at is null") == 24


async def test_people_s_words_hold_under_the_new_key(desk: Desk) -> None:
    """What was said never to be the same is not joined under its new key, and a merge is undone with it."""
    venue_id = await desk.venue()
    for name in ("office", "agenda"):
        await desk.source(name, venue_id=venue_id)
    await desk.snapshot("office", *show("office", "e", "Phèdre"))
    await desk.snapshot("agenda", *show("agenda", "a", "Phèdre"))
    own_id = await split(desk.conn, KindCode.EVENT, Member(desk.sources["agenda"], "a"), author="person:jeanne")
    await desk.snapshot("agenda", *show("agenda", "b", "Phèdre"))
    assert await desk.entity("agenda", 4, "b") == own_id
    [was, named] = await parts(desk.conn, KindCode.EVENT, own_id)
    assert (was.key, was.is_gone, named.key, named.author) == ("a", True, "b", "renamed")
    assert named.explanation is not None
    assert "« a »" in named.explanation["reasons"][0]
    assert await desk.one("select count(*) from merge_decision where key = 'b' and author = 'person:jeanne'") == 1

    await desk.snapshot("office", *show("office", "e", "Phèdre"), *show("office", "f", "Le Cid", (4,)))
    other = await desk.entity("office", 4, "f")
    merge = await join(desk.conn, KindCode.EVENT, other, own_id, author="person:t")
    await desk.snapshot("agenda", *show("agenda", "c", "Phèdre"))
    await undo(desk.conn, merge.id, author="person:t")
    assert await desk.entity("agenda", 4, "c") == own_id
    assert await desk.one("select event_id from session where id = $1", await desk.entity("agenda", 5, "c-0")) == own_id
