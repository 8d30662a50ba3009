"""Signed tickets, and the keys that sign them."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from bookings import errors, token_errors
from bookings.ticket_format import Ticket, is_ticket, key_id, read, write
from bookings.ticket_keys import LEAD, KeyStillNeeded, TicketKeys, check_genuine
from bookings.tickets import AFTER_BEGIN, Tickets
from sync.vault import SealBroken, Vault

VAULT = Vault([b"v" * 32])
PRIVATE = b"k" * 32
PUBLIC = Ed25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
QR_ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
NUMBERS = st.integers(1, 2**63 - 1)
MOMENTS = st.integers(86_400, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
TICKETS = st.builds(
    Ticket,
    booking_id=NUMBERS,
    venue_id=NUMBERS,
    quantity=st.integers(1, 99),
    amount_cents=st.integers(0, 999_999_999),
    valid_from=MOMENTS,
    valid_until=MOMENTS,
)


@pytest.fixture
def keys(town) -> TicketKeys:
    return TicketKeys(town.pool, VAULT, town.clock)


@pytest.fixture
def tickets(town, keys) -> Tickets:
    return Tickets(town.pool, keys, town.clock)


async def booked(town, **show):
    """A booking of a show and who made it."""
    placed, person = await town.show(**show), await town.person()
    return placed, await town.bookings().book(person, placed.stock_id, 1, "k"), person


@given(TICKETS)
def test_a_ticket_is_read_as_it_was_written(ticket: Ticket) -> None:
    """All of it, in the characters that QR codes hold best, however a scanner writes them."""
    text = write(ticket, PRIVATE)
    assert set(text) <= QR_ALPHANUMERIC
    for scanned in (text, f" {text.lower()}\n"):
        assert is_ticket(scanned)
        found = read(scanned)
        assert (found.ticket, found.key) == (ticket, key_id(PUBLIC))
        found.check(PUBLIC)


@given(TICKETS, st.data())
def test_an_altered_ticket_is_none(ticket: Ticket, data: st.DataObject) -> None:
    """Whatever character is changed, it is malformed, of another key, or its signature is wrong."""
    text = write(ticket, PRIVATE)
    # The last character of the signature has spare bits.
    place = data.draw(st.integers(0, len(text) - 2))
    other = data.draw(st.sampled_from(sorted(QR_ALPHANUMERIC - {text[place]})))
    altered = text[:place] + other + text[place + 1 :]
    if not is_ticket(altered):
        return
    with pytest.raises((token_errors.TicketMalformed, token_errors.TicketForged)):
        read(altered).check(PUBLIC)


@pytest.mark.parametrize(
    "text", ["PC1:", "PC1::::::::", "PC1:" + "A" * 10_000, "PC1:\ud800", "pc1:Ä", "PC1:12345678:" + "0" * 30]
)
def test_what_only_begins_like_a_ticket_is_malformed(text: str) -> None:
    """Truncated, endless, or in other letters."""
    assert is_ticket(text)
    with pytest.raises(token_errors.TicketMalformed):
        read(text)


async def test_a_forged_ticket_is_told_apart(town, keys) -> None:
    """Another's key that is not published is unknown; a published key's name over another's signature is forged."""
    ours = await keys.signing()
    ticket = Ticket(
        booking_id=1, venue_id=2, quantity=1, amount_cents=5, valid_from=town.clock.now, valid_until=town.clock.now
    )
    await check_genuine(town.pool, read(write(ticket, ours.private_key)))
    with pytest.raises(token_errors.TicketKeyUnknown):
        await check_genuine(town.pool, read(write(ticket, PRIVATE)))
    good, bad = write(ticket, ours.private_key), write(ticket, PRIVATE)
    for forged in (
        ":".join([*good.split(":")[:-1], bad.split(":")[-1]]),
        write(replace(ticket, quantity=2), ours.private_key).rsplit(":", 1)[0] + ":" + good.rsplit(":", 1)[1],
    ):
        with pytest.raises(token_errors.TicketForged):
            await check_genuine(town.pool, read(forged))


async def test_a_ticket_binds_its_booking(town, tickets, clock) -> None:
    """Booking, venue, quantity, amount and times; not before the person can no longer cancel."""
    placed, made, person = await booked(town, begins_in=timedelta(days=10))
    shown = await tickets.of(person, made.id)
    assert shown.legacy == f"PASSCULTURE:v3;TOKEN:{made.countermark}"
    assert read(shown.signed).ticket == Ticket(
        booking_id=made.id,
        venue_id=placed.venue_id,
        quantity=1,
        amount_cents=1500,
        valid_from=made.cancellable_until,
        valid_until=clock.now + timedelta(days=10) + AFTER_BEGIN,
    )
    for text in (repr(shown), base64.b64encode(shown.signed.encode()).decode()):
        assert made.countermark not in text


