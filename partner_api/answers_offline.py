"""The shapes of JSON answers about acceptance without us."""

from __future__ import annotations

from datetime import datetime

from partner_api.answers import Answer, RefusalAnswer


class PublishedKeyAnswer(Answer, frozen=True):
    """A key that signs tickets, as a JWK (RFC 8037) with its times."""

    kid: str
    kty: str
    crv: str
    alg: str
    use: str
    x: str
    """The public key, 32 bytes in base64url."""
    published_at: datetime
    signs_from: datetime
    retired_at: datetime | None = None
    """What it signed proves nothing since then."""


class PublishedKeysAnswer(Answer, frozen=True):
    """All keys there ever were: those to come and retired ones among them."""

    keys: list[PublishedKeyAnswer]


class OfflinePolicyAnswer(Answer, frozen=True):
    """What each till of a venue may accept before it uploads its journal."""

    venue_id: str
    venue_ids: list[str]
    """What tickets may call the venue: it, and those that were merged into it."""
    most_cents: int
    most_count: int
    """0: nothing may be accepted offline."""
    upload_within_hours: int
    """A ticket that has less time left is not accepted offline."""
    list_age_hours: int
    """How old keys and revocations may be."""
    keys: str
    """Where the keys are published."""


class RevocationsAnswer(Answer, frozen=True):
    """Tickets that look good and are not: of bookings used, cancelled or expired."""

    venue_id: str
    hashes: list[str]
    """The first 16 hexadecimal digits of the SHA-256 of the booking's public id, sorted."""


class EntryReceiptAnswer(Answer, frozen=True):
    """What became of one entry of a journal."""

    n: int
    """Its place in what was sent, from 0."""
    outcome: str
    """accepted; conflict (genuine, not usable); refused; undecided (send it again)."""
    sequence: int | None = None
    nonce: str | None = None
    received_at: datetime | None = None
    used_at: datetime | None = None
    problem: RefusalAnswer | None = None


class JournalAnswer(Answer, frozen=True):
    """A receipt for each entry, in their order."""

    receipts: list[EntryReceiptAnswer]


class ConflictAnswer(Answer, frozen=True):
    """A ticket that a till accepted offline and that could not be used."""

    till: str
    sequence: int
    ticket: str
    """Its short hash, as in the revocation list."""
    quantity: int
    amount_cents: int
    accepted_at: datetime
    """By the till's clock."""
    received_at: datetime
    problem: RefusalAnswer
    winner_till: str | None = None
    """The till whose journal came first."""
    winner_sequence: int | None = None


class ConflictsAnswer(Answer, frozen=True):
    """A page of conflicts, the newest first."""

    conflicts: list[ConflictAnswer]


class TillAnswer(Answer, frozen=True):
    """A till that has uploaded."""

    vendor: str
    till: str
    last_sequence: int
    missing: int
    """Numbers of its journal that never came: acceptances that nobody has told us."""
    conflicts: int
    last_received_at: datetime


class RiskAnswer(Answer, frozen=True):
    """What a venue risks by accepting offline, and what has come of it in thirty days."""

    venue_id: str
    most_cents: int
    most_count: int
    exposed_cents: int
    """What the tills heard of in that time may accept together before they upload."""
    since: datetime
    accepted: int
    accepted_cents: int
    conflicts: int
    conflict_cents: int
    """Handed over and not paid."""
    refused: int
    tills: list[TillAnswer]
