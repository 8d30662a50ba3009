"""Beneficiaries and offerers, and the log that only grows."""

from __future__ import annotations

import uuid
from datetime import date

import asyncpg
import pytest

from accounts import audit
from accounts.errors import BeneficiaryUnknown
from accounts.offerers import Offerers
from accounts.people import People


async def test_a_person_is_registered_once(pool) -> None:
    """The same address is the same person with the same pseudonym, brought up to date."""
    people = People(pool)
    first = await people.register(email="lea@example.org", first_name="Lea", last_name="Martin")
    again = await people.register(
        email="lea@example.org", first_name="Léa", last_name="Martin", birth_date=date(2008, 5, 1), department="67"
    )
    assert (again.id, again.pseudonym) == (first.id, first.pseudonym)
    assert again == await people.get(first.id)
    with pytest.raises(BeneficiaryUnknown):
        await people.get(10**9)


async def test_a_partner_sees_name_and_address_and_nothing_else(pool) -> None:
    """First name, last name, e-mail; empty for a person whose data were erased; absent for nobody."""
    people = People(pool)
    lea = await people.register(
        email="lea@example.org", first_name="Léa", last_name="Martin", birth_date=date(2008, 5, 1), department="67"
    )
    tom = await people.register(email="tom@example.org", first_name="Tom", last_name="Le Gall")
    await pool.execute(
        "update beneficiary set erased_at = now(), email = null, first_name = null, last_name = null where id = $1",
        tom.id,
    )
    seen = await people.contacts([lea.pseudonym, tom.pseudonym, uuid.uuid4()])
    assert set(seen) == {lea.pseudonym, tom.pseudonym}
    assert (
        seen[lea.pseudonym].first_name,
        seen[lea.pseudonym].last_name,
        seen[lea.pseudonym].email,
    ) == ("Léa", "Martin", "lea@example.org")
    assert "2008" not in repr(seen)
    assert (seen[tom.pseudonym].first_name, seen[tom.pseudonym].email) == ("", "")
    with pytest.raises(BeneficiaryUnknown):
        await people.get(tom.id)


async def test_half_an_erasure_is_none(pool) -> None:
    """A row that says erased holds nothing personal."""
    lea = await People(pool).register(email="lea@example.org", first_name="Léa", last_name="Martin")
    with pytest.raises(asyncpg.CheckViolationError):
        await pool.execute("update beneficiary set erased_at = now(), email = null where id = $1", lea.id)


async def test_registration_can_be_said_again(pool, trade) -> None:
    """Offerers, vendors and their venues stay one, whatever is repeated; a venue has one offerer."""
    offerers = Offerers(pool)
    first, second = await offerers.offerer("552100554", "Port"), await offerers.offerer("443061841", "Quai")
    assert first == await offerers.offerer("552100554", "Librairie du Port")
    assert trade.vendor_id == await offerers.vendor("Caisses du Port")
    await offerers.let_act(trade.vendor_id, trade.venue_id)
    await offerers.give_venue(trade.venue_id, first)
    await offerers.give_venue(trade.venue_id, second)
    rows = await pool.fetch("select venue_id, offerer_id from venue_offerer")
    assert [(trade.venue_id, second)] == [tuple(row) for row in rows]
    with pytest.raises(asyncpg.CheckViolationError):
        await offerers.offerer("55210055", "trop court")


@pytest.mark.parametrize(
    "sql", ["update audit_event set actor = 'x'", "delete from audit_event", "truncate audit_event"]
)
async def test_what_was_logged_stays_logged(pool, sql) -> None:
    """Nobody rewrites the audit log."""
    async with pool.acquire() as conn:
        await audit.record(conn, "staff:1", "venue.linked", "venue:1", {"vendor": 3})
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="only grows"):
        await pool.execute(sql)
    assert await pool.fetchval("select details->>'vendor' from audit_event") == "3"


async def test_what_was_undone_was_not_done(pool) -> None:
    """The log is written in the transaction of what it tells."""
    async with pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await audit.record(conn, "staff:1", "venue.linked", "venue:1")
        await transaction.rollback()
    assert await pool.fetchval("select count(*) from audit_event") == 0
