"""A signed ticket as a till judges it without network: pure functions, to be copied by whoever writes a till.

    PC1:<key>:<booking>:<venue>:<quantity>:<cents>:<from>:<until>:<signature>

Written after the published guide alone; the platform's own code is not used.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """The till does not accept it. `reason` is for programs: malformed, key-unknown, key-retired, forged…"""

    def __init__(self, reason: str) -> None:
        super().__init__(REASONS[reason])
        self.reason = reason


REASONS: Mapping[str, str] = {
    "malformed": "ce n'est pas un billet signé",
    "key-unknown": "clé de signature inconnue : relire les clés publiées",
    "key-retired": "clé de signature retirée",
    "forged": "signature fausse",
    "wrong-venue": "billet d'un autre lieu",
    "not-yet": "pas encore valable",
    "expired": "plus valable, ou plus assez longtemps pour être envoyé à temps",
    "wrong-quantity": "autre quantité",
    "revoked": "déjà utilisé ou annulé",
    "used-here": "déjà accepté par cette caisse",
    "stale": "clés et révocations trop anciennes : reprendre le réseau",
    "over-limit": "plafond hors ligne atteint : envoyer le journal",
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says; booking and venue by their public ids."""

    booking: str
    venue: str
    quantity: int
    cents: int
    valid_from: datetime
    valid_until: datetime

    @property
    def short_hash(self) -> str:
        """How the revocation list names the booking."""
        return hashlib.sha256(self.booking.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Key:
    """A published key."""

    public: bytes
    retired: bool


def keys_of(published: Mapping[str, Any]) -> dict[str, Key]:
    """The keys of `/.well-known/passerelle-keys.json`, by their id."""
    return {one["kid"]: Key(base64.urlsafe_b64decode(one["x"] + "="), "retiredAt" in one) for one in published["keys"]}


def verify(
    text: str,
    keys: Mapping[str, Key],
    venues: Collection[str],
    now: datetime,
    *,
    spare: timedelta = timedelta(0),
    quantity: int | None = None,
) -> Ticket:
    """The ticket, if it is genuine, of one of these venues, and good now and for `spare` more. Raises `Refused`."""
    signed, _, signature = text.strip().upper().rpartition(":")
    fields = signed.split(":")
    if len(fields) != 8 or fields[0] != "PC1":
        raise Refused("malformed")
    key = keys.get(fields[1])
    if key is None:
        raise Refused("key-unknown")
    try:
        raw = base64.b32decode(signature + "=" * (-len(signature) % 8))
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw, signed.encode("ascii"))
    except (InvalidSignature, binascii.Error, ValueError):
        raise Refused("forged") from None
    if key.retired:
        raise Refused("key-retired")
    # What was signed is well formed: the platform wrote it.
    ticket = Ticket(
        booking=f"b_{fields[2].lower()}",
        venue=f"v_{fields[3].lower()}",
        quantity=int(fields[4]),
        cents=int(fields[5]),
        valid_from=datetime.fromtimestamp(int(fields[6]), UTC),
        valid_until=datetime.fromtimestamp(int(fields[7]), UTC),
    )
    if ticket.venue not in venues:
        raise Refused("wrong-venue")
    if now < ticket.valid_from:
        raise Refused("not-yet")
    if now + spare > ticket.valid_until:
        raise Refused("expired")
    if quantity not in (None, ticket.quantity):
        raise Refused("wrong-quantity")
    return ticket
