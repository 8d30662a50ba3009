"""A person's data: given out whole, forgotten whole, while what venues are owed stays true to the cent."""

from __future__ import annotations

import io
import json
import logging
from datetime import date, timedelta

import pytest
from partners import open_partners

from accounts.errors import BeneficiaryUnknown
from accounts.people import People
from bookings import errors
from bookings.mails import Mails
from bookings.outbox import spread
from bookings.privacy import KEPT, Privacy
from bookings.wallets import Wallets
from service.logs import JsonLines

SECRETS = ("ada.lovelace@exemple.fr", "Adalina", "Lovelace-Byron", "2008-12-10")


@pytest.fixture
def privacy(town) -> Privacy:
    return Privacy(town.pool, town.bookings(), town.clock)


async def ada(town):
    """Somebody with credit whose words are found nowhere else."""
    person = await People(town.pool).register(
        email=SECRETS[0], first_name=SECRETS[1], last_name=SECRETS[2], birth_date=date(2008, 12, 10), department="67"
    )
    await Wallets(town.pool, town.clock).open(person.pseudonym, "2018")
    return person


async def dump(town) -> str:
    """Every row of every table, as text."""
    tables = await town.pool.fetch("select tablename from pg_tables where schemaname = 'public'")
    rows = [await town.pool.fetch(f'select t::text from "{row[0]}" t') for row in tables]
    return "\n".join(row[0] for table in rows for row in table)


async def test_an_export_holds_all_that_is_kept(town, privacy) -> None:
    """Who, how much, what was booked with its countermark, what venues tried, who was told; and it is audited."""
    person, show, key = await ada(town), await town.show(), await town.key()
    made = await town.bookings().book(person.pseudonym, show.stock_id, 1, "k")
    town.clock.later(days=3)
    await town.desk().use(made.countermark, [show.venue_id], key, "n")
    async with open_partners(town) as partners:
        await partners.partner(show.venue_id)
        await partners.deliver()
    told = json.loads(await privacy.export(person.id, actor="staff:test"))
    assert [told["person"][name] for name in ("email", "firstName", "lastName", "birthDate")] == list(SECRETS)
    assert told["wallet"]["balanceCents"] == 485_00
    assert [one["amountCents"] for one in told["deposits"]] == [500_00]
    [booking] = told["bookings"]
    assert (booking["id"], booking["countermark"], booking["status"]) == (made.public_id, made.countermark, "used")
    assert [one["action"] for one in told["attempts"]] == ["use"]
    assert [(one["kind"], one["vendor"]) for one in told["toldTo"]] == [("booking.created", "Éditeur 1")]
    event = await town.pool.fetchrow("select actor, action, subject from audit_event order by id desc limit 1")
    assert tuple(event) == ("staff:test", "person.exported", f"beneficiary:{person.pseudonym}")


async def test_an_erased_person_is_found_nowhere_and_the_ledger_is_whole(town, privacy) -> None:
    """No table holds a word of them; what was used stays used and owed; what could be cancelled is; once."""
    person, show, key = await ada(town), await town.show(begins_in=timedelta(days=3)), await town.key()
    used, book = await town.show(), await town.book()
    bookings = town.bookings()
    firm = await bookings.book(person.pseudonym, show.stock_id, 1, "k1")
    spent = await bookings.book(person.pseudonym, used.stock_id, 1, "k2")
    town.clock.later(days=2)
    open_ = await bookings.book(person.pseudonym, book.stock_id, 1, "k3")
    await town.desk().use(spent.countermark, [used.venue_id], key, "n")
    async with open_partners(town) as partners:
        await partners.partner(show.venue_id, used.venue_id, book.venue_id)
        await partners.deliver()
    before = await dump(town)
    assert all(word in before for word in SECRETS)

    assert await privacy.erase(person.id, actor="staff:test") == 1
    kept = await dump(town)
    assert not any(word in kept for word in SECRETS)
    states = {one.id: one.status for one in await bookings.mine(person.pseudonym)}
    assert states == {firm.id: "confirmed", spent.id: "used", open_.id: "cancelled"}
    assert await town.audit() == []
    for again in (privacy.export, privacy.erase):
        with pytest.raises(BeneficiaryUnknown):
            await again(person.id, actor="staff:test")
    contact = (await People(town.pool).contacts([person.pseudonym]))[person.pseudonym]
    assert (contact.first_name, contact.last_name, contact.email) == ("", "", "")
    # The venue still accepts what it is owed.
    assert await town.desk().use(firm.countermark, [show.venue_id], key, "n2")
    assert await town.audit() == []
    # The same address may come back, as somebody else.
    assert (await ada(town)).pseudonym != person.pseudonym


async def test_nobody_is_forgotten_while_a_seat_is_in_doubt(town, privacy, ticketing) -> None:
    """Their name would be needed to ask for it; afterwards it goes."""
    person, show = await ada(town), await town.show(ticketing=ticketing)
    ticketing.loses = ["confirm"]
    await town.bookings().book(person.pseudonym, show.stock_id, 1, "k")
    with pytest.raises(errors.BookingPending):
        await privacy.erase(person.id, actor="staff:test")
    assert (await People(town.pool).get(person.id)).email == SECRETS[0]
    town.clock.later(minutes=2)
    await town.reconciler().resolve_pending()
    assert await privacy.erase(person.id, actor="staff:test") == 1
    assert ticketing.standing() == set()
    assert await town.audit() == []


async def test_who_has_long_gone_is_forgotten_unasked(town, privacy) -> None:
    """Three years after the credit has ended, and not a day before."""
    person = await ada(town)
    town.clock.now = await town.pool.fetchval("select expires_at from deposit") + KEPT
    assert await privacy.erase_old() == 0
    town.clock.later(seconds=1)
    assert await privacy.erase_old() == 1
    with pytest.raises(BeneficiaryUnknown):
        await People(town.pool).get(person.id)
    assert await town.pool.fetchval("select actor from audit_event order by id desc limit 1") == "system:retention"


async def test_no_log_line_names_a_person_or_a_countermark(town, privacy, caplog) -> None:
    """Booked, told, mailed and failed at every step, in the form in which lines are written."""
    caplog.set_level(logging.DEBUG)
    person, show = await ada(town), await town.show(begins_in=timedelta(days=90))
    made = await town.bookings().book(person.pseudonym, show.stock_id, 1, "k")

    class Broken:
        async def send(self, message):
            raise RuntimeError("relais cassé")

    async with open_partners(town) as partners:
        ours = await partners.partner(show.venue_id)
        ours.receiver.answers = [500, 410]
        await partners.deliver()
        town.clock.later(minutes=1)
        await partners.deliver()
        secret = ours.receiver.secrets[0]
    await spread(town.pool, town.clock())
    with pytest.raises(RuntimeError):
        await Mails(town.pool, Broken(), town.clock, sender="a@b.c").send_due()
    await privacy.erase(person.id, actor="staff:test")
    written = io.StringIO()
    for record in caplog.records:
        written.write(JsonLines().format(record) + "\n")
    assert "disabled" in written.getvalue()
    for word in (*SECRETS, made.countermark, secret):
        assert word not in written.getvalue()
