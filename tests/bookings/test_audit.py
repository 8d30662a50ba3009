"""The audit finds what must not be, and nothing where all is well."""

from __future__ import annotations

import pytest

from bookings.audit import RULES, violations

# What breaks each rule, once triggers and constraints are out of the way.
BREAKS = {
    "journal_sums_to_zero": "update ledger_entry set amount_cents = amount_cents + 1 where amount_cents > 0",
    "journal_has_entries": "insert into ledger_journal (at, reason) values (now(), 'grant')",
    "balance_is_the_ledgers": "update deposit set balance_cents = balance_cents + 1",
    "granted_is_the_ledgers": "update deposit set amount_cents = amount_cents + 1",
    "no_credit_out_of_nothing": "update deposit set journal_id = (select id from ledger_journal"
    " where booking_id is not null limit 1)",
    "nobody_pays_for_others": "with other as (insert into wallet (pseudonym) values (gen_random_uuid()) returning id)"
    " update deposit set wallet_id = other.id from other",
    "local_credit_pays_its_scope": "update local_credit set subcategories = '{CONCERT}'",
    "ended_credit_pays_nothing": "update deposit set expires_at = granted_at - interval '1 day'",
    "spent_is_what_is_booked": "update deposit set physical_spent_cents = physical_spent_cents + 1",
    "caps_are_kept": "update deposit set digital_spent_cents = 99999999",
    "booking_is_paid_once": "update booking set unit_price_cents = unit_price_cents - 1",
    "allotment_is_what_is_booked": "update allotment set held = held + 1",
    "no_stock_is_oversold": "update allotment set ceiling = 0",
    "one_live_booking_per_offer": "update booking set offer_id = (select min(offer_id) from booking)",
    "countermark_is_one_bookings": "update booking set countermark = 'AAAAAA'",
    "one_acceptance_per_countermark": "update acceptance set undone_at = now()",
    "accepted_entries_are_acceptances": "insert into offline_entry (vendor_id, api_key_id, venue_id, till, sequence,"
    " nonce, entry_hash, booking_id, quantity, amount_cents, said_at, received_at, outcome)"
    " select k.vendor_id, k.id, b.venue_id, 'c', 1, 'unheard', decode(repeat('00', 32), 'hex'), b.id, 1, 1, now(),"
    " now(), 'accepted' from booking b, api_key k limit 1",
    "sale_agrees_with_booking": "update external_sale set state = 'refused'",
    "held_bookings_are_being_sold": "with gone as (delete from external_sale)"
    " update booking set status = 'held' where status = 'confirmed'",
    "offer_is_of_what_is_there": "update offer set product_id = 0 where product_id is not null",
    "stock_is_of_what_is_there": "update stock set session_id = 0 where session_id is not null",
    "supply_is_of_what_is_there": "update supply set stock_id = 0 where stock_id = (select min(stock_id) from supply)",
    "no_described_book_waits": "with named as (update product set ean = '9782070360024'"
    " where id = (select min(id) from product)) update supply set stock_id = null, ean = '9782070360024', of_key = null"
    " where stock_id = (select min(stock_id) from supply)",
}


async def lived_in(town, ticketing):
    """A person with a region's credit, a used book, a confirmed show sold elsewhere, and a cancelled one."""
    person, key = await town.person(), await town.key()
    await town.region(person, subcategories=["LIVRE_PAPIER"])
    book, show, other = await town.book(), await town.show(ticketing=ticketing), await town.show()
    first = await town.bookings().book(person, book.stock_id, 1, "k1")
    await town.desk().use(first.countermark, [book.venue_id], key, "n1")
    await town.bookings().book(person, show.stock_id, 1, "k2")
    third = await town.bookings().book(person, other.stock_id, 1, "k3")
    await town.bookings().cancel(person, third.id)


def test_every_rule_has_its_breach() -> None:
    """No rule stands here that nobody has seen red."""
    assert set(RULES) == set(BREAKS)


@pytest.mark.parametrize("rule", sorted(RULES))
async def test_the_audit_finds(town, ticketing, rule) -> None:
    """A breach behind the constraints' back is told, by its rule, with the row."""
    await lived_in(town, ticketing)
    assert await town.audit() == []
    async with town.pool.acquire() as conn:
        checks = await conn.fetch(
            "select conrelid::regclass::text as name, conname from pg_constraint where contype = 'c'"
            " and conrelid in ('deposit'::regclass, 'booking'::regclass, 'allotment'::regclass)"
        )
        for check in checks:
            await conn.execute(f"alter table {check['name']} drop constraint {check['conname']}")
        await conn.execute("alter table booking drop constraint booking_countermark")
        await conn.execute("drop index booking_one_live")
        await conn.execute("set session_replication_role = replica")
        await conn.execute(BREAKS[rule])
        found = await violations(conn)
    assert rule in {violation.rule for violation in found}
    assert all(violation.row for violation in found)


async def test_an_audit_tells_no_secrets(town, ticketing) -> None:
    """Its rows hold ids and amounts, no countermark and no pseudonym."""
    await lived_in(town, ticketing)
    secrets = [row[0] for row in await town.pool.fetch("select countermark from booking")]
    secrets += [str(row[0]) for row in await town.pool.fetch("select pseudonym from wallet")]
    async with town.pool.acquire() as conn:
        await conn.execute("set session_replication_role = replica")
        await conn.execute("update deposit set balance_cents = balance_cents + 1")
        await conn.execute("update booking set unit_price_cents = unit_price_cents + 1")
        written = repr(await violations(conn))
    assert "balance_is_the_ledgers" in written
    assert [secret for secret in secrets if secret in written] == []
