"""Signed tickets: what a QR code holds so that a till can judge it without us.

    PC1:<key>:<booking>:<venue>:<quantity>:<cents>:<from>:<until>:<signature>

All of it lies in the QR code's alphanumeric alphabet. Key: 8 hexadecimal digits. Booking and venue: the 13
characters of their public ids. Cents: the whole amount. From and until: seconds since 1970, both included. The
signature is Ed25519 (RFC 8032) over the text before its colon, in base 32 (RFC 4648) without padding. Nothing
names the person, and the countermark is not in it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bookings.token_errors import TicketForged, TicketMalformed
from schemas.ids import UnknownId, internal_id, public_id

FORM = "PC1"
LONGEST = 400
_SIGNATURE_CHARACTERS = 103
"""Of 64 bytes in base 32."""
_TEXT = re.compile(
    rf"(?P<signed>{FORM}:(?P<key>[0-9A-F]{{8}}):(?P<booking>[0-9A-Z]{{13}}):(?P<venue>[0-9A-Z]{{13}})"
    r":(?P<quantity>[1-9][0-9]?):(?P<cents>0|[1-9][0-9]{0,8}):(?P<since>[1-9][0-9]{0,10}):(?P<until>[1-9][0-9]{0,10}))"
    rf":(?P<signature>[A-Z2-7]{{{_SIGNATURE_CHARACTERS}}})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a ticket says. Ids are row ids; instants are whole seconds."""

    booking_id: int
    venue_id: int
    quantity: int
    amount_cents: int
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Presented:
    """A ticket as read, before anybody looked whether it is genuine."""

    ticket: Ticket
    key: str
    signed: bytes
    signature: bytes

    def check(self, public_key: bytes) -> None:
        """Raises `TicketForged` unless this key, 32 bytes, signed it."""
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, self.signed)
        except InvalidSignature:
            raise TicketForged from None


def key_id(public_key: bytes) -> str:
    """How tickets and the published list name a key."""
    return hashlib.sha256(public_key).hexdigest()[:8].upper()


def write(ticket: Ticket, private_key: bytes) -> str:
    """The ticket's text, signed with this key (32 bytes)."""
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    signed = ":".join(
        (
            FORM,
            key_id(key.public_key().public_bytes_raw()),
            _tail("booking", ticket.booking_id),
            _tail("venue", ticket.venue_id),
            str(ticket.quantity),
            str(ticket.amount_cents),
            str(int(ticket.valid_from.timestamp())),
            str(int(ticket.valid_until.timestamp())),
        )
    )
    signature = base64.b32encode(key.sign(signed.encode("ascii"))).rstrip(b"=").decode("ascii")
    return f"{signed}:{signature}"


def is_ticket(text: str) -> bool:
    """Whether the text means to be a signed ticket, well formed or not."""
    return text.strip()[: len(FORM) + 1].upper() == f"{FORM}:"


def read(text: str) -> Presented:
    """The ticket in a text that `is_ticket`, blanks around it and lower case accepted. Raises `TicketMalformed`."""
    found = None if len(text) > LONGEST else _TEXT.fullmatch(text.strip().upper())
    if found is None:
        raise TicketMalformed
    try:
        ticket = Ticket(
            booking_id=internal_id("booking", f"b_{found['booking'].lower()}"),
            venue_id=internal_id("venue", f"v_{found['venue'].lower()}"),
            quantity=int(found["quantity"]),
            amount_cents=int(found["cents"]),
            valid_from=datetime.fromtimestamp(int(found["since"]), UTC),
            valid_until=datetime.fromtimestamp(int(found["until"]), UTC),
        )
    except (UnknownId, ValueError, OverflowError):
        raise TicketMalformed from None
    padded = found["signature"] + "=" * (-_SIGNATURE_CHARACTERS % 8)
    return Presented(ticket, found["key"], found["signed"].encode("ascii"), base64.b32decode(padded))


def short_hash(booking_id: int) -> str:
    """How the revocation list names a booking: 16 hexadecimal digits of the SHA-256 of its public id."""
    return hashlib.sha256(public_id("booking", booking_id).encode("ascii")).hexdigest()[:16]


def _tail(kind: str, number: int) -> str:
    return public_id(kind, number).partition("_")[2].upper()
