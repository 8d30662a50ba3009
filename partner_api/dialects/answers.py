"""The shapes of the dialects' answers, in their own words. What we do not tell a vendor is there, and empty."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct, field


class Dialect(Struct, frozen=True, kw_only=True, rename="camel"):
    """All fields are always there."""


class GetBookingResponse(Dialect, frozen=True):
    """A booking in `/public/bookings/v1`."""

    id: int
    quantity: int
    creation_date: datetime
    confirmation_date: datetime | None
    """Until when the person may cancel."""
    price: int
    """Of one, in cents."""
    status: str
    offer_id: int
    stock_id: int
    price_category_id: int | None
    """Always null: prices have no rows of their own here."""
    price_category_label: str | None
    offer_name: str
    offer_ean: str | None
    offer_address: str | None
    offer_department_code: str | None
    venue_id: int
    venue_name: str
    user_email: str
    user_phone_number: str | None
    """Always null: not a partner's to know."""
    user_first_name: str | None
    user_last_name: str | None
    user_birth_date: date | None
    """Always null: not a partner's to know."""
    user_postal_code: str | None
    """Always null: not a partner's to know."""


class GetFilteredBookingsResponse(Dialect, frozen=True):
    """A page of them."""

    bookings: list[GetBookingResponse]


class BookingV2(Dialect, frozen=True):
    """A countermark in `/v2/bookings`. A text that is not known is empty."""

    booking_id: str
    """Humanised."""
    date_of_birth: str
    """Always empty: not a partner's to know."""
    datetime: str
    """When the session begins, UTC."""
    ean13: str
    email: str
    formula: str
    """`PLACE`, `ABO` or empty."""
    is_used: bool
    offer_id: int
    public_offer_id: str
    """Humanised."""
    offer_name: str
    offer_type: str
    """`EVENEMENT` or `BIEN`."""
    phone_number: str
    """Always empty: not a partner's to know."""
    price: float
    """Of one, in euros."""
    quantity: int
    theater: dict[str, str]
    """Always an empty object."""
    user_name: str
    venue_address: str
    venue_department_code: str
    venue_name: str


class Booking2018(Dialect, frozen=True):
    """A countermark in `/bookings/token/{token}`."""

    booking_id: str
    date: str
    email: str
    is_used: bool
    offer_name: str
    user_name: str
    venue_departement_code: str


class GlobalError(Dialect, frozen=True):
    """What concerns no field of the request."""

    everything: list[str] = field(name="global")


class BookingError(Dialect, frozen=True):
    """What has become of the booking."""

    booking: list[str]


class PaymentError(Dialect, frozen=True):
    """The venue has been paid."""

    payment: list[str]


class AuthError(Dialect, frozen=True):
    """Nobody known is calling."""

    auth: list[str]


class UserError(Dialect, frozen=True):
    """The key has not this right."""

    user: list[str]


class ValidationErrorElement(Dialect, frozen=True):
    """A parameter that does not fit."""

    loc: list[str]
    msg: str
    type: str
