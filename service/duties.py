"""What the worker does by the clock besides reading sources: sales in doubt, sessions that are gone, goods
nobody fetched, old answers, sources that have been silent for too long, and all that is told by webhook or mail.

Each duty picks its rows so that several workers can do it at once. One that fails is logged and tried again
at its next turn; the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from bookings import outbox, stock_news
from bookings.closing import Closing
from bookings.courier import Courier
from bookings.mails import Mails
from bookings.retention import purge_attempts, purge_tickets
from bookings.withdrawals import Withdrawals
from catalogue.changes import compact
from catalogue.rarity import count_grown
from net.client import Limits, open_http
from net.mail import MailFolder, Postman, SmtpRelay
from service.house import House
from service.settings import Settings
from sync import pushing, raw_pages
from sync.alerts import hand_over
from sync.freshness import look
from sync.retention import purge
from sync.runner import now

logger = logging.getLogger(__name__)

WEBHOOK_LIMITS = Limits(total_seconds=15, connect_seconds=5, read_seconds=15, max_bytes=65536, max_redirects=0, tries=1)
"""What a partner's endpoint may cost; trying again is the courier's affair."""


Turn = tuple[str, float, Callable[[], Awaitable[object]]]
"""What is done, every how many seconds, and how."""


@asynccontextmanager
async def duties(house: House) -> AsyncIterator[None]:
    """Does them while the block lasts."""
    withdrawals, closing = Withdrawals(house.pool, now), Closing(house.pool, now)

    async def look_at_silent_sources() -> None:
        await look(house.pool, now())

    turns: list[Turn] = [
        ("resolve pending sales", 5.0, house.reconciler.resolve_pending),
        ("settle cancelled and moved sessions", 30.0, withdrawals.settle),
        ("find bookings of cancelled sessions", 600.0, withdrawals.note_late),
        ("expire bookings", 300.0, house.bookings.expire_due),
        ("warn of goods that will be given back", 3600.0, closing.warn),
        ("count past events as used", 600.0, closing.use_past_events),
        ("count the words of a catalogue that grew", 600.0, lambda: count_grown(house.pool)),
        ("recredit birthdays", 600.0, house.wallets.recredit_due),
        ("take back ended credit", 3600.0, closing.lapse),
        ("purge idempotency keys", 3600.0, house.bookings.purge_keys),
        ("purge refused attempts", 3600.0, lambda: purge_attempts(house.pool, now())),
        ("forget tickets", 6 * 3600.0, lambda: purge_tickets(house.pool, now())),
        ("purge runs and mended rows", 3600.0, lambda: purge(house.pool, now())),
        ("forget people", 6 * 3600.0, house.privacy.erase_old),
        ("compact the change log", 6 * 3600.0, lambda: compact(house.pool, now())),
        ("forget pushed batches", 600.0, lambda: pushing.purge(house.pool, now() - timedelta(days=pushing.KEPT_DAYS))),
        ("forget pages", 600.0, lambda: raw_pages.purge(house.pool, now() - timedelta(days=raw_pages.KEPT_DAYS))),
        ("hide silent sources", 60.0, look_at_silent_sources),
    ]
    async with telling(house) as told:
        tasks = [asyncio.create_task(repeated(name, seconds, duty)) for name, seconds, duty in [*turns, *told]]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task


@asynccontextmanager
async def telling(house: House) -> AsyncIterator[list[Turn]]:
    """The duties by which what happened leaves: webhooks, mails, alerts."""

    async def spread() -> None:
        while await outbox.spread(house.pool, now()):
            pass

    async with open_http(WEBHOOK_LIMITS, allow_private=house.settings.sandbox) as http:
        courier = Courier(house.pool, house.vault, http, now)
        turns: list[Turn] = [
            ("spread what happened", 1.0, spread),
            ("note changed stocks", 5.0, lambda: stock_news.read_changes(house.pool, now())),
            ("deliver webhooks", 1.0, courier.turn),
            ("forget what was told", 3600.0, lambda: outbox.purge(house.pool, now())),
        ]
        if (postman := postman_of(house.settings)) is not None:
            staff = house.settings.staff_mail
            mails = Mails(house.pool, postman, now, sender=house.settings.mail_from, staff=staff)
            turns.append(("send mails", 5.0, mails.send_due))
            if staff is not None:
                turns.append(("mail alerts", 60.0, lambda: hand_over(house.pool, now())))
        try:
            yield turns
        finally:
            await courier.close()


def postman_of(settings: Settings) -> Postman | None:
    """Who takes mails: the relay, a folder in the sandbox, or nobody, and then they wait."""
    if settings.smtp_url is not None:
        return SmtpRelay.at(settings.smtp_url)
    return MailFolder(settings.home / "mails") if settings.sandbox else None


async def repeated(name: str, seconds: float, duty: Callable[[], Awaitable[object]]) -> None:
    """Does it again and again until cancelled; a turn that fails, by a defect too, is logged and not the last."""
    while True:
        try:
            await duty()
        except Exception:
            logger.exception("duty failed: %s", name)
        await asyncio.sleep(seconds)
