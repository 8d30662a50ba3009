"""The same key, the same answer: for 24 hours, to the same person, for the same request."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from bookings.errors import IdempotencyMismatch, Refusal, StillRunning, recall
from bookings.records import Booking

if TYPE_CHECKING:
    import asyncpg

KEPT = timedelta(hours=24)
"""How long an answer is repeated. Published: a client must not reuse a key before."""
RUNNING = timedelta(seconds=30)
"""How long a two-phase booking may hold its first request; after that its repetition gets the pending booking."""
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, by whom, under which key."""

    pseudonym: uuid.UUID
    key: str
    stock_id: int
    quantity: int
    expected_price_cents: int | None
    birth_date: date | None = None
    """To judge by; no part of what was asked, and kept nowhere."""

    @property
    def owner(self) -> str:
        """Keys of different people never meet."""
        return f"wallet:{self.pseudonym}"

    @property
    def hash(self) -> bytes:
        """SHA-256 of what was asked."""
        asked = json.dumps([self.stock_id, self.quantity, self.expected_price_cents])
        return hashlib.sha256(asked.encode()).digest()


@dataclass(frozen=True, slots=True)
class Repetition:
    """This key was answered before: what `answer` makes of the booking as it is now."""

    booking_id: int
    status: str

    def answer(self, booking: Booking) -> Booking:
        """The booking as it was answered then; what has become of it since is asked at its own address."""
        return replace(booking, status=self.status, used_at=None, cancelled_at=None, cancellation_reason=None)


def accepted(status: str) -> str:
    """The JSON kept for a booking that was made."""
    return json.dumps({"status": status})


def repetition(request: Request, row: asyncpg.Record, now: datetime) -> Repetition | Refusal | None:
    """What is known of the request's key in a row of `store.LOOK`; None where it is new.

    Raises `IdempotencyMismatch`, or `StillRunning`.
    """
    if row["key_status"] is None:
        return None
    if row["request_hash"] != request.hash:
        raise IdempotencyMismatch
    if row["key_status"] == "running":
        if now - row["key_created_at"] < RUNNING:
            raise StillRunning
        return Repetition(row["key_booking_id"], "held")
    answer = json.loads(row["response"])
    if "refusal" in answer:
        return recall(answer)
    return Repetition(row["key_booking_id"], answer["status"])
