"""What is sent to an endpoint: bytes, and the headers that prove whose they are.

`standard`: Standard Webhooks (standardwebhooks.com, 1.0): `{"type", "timestamp", "data"}`, signed over id, time and
body with one `v1,` per secret in force. `passculture`: the notification of the pass Culture (its document of 2024),
signed with the secret's own text. A partner reads of a person first name, last name and e-mail, when they book, and
nothing else; the countermark is in no message.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bookings.records import promise
from bookings.webhooks import SECRET_PREFIX
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from accounts.people import Contact

BOOKED, GIVEN_BACK = "BOOK", "CANCEL"
_ACTIONS = {
    "booking.created": BOOKED,
    "booking.cancelled": GIVEN_BACK,
    "booking.expired": GIVEN_BACK,
}
NOBODY = {"firstName": "", "lastName": "", "email": ""}


def body(row: asyncpg.Record, form: str, contact: Contact | None) -> bytes | None:
    """The message of a `courier.MESSAGE` row, the same at each attempt while its person is known.

    None where the form has no word for the event.
    """
    if form == "passculture":
        return _notification(row, contact)
    said = {"type": row["kind"], "timestamp": _instant(row["at"]), "data": _data(row, contact)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def signed(message_id: str, at: datetime, sent: bytes, secrets: Sequence[str], form: str) -> dict[str, str]:
    """The headers of one sending; several secrets give several signatures."""
    headers = {"Content-Type": "application/json", "webhook-id": message_id}
    if form == "passculture":
        inner: str = json.loads(sent)
        proof = hmac.new(secrets[0].encode(), inner.encode(), hashlib.sha256).hexdigest()
        return headers | {"PassCulture-Signature": proof}
    seconds = str(int(at.timestamp()))
    signatures = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
        proof_bytes = hmac.new(key, f"{message_id}.{seconds}.".encode() + sent, hashlib.sha256).digest()
        signatures.append(f"v1,{base64.b64encode(proof_bytes).decode()}")
    return headers | {"webhook-timestamp": seconds, "webhook-signature": " ".join(signatures)}


def _data(row: asyncpg.Record, contact: Contact | None) -> dict[str, Any]:
    details: dict[str, Any] = json.loads(row["details"] or "{}")
    data: dict[str, Any] = {"venueId": public_id("venue", row["venue_id"])}
    if row["session_id"] is not None:
        return data | {"sessionId": public_id("session", row["session_id"])} | details
    if row["changed_stock_id"] is not None:
        return data | {"stockId": public_id("stock", row["changed_stock_id"])} | details
    promised = promise(row["snapshot"])
    data |= {
        "bookingId": public_id("booking", row["booking_id"]),
        "offerId": public_id("offer", row["offer_id"]),
        "stockId": public_id("stock", row["stock_id"]),
        "quantity": row["quantity"],
        "priceCents": row["unit_price_cents"],
        "amountCents": row["quantity"] * row["unit_price_cents"],
        "title": promised.title,
        "subcategory": promised.subcategory,
        "bookedAt": _instant(row["created_at"]),
    }
    if promised.ean is not None:
        data["ean"] = promised.ean
    if promised.begins_at is not None:
        data["beginsAt"] = _instant(promised.begins_at)
    if row["kind"] == "booking.created":
        data["person"] = NOBODY if contact is None else {
            "firstName": contact.first_name, "lastName": contact.last_name, "email": contact.email,
        }  # fmt: skip
    return data | details


def _notification(row: asyncpg.Record, contact: Contact | None) -> bytes | None:
    """A JSON text within a JSON text, as the document has it; the same fields, those we do not tell null."""
    action = _ACTIONS.get(row["kind"])
    if action is None:
        return None
    promised = promise(row["snapshot"])
    said = {
        "action": action,
        "booking_confirmation_date": None if row["cancellable_until"] is None else _instant(row["cancellable_until"]),
        "booking_creation_date": _instant(row["created_at"]),
        "booking_quantity": row["quantity"],
        "offer_ean": promised.ean,
        "offer_id": public_id("offer", row["offer_id"]),
        "offer_id_at_provider": None,
        "offer_name": promised.title,
        "offer_price": row["unit_price_cents"],
        "price_category_id": None,
        "price_category_label": promised.price_label,
        "stock_id": public_id("stock", row["stock_id"]),
        "stock_id_at_provider": None,
        "user_birth_date": None,
        "user_email": "" if contact is None else contact.email,
        "user_first_name": "" if contact is None else contact.first_name,
        "user_last_name": "" if contact is None else contact.last_name,
        "user_phone": None,
        "venue_address": None,
        "venue_department_code": row["department"],
        "venue_id": public_id("venue", row["venue_id"]),
        "venue_name": promised.venue_name,
    }
    return json.dumps(json.dumps(said, ensure_ascii=False, separators=(",", ":"))).encode()


def _instant(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
