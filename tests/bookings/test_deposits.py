"""Credit by its versions: granted once, recredited at birthdays and by hand, ended; local credits and their scope."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from bookings import errors
from bookings.closing import Closing
from bookings.local_credits import LocalCredit, LocalCredits, LocalCreditUnknown
from bookings.policies import POLICIES, age_at
from bookings.wallets import CreditMissing, PolicyConflict, Wallets

EIGHTEEN = date(2008, 11, 1)
"""Eighteen since three weeks, by the tests' clock (23 November 2026)."""


async def ledger(town) -> dict[str, int]:
    rows = await town.pool.fetch(
        "select split_part(code, ':', 1) as sort, sum(amount_cents)::int as cents"
        " from ledger_account join ledger_entry on account_id = id group by 1"
    )
    return {row["sort"]: row["cents"] for row in rows}


@pytest.mark.parametrize(
    ("policy", "born", "department", "cents", "physical", "digital"),
    [
        ("2018", None, None, 500_00, 100_00, 200_00),
        ("2019", None, None, 500_00, 200_00, 200_00),
        ("2021", None, "67", 300_00, None, 100_00),
        ("2021", None, "976", 300_00, None, 150_00),
        ("2021", None, "975", 300_00, None, 200_00),
        ("2021", None, "986", 300_00, None, None),
        ("2022", date(2011, 1, 1), None, 20_00, None, None),
        ("2022", date(2010, 1, 1), None, 30_00, None, None),
        ("2025", date(2009, 1, 1), None, 50_00, None, 100_00),
        ("2025", EIGHTEEN, "986", 150_00, None, None),
    ],
)
async def test_a_version_grants_what_it_says(town, policy, born, department, cents, physical, digital) -> None:
    """Amount and caps of each version, at that age, in that department; the deposit is bound to it."""
    view = await Wallets(town.pool, town.clock).open(uuid.uuid4(), policy, birth_date=born, department=department)
    (deposit,) = view.deposits
    assert (deposit.credit, deposit.granted_cents, deposit.balance_cents) == (policy, cents, cents)
    assert (deposit.physical_cap_cents, deposit.digital_cap_cents) == (physical, digital)
    assert (view.policy, view.balance_cents) == (policy, cents)
    assert await town.audit() == []


@pytest.mark.parametrize(
    ("policy", "born"), [("2022", date(2012, 1, 1)), ("2022", EIGHTEEN), ("2025", date(2007, 1, 1))]
)
async def test_a_version_grants_nothing_at_other_ages(town, policy, born) -> None:
    """Fourteen, eighteen, nineteen: refused by a sentence that names the ages, and nothing is opened."""
    with pytest.raises(ValueError, match=r"s'accorde à .* ans, pas à"):
        await Wallets(town.pool, town.clock).open(uuid.uuid4(), policy, birth_date=born)
    assert await town.pool.fetchval("select count(*) from wallet") == 0


async def test_birthdays_are_recredited_once(town, clock) -> None:
    """20 € at 15, 30 at 16, 30 at 17, by several workers at once, also those that a stopped worker has missed."""
    clock.now = datetime(2022, 1, 20, 9, tzinfo=UTC)
    pseudonym, wallets = uuid.uuid4(), Wallets(town.pool, clock)
    view = await wallets.open(pseudonym, "2022", birth_date=date(2006, 7, 14))
    assert view.deposits[0].next_recredit.at == datetime(2022, 7, 13, 22, tzinfo=UTC)
    assert view.deposits[0].next_recredit.cents == 30_00
    clock.now = datetime(2022, 7, 13, 21, 59, tzinfo=UTC)
    assert await wallets.recredit_due() == 0
    clock.now = datetime(2023, 8, 1, tzinfo=UTC)
    assert sorted(await asyncio.gather(*(wallets.recredit_due() for _ in range(4)))) == [0, 0, 0, 2]
    view = await wallets.view(pseudonym)
    assert (view.balance_cents, view.deposits[0].next_recredit) == (80_00, None)
    kinds = await town.pool.fetch("select kind, amount_cents from recredit order by id")
    assert [tuple(row) for row in kinds] == [("recredit_16", 30_00), ("recredit_17", 30_00)]
    assert (await ledger(town))["state"] == -80_00
    assert await town.audit() == []


async def test_a_credit_that_is_followed_ends(town, clock) -> None:
    """2021 ends the credit of the minors; 2025 takes over what was left of it. No third 18-year credit is granted."""
    wallets, one, two = Wallets(town.pool, clock), uuid.uuid4(), uuid.uuid4()
    born = date(2009, 6, 1)
    for person in (one, two):
        await wallets.open(person, "2022", birth_date=born)
    await town.bookings().book(two, (await town.show(price_cents=10_00)).stock_id, 1, "k")
    assert (await wallets.open(one, "2021", birth_date=born)).balance_cents == 300_00
    view = await wallets.open(two, "2025", birth_date=born)
    assert [(one.credit, one.balance_cents, one.is_expired) for one in view.deposits] == [
        ("2022", 0, True),
        ("2025", 70_00, False),
    ]
    assert view.policy == "2025"
    assert view.deposits[1].granted_cents == 70_00
    assert await Closing(town.pool, clock).lapse() == 2
    assert (await ledger(town)) == {"state": -300_00 - 80_00, "venue": 10_00, "wallet": 370_00}
    for policy in ("2018", "2021"):
        with pytest.raises(PolicyConflict):
            await wallets.open(two, policy, birth_date=born)
    assert await town.audit() == []


