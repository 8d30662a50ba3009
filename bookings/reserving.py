"""Decides a booking and writes it, in two statements: look, then write where nothing has happened since.

`store.LOOK` reads wallet, stock and earlier answer as of one moment; the rules are judged in between; `store.RESERVE`
takes the wallet if it is free and still at the version looked at, and the last word on what is left is the
allotment's own. Both are their own transactions, so no lock is ever held across our network. Who comes second to a
wallet, or finds a stock sold out under its hands, does the same again under the wallet's lock, in one transaction.
A refusal is written under the idempotency key as well: it is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import asyncpg
import msgspec

from bookings import idempotency, ledger, rules, store
from bookings.errors import (
    Busy,
    IdempotencyMismatch,
    Refusal,
    SoldOut,
    StillRunning,
    StockNotBookable,
    StockUnknown,
    WalletUnknown,
    remember,
)
from bookings.external_claims import LEASE
from bookings.idempotency import Repetition, Request
from bookings.looking import Look, look
from bookings.records import Booking, Promise
from bookings.transactions import CountermarkTaken

if TYPE_CHECKING:
    from bookings.gates import Gate
    from bookings.transactions import Connection, Pool

Answer = Booking | Repetition | Refusal


@dataclass(frozen=True, slots=True)
class SaleKeys:
    """How the provider that sells the stock names session and price; None where it no longer says."""

    session_key: str | None
    price_part: str | None


async def reserve(
    conn: Connection | Pool,
    request: Request,
    seen: Look,
    keys: SaleKeys | None,
    now: datetime,
    gate: Gate | None = None,
) -> Answer | None:
    """The new booking (`held` where `keys` say that the provider must sell it), or the answer to give.

    None where the wallet is not as it was seen, or the place went to others meanwhile: to be done again under its
    lock. The booking is written through `gate` where one is given. Raises `CountermarkTaken`.
    """
    if seen.purse is None:
        return WalletUnknown()
    try:
        known = idempotency.repetition(request, seen.row, now)
    except (IdempotencyMismatch, StillRunning) as refusal:
        return refusal
    if known is not None:
        return known
    try:
        facts = seen.facts
        if facts is None:
            raise StockUnknown
        deal = rules.check_booking(
            facts,
            seen.purse,
            quantity=request.quantity,
            is_already_booked=seen.row["is_already_booked"],
            taken=seen.row["taken"],
            total=seen.row["total"],
            expected_price_cents=request.expected_price_cents,
            birth_date=request.birth_date,
            now=now,
        )
        if keys is not None and keys.session_key is None:
            raise StockNotBookable("incomplete")
        return await _write(conn, request, facts, seen, keys, deal, now, gate)
    except Refusal as refusal:
        return await _refuse(conn, request, seen.purse, refusal, now)


async def reserve_locked(
    conn: Connection, request: Request, seen: Look, keys: SaleKeys | None, now: datetime
) -> Answer:
    """The same with the wallet's lock waited for, and everything looked at again under it.

    Raises `Busy` where another source sells the stock by now.
    """
    if await conn.fetchrow(store.LOCK_WALLET, request.pseudonym) is None:
        return WalletUnknown()
    found = await look(conn, request, now)
    if found.source_id != seen.source_id:
        raise Busy
    answer = await reserve(conn, request, found, keys, now)
    if answer is not None:
        return answer
    # The wallet is ours, so others have filled the stock: what is left is read anew.
    assert found.facts is not None
    assert found.purse is not None
    left: int | None = await conn.fetchval(store.LEFT, found.facts.stock_id, found.facts.venue_id)
    refused = await _refuse(conn, request, found.purse, SoldOut(max(0, left or 0)), now)
    assert refused is not None
    return refused


async def _refuse(
    conn: Connection | Pool, request: Request, purse: rules.Purse, refusal: Refusal, now: datetime
) -> Refusal | None:
    kept = msgspec.json.encode(remember(refusal)).decode()
    done = await conn.fetchval(
        store.KEEP_REFUSAL, request.owner, request.key, request.hash, kept, now, purse.id, purse.version
    )
    return refusal if done else None


async def _write(
    conn: Connection | Pool,
    request: Request,
    facts: rules.Facts,
    seen: Look,
    keys: SaleKeys | None,
    deal: rules.Deal,
    now: datetime,
    gate: Gate | None,
) -> Booking | None:
    purse, countermark = seen.purse, seen.row["countermark"]
    assert purse is not None
    if countermark is None:
        raise CountermarkTaken
    venue_account_id: int | None = seen.row["venue_account_id"]
    if venue_account_id is None and deal.shares:
        venue_account_id = await ledger.account(conn, ledger.venue(facts.venue_id))
    is_here = keys is None
    kind, quantity = facts.kind, request.quantity
    is_used = is_here and rules.is_used_at_once(kind, deal.price_cents)
    promise = _promise(facts)
    made = Booking(
        id=0,
        status="used" if is_used else "confirmed" if is_here else "held",
        countermark=countermark if is_here else None,
        stock_id=facts.stock_id,
        offer_id=facts.offer_id,
        venue_id=facts.venue_id,
        session_id=facts.session_id,
        quantity=quantity,
        unit_price_cents=deal.price_cents,
        created_at=now,
        confirmed_at=now if is_here else None,
        used_at=now if is_used else None,
        cancelled_at=None,
        cancellation_reason=None,
        cancellable_until=rules.cancellable_until(facts.begins_at, now),
        expires_at=rules.expires_at(kind, now),
        promise=promise,
    )
    is_told = facts.sales_seen == "at_booking" or (is_used and facts.sales_seen == "at_acceptance")
    arguments = (
        made.stock_id,
        made.venue_id,
        0 if is_here else quantity,
        quantity if is_here else 0,
        purse.id,
        purse.version,
        kind.counts_physical,
        kind.counts_digital,
        countermark,
        made.offer_id,
        made.session_id,
        facts.source_id,
        quantity,
        made.unit_price_cents,
        made.status,
        now,
        made.confirmed_at,
        made.cancellable_until,
        made.expires_at,
        now if is_here and is_told else None,
        msgspec.json.encode(promise).decode(),
        [share.deposit_id for share in deal.shares],
        [share.account_id for share in deal.shares],
        request.owner,
        request.key,
        request.hash,
        "done" if is_here else "running",
        idempotency.accepted(made.status) if is_here else None,
        None if keys is None else keys.session_key,
        None if keys is None else keys.price_part,
        now + LEASE,
        [share.cents for share in deal.shares],
        venue_account_id,
        made.used_at,
    )

    booking_id: int | None
    try:
        if gate is None:
            booking_id = await conn.fetchval(store.RESERVE, *arguments)
        else:
            booking_id = await gate.write(arguments)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "booking_countermark":
            raise CountermarkTaken from None
        raise
    return None if booking_id is None else replace(made, id=booking_id)


def _promise(facts: rules.Facts) -> Promise:
    if facts.title is None or facts.subcategory is None:
        raise StockNotBookable("incomplete")
    return Promise(
        title=facts.title,
        subcategory=facts.subcategory,
        venue_name=facts.venue_name,
        time_zone=facts.time_zone,
        siret=facts.siret,
        ean=facts.ean,
        begins_at=facts.begins_at,
        ends_at=facts.ends_at,
        hall=facts.hall,
        version=facts.version,
        price_label=facts.price_label,
    )
