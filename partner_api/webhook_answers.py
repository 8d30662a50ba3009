"""The shapes of what is answered about webhooks, and how the domain's records are put into them."""

from __future__ import annotations

from datetime import datetime

from bookings.deliveries import Delivery
from bookings.webhooks import Endpoint, Made
from partner_api.answers import Answer
from schemas.ids import public_id


class WebhookAnswer(Answer, frozen=True):
    """An address that is told, and how that goes."""

    id: str
    url: str
    events: list[str]
    form: str
    created_at: datetime
    failures: int
    """Sendings that failed since one did not."""
    secret: str | None = None
    """Only when it is new: it is shown this once."""
    both_until: datetime | None = None
    """Until then the old secret signs beside the new one."""
    failing_since: datetime | None = None
    disabled_at: datetime | None = None
    disabled_why: str | None = None


class WebhooksAnswer(Answer, frozen=True):
    """The vendor's addresses, oldest first."""

    webhooks: list[WebhookAnswer]


class AttemptAnswer(Answer, frozen=True):
    """One sending."""

    at: datetime
    milliseconds: int
    status: int | None = None
    """What was answered; left out: nothing."""
    error: str | None = None


class DeliveryAnswer(Answer, frozen=True):
    """One message: its id is the header `webhook-id` of each of its sendings."""

    id: str
    type: str
    state: str
    """waiting, delivered, dead (nobody took it within a day) or superseded (a newer one says it)."""
    occurred_at: datetime
    attempts: list[AttemptAnswer]
    booking_id: str | None = None
    session_id: str | None = None
    stock_id: str | None = None
    next_try_at: datetime | None = None
    """While it waits."""
    ended_at: datetime | None = None


class DeliveriesAnswer(Answer, frozen=True):
    """A page of messages, the newest first."""

    deliveries: list[DeliveryAnswer]


def webhook(one: Endpoint, secret: str | None = None) -> WebhookAnswer:
    """An endpoint."""
    return WebhookAnswer(
        id=public_id("webhook", one.id),
        url=one.url,
        events=list(one.events),
        form=one.form,
        created_at=one.created_at,
        failures=one.failures,
        secret=secret,
        both_until=one.both_until,
        failing_since=one.failing_since,
        disabled_at=one.disabled_at,
        disabled_why=one.disabled_why,
    )


def made(new: Made) -> WebhookAnswer:
    """An endpoint with its new secret."""
    return webhook(new.endpoint, new.secret)


def delivery(one: Delivery) -> DeliveryAnswer:
    """A delivery with its sendings."""
    return DeliveryAnswer(
        id=public_id("delivery", one.id),
        type=one.kind,
        state=one.state,
        occurred_at=one.at,
        attempts=[
            AttemptAnswer(at=each.at, milliseconds=each.milliseconds, status=each.status, error=each.error)
            for each in one.tries
        ],
        booking_id=None if one.booking_id is None else public_id("booking", one.booking_id),
        session_id=None if one.session_id is None else public_id("session", one.session_id),
        stock_id=None if one.stock_id is None else public_id("stock", one.stock_id),
        next_try_at=one.next_try_at if one.state == "waiting" else None,
        ended_at=one.ended_at,
    )