async def test_a_recredit_by_hand_happens_once_a_decision(town, clock) -> None:
    """Added, taken away, never below what is left; the same decision again is nothing; the audit log knows who."""
    person, wallets = await town.person(), Wallets(town.pool, clock)
    for _ in range(2):
        view = await wallets.recredit(person, 12_50, decision="D-1", actor="staff:7")
        assert view.balance_cents == 512_50
    assert (await wallets.recredit(person, -2_50, decision="D-2", actor="staff:7")).balance_cents == 510_00
    with pytest.raises(CreditMissing):
        await wallets.recredit(person, -510_01, decision="D-3", actor="staff:7")
    with pytest.raises(errors.WalletUnknown):
        await wallets.recredit(uuid.uuid4(), 1, decision="D-4", actor="staff:7")
    clock.later(days=800)
    with pytest.raises(CreditMissing):
        await wallets.recredit(person, 1_00, decision="D-5", actor="staff:7")
    rows = await town.pool.fetch("select actor, action, details::text from audit_event order by id")
    assert [(row["actor"], row["action"], json.loads(row["details"])["decision"]) for row in rows] == [
        ("staff:7", "credit.recredited", "D-1"),
        ("staff:7", "credit.recredited", "D-2"),
    ]
    assert await town.audit() == []


async def test_two_deposits_pay_one_booking_and_get_their_own_back(town, clock) -> None:
    """The region pays first what it can, the national credit the rest; cancelled, each has what it paid."""
    person = await town.person()
    await town.region(person, cents=10_00, subcategories=["LIVRE_PAPIER"])
    book = await town.book(price_cents=25_00)
    made = await town.bookings().book(person, book.stock_id, 1, "k")
    wallets = Wallets(town.pool, clock)
    assert [one.balance_cents for one in (await wallets.view(person)).deposits] == [0, 485_00]
    assert (await wallets.view(person)).physical_left_cents == 85_00
    assert await town.audit() == []
    await town.bookings().cancel(person, made.id)
    assert [one.balance_cents for one in (await wallets.view(person)).deposits] == [10_00, 500_00]
    assert await town.audit() == []


@pytest.mark.parametrize(
    ("spent", "subcategories", "departments", "paid"),
    [
        ("before", None, None, "region"),
        ("after", None, None, "national"),
        ("before", ["LIVRE_PAPIER"], ["67", "68"], "region"),
        ("before", ["CONCERT"], None, "national"),
        ("before", ["LIVRE_PAPIER"], ["29"], "national"),
    ],
)
async def test_a_local_credit_pays_in_its_order_and_scope(town, spent, subcategories, departments, paid) -> None:
    """Before or after the national one, as declared; nothing outside its scope."""
    person = await town.person()
    await town.region(person, cents=50_00, spent=spent, subcategories=subcategories, departments=departments)
    book = await town.book(price_cents=20_00)
    await town.pool.execute("update venue set department = '67' where id = $1", book.venue_id)
    await town.bookings().book(person, book.stock_id, 1, "k")
    view = await Wallets(town.pool, town.clock).view(person)
    left = {"region" if one.is_local else "national": one.balance_cents for one in view.deposits}
    assert left == {"region": 50_00, "national": 500_00} | {paid: left[paid]}
    assert left[paid] == {"region": 30_00, "national": 480_00}[paid]
    assert await town.audit() == []


async def test_what_a_local_credit_does_not_hold_is_no_money_here(town, clock) -> None:
    """Fifty euros for concerts buy no book; a region's five and a cap's rest are added up before a cap refuses."""
    poor, rich = uuid.uuid4(), await town.person("2018")
    await Wallets(town.pool, clock).open(poor)
    await town.region(poor, cents=50_00, subcategories=["CONCERT"])
    book = await town.book(price_cents=20_00)
    with pytest.raises(errors.InsufficientCredit) as refused:
        await town.bookings().book(poor, book.stock_id, 1, "k")
    assert refused.value.balance_cents == 0
    await town.region(rich, cents=5_00, spent="after")
    dear, dearer = await town.book(price_cents=105_00), await town.book(price_cents=105_01)
    with pytest.raises(errors.CapReached) as capped:
        await town.bookings().book(rich, dearer.stock_id, 1, "k1")
    assert (capped.value.cap, capped.value.left_cents) == ("physical", 105_00)
    await town.bookings().book(rich, dear.stock_id, 1, "k2")
    assert await town.audit() == []