async def test_only_a_booking_that_can_be_used_has_a_ticket(town, tickets) -> None:
    """Nobody else's, no cancelled one; a used one says so."""
    placed, made, person = await booked(town)
    with pytest.raises(errors.BookingUnknown):
        await tickets.of(await town.person(), made.id)
    town.clock.later(days=3)
    await town.desk().use(made.countermark, [placed.venue_id], await town.key(), "n")
    with pytest.raises(errors.AlreadyUsed):
        await tickets.of(person, made.id)
    _, other, someone = await booked(town)
    await town.bookings().cancel(someone, other.id)
    with pytest.raises(errors.Cancelled):
        await tickets.of(someone, other.id)


async def test_the_first_key_is_drawn_once(town, keys) -> None:
    """Asked for by many at the same moment."""
    drawn = await asyncio.gather(*(keys.signing() for _ in range(8)))
    assert len({key.id for key in drawn}) == 1 == len(await keys.published())


async def test_printed_tickets_outlive_a_rotation(town, keys, tickets, clock) -> None:
    """The new key is published before it signs; what the old one signed is good until that is retired."""
    _, made, person = await booked(town, begins_in=timedelta(days=30))
    printed = (await tickets.of(person, made.id)).signed
    old = (await keys.signing()).id
    new = await keys.rotate(actor="staff:test")
    assert {key.id for key in await keys.published()} == {old, new.id}
    assert (await keys.signing()).id == old
    clock.now += LEAD
    assert (await keys.signing()).id == new.id
    await check_genuine(town.pool, read(printed))
    with pytest.raises(KeyStillNeeded):
        await keys.retire(old, actor="staff:test")
    fresh = (await tickets.of(person, made.id)).signed
    clock.later(days=33)
    await keys.retire(old, actor="staff:test")
    with pytest.raises(token_errors.TicketKeyRetired) as refused:
        await check_genuine(town.pool, read(printed))
    assert refused.value.retired_at == clock.now
    await check_genuine(town.pool, read(fresh))
    actions = [row["action"] for row in await town.pool.fetch("select action from audit_event order by id")]
    assert actions == ["ticket_key.made", "ticket_key.made", "ticket_key.retired"]


async def test_a_stolen_key_goes_at_once(town, keys, tickets) -> None:
    """By force, although people carry its tickets and nothing else signs; the next ticket has a new one."""
    _, made, person = await booked(town)
    stolen = (await keys.signing()).id
    await tickets.of(person, made.id)
    assert [(one.tickets, one.valid_until) for one in await keys.listed()] == [
        (1, town.clock.now + timedelta(days=10) + AFTER_BEGIN)
    ]
    await keys.retire(stolen, actor="staff:test", force=True)
    await keys.retire(stolen, actor="staff:test")
    assert read((await tickets.of(person, made.id)).signed).key != stolen
    with pytest.raises(LookupError):
        await keys.retire("00000000", actor="staff:test")


async def test_the_last_key_is_not_retired_by_mistake(town, keys) -> None:
    """Nor while the next one is only published."""
    only = (await keys.signing()).id
    await keys.rotate(actor="staff:test")
    with pytest.raises(KeyStillNeeded):
        await keys.retire(only, actor="staff:test")


async def test_the_private_part_is_sealed(town, keys) -> None:
    """A copy of the database signs nothing: neither in clear, nor with another installation's secret."""
    ours = await keys.signing()
    sealed = await town.pool.fetchval("select sealed from ticket_key")
    assert ours.private_key not in sealed
    assert ours.private_key.hex().encode() not in sealed
    with pytest.raises(SealBroken):
        await TicketKeys(town.pool, Vault([b"w" * 32]), town.clock).signing()
    assert ours.private_key.hex() not in repr(ours)


async def test_keys_are_sealed_anew_with_the_next_secret(town, keys) -> None:
    """While both secrets are given, what the old one sealed is opened; then the new one alone is enough."""
    ours, old, new = await keys.signing(), b"v" * 32, b"n" * 32
    await keys.rotate(actor="staff:test")
    assert await TicketKeys(town.pool, Vault([new, old]), town.clock).reseal() == 2
    assert await TicketKeys(town.pool, Vault([new]), town.clock).signing() == ours
    with pytest.raises(SealBroken):
        await keys.signing()
