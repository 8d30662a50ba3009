"""Money moves between accounts, sums to zero, and is never rewritten."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, date, datetime

import asyncpg
import pytest

from bookings.errors import WalletUnknown
from bookings.policies import POLICIES
from bookings.wallets import PolicyConflict, Wallets


async def accounts(town) -> dict[str, int]:
    """The balance of each account, by code."""
    rows = await town.pool.fetch(
        "select code, sum(amount_cents)::int as cents from ledger_account"
        " join ledger_entry on account_id = id group by code"
    )
    return {row["code"]: row["cents"] for row in rows}


async def test_every_cent_is_in_some_account(town) -> None:
    """Granted by the state, promised to a venue, given back: the accounts say it, and name nobody."""
    person, show = await town.person(), await town.show(price_cents=1500)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    wallet, venue = f"wallet:{person}:2018", f"venue:{show.venue_id}"
    assert await accounts(town) == {"state:grant": -500_00, wallet: 485_00, venue: 1500}
    await town.bookings().cancel(person, made.id)
    assert await accounts(town) == {"state:grant": -500_00, wallet: 500_00, venue: 0}


async def test_credit_is_granted_once(town, clock) -> None:
    """Opened twenty times at once, a wallet has its credit once; under another policy it is a conflict."""
    pseudonym, wallets = uuid.uuid4(), Wallets(town.pool, clock)
    views = await asyncio.gather(*(wallets.open(pseudonym, "2018") for _ in range(20)))
    assert {(view.balance_cents, view.physical_left_cents, view.digital_left_cents) for view in views} == {
        (500_00, 100_00, 200_00)
    }
    assert (await accounts(town))["state:grant"] == -500_00
    with pytest.raises(PolicyConflict):
        await wallets.open(pseudonym, "2021")
    with pytest.raises(WalletUnknown):
        await wallets.view(uuid.uuid4())
    with pytest.raises(KeyError):
        await wallets.open(uuid.uuid4(), "1789")
    assert await town.audit() == []


async def test_a_journal_that_does_not_balance_cannot_be_committed(town) -> None:
    """The entries may come one by one; at the end their sum is zero or nothing happened."""
    await town.person()
    ids = [row["id"] for row in await town.pool.fetch("select id from ledger_account order by id")]
    for off_by in (1, 0):
        async with town.pool.acquire() as conn:
            transaction = conn.transaction()
            await transaction.start()
            journal = await conn.fetchval(
                "insert into ledger_journal (at, reason) values (now(), 'grant') returning id"
            )
            for account_id, cents in ((ids[0], 100 + off_by), (ids[1], -100)):
                await conn.execute("insert into ledger_entry values ($1, $2, $3)", journal, account_id, cents)
            if off_by:
                with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="off by 1 cents"):
                    await transaction.commit()
            else:
                await transaction.commit()


@pytest.mark.parametrize(
    "sql",
    [
        "update ledger_entry set amount_cents = 1",
        "delete from ledger_entry",
        "truncate ledger_entry",
        "update ledger_journal set at = now()",
        "delete from ledger_journal",
        "truncate ledger_journal cascade",
        "delete from booking",
        "update booking set unit_price_cents = 1",
        "update booking set countermark = 'AAAAAA'",
        "update booking set snapshot = '{}'",
    ],
)
async def test_what_was_written_stays_written(town, sql) -> None:
    """Nobody rewrites the ledger or a promise, whatever the code above would do."""
    show = await town.show()
    await town.bookings().book(await town.person(), show.stock_id, 1, "k1")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await town.pool.execute(sql)


@pytest.mark.parametrize(
    ("sql", "constraint"),
    [
        ("update deposit set balance_cents = -1", "deposit_balance"),
        ("update deposit set physical_spent_cents = physical_cap_cents + 1", "deposit_physical"),
        ("update deposit set digital_spent_cents = digital_cap_cents + 1", "deposit_digital"),
        ("update allotment set sold = ceiling + 1", "allotment_ceiling"),
        ("update allotment set held = -1", "allotment_held"),
        ("update booking set status = 'used'", "booking_used"),
        ("update booking set status = 'cancelled'", "booking_cancelled"),
        ("update booking set confirmed_at = null", "booking_confirmed"),
    ],
)
async def test_the_database_is_the_last_line(town, sql, constraint) -> None:
    """What the rules should have refused, a named constraint refuses."""
    show = await town.show()
    await town.bookings().book(await town.person(), show.stock_id, 1, "k1")
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await town.pool.execute(sql)
    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize(
    ("version", "granted", "birth_date", "expected"),
    [
        pytest.param("2018", datetime(2019, 1, 5, 9, tzinfo=UTC), None, datetime(2021, 1, 5, 9, tzinfo=UTC), id="2 y"),
        pytest.param(
            "2019", datetime(2024, 2, 29, 9, tzinfo=UTC), None, datetime(2026, 3, 1, 9, tzinfo=UTC), id="29 February"
        ),
        pytest.param(
            "2019", datetime(2026, 6, 1, 22, 30, tzinfo=UTC), None, datetime(2028, 6, 1, 22, 30, tzinfo=UTC), id="night"
        ),
        pytest.param(
            "2022",
            datetime(2022, 1, 20, tzinfo=UTC),
            date(2006, 7, 14),
            datetime(2024, 7, 13, 22, tzinfo=UTC),
            id="18th birthday in Paris, summer",
        ),
        pytest.param(
            "2025",
            datetime(2025, 4, 1, tzinfo=UTC),
            date(2007, 1, 31),
            datetime(2028, 1, 30, 23, tzinfo=UTC),
            id="21st birthday in Paris, winter",
        ),
    ],
)
def test_a_credit_ends_when_its_policy_says(version, granted, birth_date, expected) -> None:
    """Years after the grant, or a birthday that begins at midnight in Paris."""
    assert expected == POLICIES[version].expires_at(granted, birth_date)


def test_a_policy_by_age_needs_a_birth_date() -> None:
    """No date is guessed."""
    with pytest.raises(ValueError, match="date de naissance"):
        POLICIES["2022"].expires_at(datetime(2022, 1, 20, tzinfo=UTC), None)