async def test_ended_credit_pays_nothing_and_goes_back(town, clock) -> None:
    """What is left goes back to who gave it; a refund that comes later is not there to spend, and goes back too."""
    person, closing = await town.person(), Closing(town.pool, clock)
    await town.region(person, cents=50_00, days=2)
    show, later = await town.show(price_cents=20_00), await town.show(price_cents=10_00, begins_in=timedelta(days=90))
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    clock.later(hours=47)
    assert await closing.lapse() == 0
    clock.later(hours=1)
    assert await closing.lapse() == 1
    assert (await ledger(town))["funder"] == -20_00
    await town.pool.execute("update booking set cancellable_until = null")
    await town.bookings().cancel(person, made.id)
    assert await town.balance(person) == 500_00
    await town.bookings().book(person, later.stock_id, 1, "k2")
    assert await town.balance(person) == 490_00
    assert (await closing.lapse(), await closing.lapse()) == (1, 0)
    assert (await ledger(town)) == {"state": -500_00, "funder": 0, "venue": 10_00, "wallet": 490_00}
    assert await town.audit() == []


async def test_several_workers_take_back_once(town, clock, wide_pool) -> None:
    """Four at once, while people book and cancel: every cent is in one place."""
    people = await town.people(8)
    code = await town.region(*people, cents=30_00, days=1)
    show = await town.show(price_cents=20_00, begins_in=timedelta(days=30))
    made = [await town.bookings().book(person, show.stock_id, 1, "k") for person in people]
    clock.later(hours=25)
    closing, bookings = Closing(wide_pool, clock), town.bookings(wide_pool)
    await asyncio.gather(
        *(closing.lapse() for _ in range(4)),
        *(bookings.cancel(*one) for one in zip(people, [m.id for m in made], strict=True)),
    )
    await closing.lapse()
    assert (await ledger(town))["funder"] == 0, code
    assert [await town.balance(person) for person in people] == [500_00] * 8
    assert await town.audit() == []


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"code": "Région"}, "code"),
        ({"title": "\n"}, "titre"),
        ({"amount_cents": 0}, "montant"),
        ({"amount_cents": 1_000_01}, "montant"),
        ({"spent": "first"}, "ordre"),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, "fin"),
        ({"subcategories": ["LIVRES"]}, "LIVRES"),
        ({"departments": ["Bas-Rhin"]}, "Bas-Rhin"),
        ({"code": "taken"}, "existe déjà"),
    ],
)
async def test_terms_that_make_no_sense_are_refused(town, wrong, match) -> None:
    """Each by a sentence that names what is wrong; nothing is written."""
    credits = LocalCredits(town.pool, town.clock)
    terms = {
        "code": "taken",
        "title": "x",
        "amount_cents": 1,
        "spent": "after",
        "ends_at": town.clock.now + timedelta(1),
    }
    await credits.declare(LocalCredit(**terms), actor="system:test")
    with pytest.raises(ValueError, match=match):
        await credits.declare(LocalCredit(**terms | {"code": "other"} | wrong), actor="system:test")
    assert len(await credits.all()) == 1


async def test_a_local_credit_is_given_once(town, clock) -> None:
    """Twenty times at once, once; an unknown one, or one that is over, to nobody."""
    person, credits = await town.person(), LocalCredits(town.pool, clock)
    code = await town.region(cents=7_00, days=3)
    given = await asyncio.gather(*(credits.grant(person, code, actor="system:test") for _ in range(20)))
    assert given.count(True) == 1
    assert await town.balance(person) == 507_00
    with pytest.raises(LocalCreditUnknown):
        await credits.grant(person, "nulle-part", actor="system:test")
    clock.later(days=3)
    with pytest.raises(ValueError, match="échu"):
        await credits.grant(await town.person(), code, actor="system:test")


@pytest.mark.parametrize(
    "sql",
    [
        "update deposit set amount_cents = amount_cents + 1",
        "update deposit set digital_cap_cents = null",
        "update deposit set expires_at = expires_at + interval '1 day'",
        "delete from deposit",
        "update local_credit set amount_cents = 1",
        "delete from local_credit",
    ],
)
async def test_what_was_granted_stays_as_granted(town, sql) -> None:
    """The terms of a deposit and of a local credit change for nobody."""
    await town.region(await town.person())
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await town.pool.execute(sql)


def test_ages_are_counted_in_paris() -> None:
    """A birthday begins at midnight there, the 29 February's on 1 March."""
    born = date(2008, 2, 29)
    assert age_at(born, datetime(2026, 2, 28, 22, 59, tzinfo=UTC)) == 17
    assert age_at(born, datetime(2026, 2, 28, 23, tzinfo=UTC)) == 18
    assert POLICIES["2025"].next_step(datetime(2025, 5, 1, tzinfo=UTC), born).at == datetime(
        2026, 2, 28, 23, tzinfo=UTC
    )
