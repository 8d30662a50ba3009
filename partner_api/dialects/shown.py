"""How records are put into the dialects' answers. Their ids are numbers: row numbers, since theirs have to fit."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from accounts.people import Contact
from bookings.listing import VenueBooking
from catalogue.directory import VenueAddress
from partner_api.dialects.answers import Booking2018, BookingV2, GetBookingResponse

STATUSES = {
    "confirmed": "CONFIRMED",
    "used": "USED",
    "reimbursed": "REIMBURSED",
    "cancelled": "CANCELLED",
    "expired": "CANCELLED",
}
"""Ours by theirs. A held booking is none yet."""
NOBODY = Contact("", "", "")
NOWHERE = VenueAddress(None, None, None, None)


def current(made: VenueBooking, who: Contact, where: VenueAddress) -> GetBookingResponse:
    """A booking in the words of 2023."""
    promise = made.promise
    return GetBookingResponse(
        id=made.id,
        quantity=made.quantity,
        creation_date=made.created_at,
        confirmation_date=made.cancellable_until,
        price=made.unit_price_cents,
        status=STATUSES[made.status],
        offer_id=made.offer_id,
        stock_id=made.stock_id,
        price_category_id=None,
        price_category_label=promise.price_label,
        offer_name=promise.title,
        offer_ean=promise.ean,
        offer_address=where.in_full,
        offer_department_code=where.department,
        venue_id=made.venue_id,
        venue_name=promise.venue_name,
        user_email=who.email,
        user_phone_number=None,
        user_first_name=who.first_name or None,
        user_last_name=who.last_name or None,
        user_birth_date=None,
        user_postal_code=None,
    )


def second(made: VenueBooking, who: Contact, where: VenueAddress) -> BookingV2:
    """A countermark in the words of 2019."""
    promise = made.promise
    is_event = promise.begins_at is not None
    return BookingV2(
        booking_id=humanised(made.id),
        date_of_birth="",
        datetime=_zulu(promise.begins_at),
        ean13=promise.ean or "",
        email=who.email,
        formula="ABO" if promise.subcategory.startswith("ABO_") else "PLACE" if is_event else "",
        is_used=made.status in ("used", "reimbursed"),
        offer_id=made.offer_id,
        public_offer_id=humanised(made.offer_id),
        offer_name=promise.title,
        offer_type="EVENEMENT" if is_event else "BIEN",
        phone_number="",
        price=made.unit_price_cents / 100,
        quantity=made.quantity,
        theater={},
        user_name=_name(who),
        venue_address=where.street or "",
        venue_department_code=where.department or "",
        venue_name=promise.venue_name,
    )


def pilot(made: VenueBooking, who: Contact, where: VenueAddress) -> Booking2018:
    """A countermark in the words of 2018."""
    return Booking2018(
        booking_id=humanised(made.id),
        date=_zulu(made.promise.begins_at),
        email=who.email,
        is_used=made.status in ("used", "reimbursed"),
        offer_name=made.promise.title,
        user_name=_name(who),
        venue_departement_code=where.department or "",
    )


def humanised(number: int) -> str:
    """A number as the field wrote ids: base 32 of its bytes, 8 for O and 9 for I, without padding."""
    encoded = base64.b32encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))
    return encoded.decode("ascii").rstrip("=").replace("O", "8").replace("I", "9")


def _name(who: Contact) -> str:
    return f"{who.first_name} {who.last_name}".strip()


def _zulu(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
