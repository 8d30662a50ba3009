"""The whole house, built once from settings: the pool, the vault, and every domain object over them."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis

from accounts.keys import KeyRing
from accounts.people import People
from accounts.tokens import Issuer, Issuers
from bookings.booking import Bookings
from bookings.deliveries import Deliveries
from bookings.desk import Desk
from bookings.offline import OfflineDesk
from bookings.privacy import Privacy
from bookings.reconciler import Reconciler
from bookings.ticket_keys import TicketKeys
from bookings.tickets import Tickets
from bookings.wallets import Wallets
from bookings.webhooks import Webhooks
from catalogue.database import Pool, open_pool
from migrations.run import is_current, upgrade
from service.engines.databases import prepare_database
from service.engines.lifetime import EngineUrls
from service.sellers import Sellers
from service.settings import Settings
from sync.runner import Runner, now
from sync.vault import Vault

AUDIENCE = "passerelle-app"
"""Who beneficiaries' tokens are for."""
TOKEN_ALGORITHM = "EdDSA"  # noqa: S105 - the name of a signature algorithm


class NotMigrated(Exception):
    """The database is not at this code's revision."""


@dataclass(frozen=True, slots=True)
class House:
    """What commands, faces and workers are built from."""

    settings: Settings
    database_url: str
    redis_url: str
    pool: Pool
    redis: Redis
    vault: Vault
    runner: Runner
    keys: KeyRing
    issuers: Issuers
    people: People
    wallets: Wallets
    bookings: Bookings
    desk: Desk
    offline: OfflineDesk
    ticket_keys: TicketKeys
    tickets: Tickets
    reconciler: Reconciler
    webhooks: Webhooks
    deliveries: Deliveries
    privacy: Privacy


@asynccontextmanager
async def open_house(settings: Settings, urls: EngineUrls, *, pool_size: int = 10) -> AsyncIterator[House]:
    """The house over running engines, closed on leaving.

    The database is migrated where that is this process's own affair: embedded, or a profile's own. A given
    main database is migrated by `passerelle migrate` alone, and `NotMigrated` says so.
    """
    database_url = await prepare_database(settings, urls)
    async with await open_pool(database_url, size=pool_size) as pool, Redis.from_url(urls.redis) as redis:
        if not await is_current(pool):
            if settings.is_production:
                raise NotMigrated("La base n'est pas à jour : lancez « passerelle migrate ».")
            await upgrade(database_url)
        vault = Vault([settings.secret_key(), *settings.old_secret_keys])
        runner = Runner(pool, vault, owner=f"{socket.gethostname()}:{os.getpid()}")
        sellers = Sellers(pool, runner.opener, vault)
        ticket_keys = TicketKeys(pool, vault, now)
        bookings = Bookings(pool, sellers, now)
        try:
            yield House(
                settings=settings,
                database_url=database_url,
                redis_url=urls.redis,
                pool=pool,
                redis=redis,
                vault=vault,
                runner=runner,
                keys=KeyRing(pool, now, environment="sandbox" if settings.sandbox else "prod"),
                issuers=issuers(settings),
                people=People(pool),
                wallets=Wallets(pool, now),
                bookings=bookings,
                desk=Desk(pool, now),
                offline=OfflineDesk(pool, now),
                ticket_keys=ticket_keys,
                tickets=Tickets(pool, ticket_keys, now),
                reconciler=Reconciler(pool, sellers, now),
                webhooks=Webhooks(pool, vault, now, allow_private=settings.sandbox),
                deliveries=Deliveries(pool, now),
                privacy=Privacy(pool, bookings, now),
            )
        finally:
            await sellers.close()


def issuers(settings: Settings) -> Issuers:
    """Whose tokens are accepted: the configured issuer's, and the sandbox's own in the sandbox only."""
    configured = []
    if settings.token_issuer is not None and settings.token_key is not None:
        configured.append(Issuer(settings.token_issuer, TOKEN_ALGORITHM, settings.token_key))
    return Issuers(
        configured,
        audience=AUDIENCE,
        clock=now,
        sandbox=settings.sandbox,
        sandbox_key=sandbox_token_key(settings) if settings.sandbox else None,
    )


def sandbox_token_key(settings: Settings) -> str:
    """The key of the sandbox's token issuer, derived from the installation's secret and good for nothing else."""
    return hmac.new(settings.secret_key(), b"passerelle sandbox tokens", hashlib.sha256).hexdigest()
