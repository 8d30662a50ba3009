"""A source's connector, or its seller, opened: its secrets unsealed, over an HTTP client of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any

from catalogue.database import Pool
from catalogue.merging import SourceInfo
from connectors.base import Connector
from connectors.registry import build, build_seller
from connectors.selling import Selling
from net.client import Aside, Limits, open_http
from net.traffic import Traffic
from sync.providers import Pace
from sync.raw_pages import PageKeeper
from sync.sources import owner
from sync.vault import Vault


class Opener:
    """Opens sources; `limits` bound what a provider may cost."""

    def __init__(self, pool: Pool, vault: Vault, *, clock: Callable[[], datetime], limits: Limits | None) -> None:
        self._pool, self._vault, self._clock, self._limits = pool, vault, clock, limits

    @asynccontextmanager
    async def connect(
        self,
        source: SourceInfo,
        run_id: int | None = None,
        traffic: Traffic | None = None,
        aside: Aside = nullcontext,
    ) -> AsyncIterator[Connector]:
        """The source's connector. With a run, what the provider answers is kept for some days.

        Raises `SealBroken`, `SettingsRefused`, `UnknownConnector`.
        """
        settings, secrets, allow_private = await self._settings(source)
        keep = None if run_id is None else PageKeeper(self._pool, source.id, run_id, secrets=secrets)
        pace = await self._pace(source.id)
        opened = open_http(
            self._limits, allow_private=allow_private, keep=keep, pace=pace, traffic=traffic, aside=aside
        )
        async with opened as http:
            yield build(source.connector, settings, http, clock=self._clock, account=source.account)

    @asynccontextmanager
    async def sell(self, source: SourceInfo) -> AsyncIterator[Selling]:
        """Who sells in the source's own ticketing. Raises `SettingsRefused` where its protocol does not sell."""
        settings, _, allow_private = await self._settings(source)
        async with open_http(allow_private=allow_private) as http:
            yield build_seller(source.connector, settings, http)

    async def _pace(self, source_id: int) -> Pace:
        row = await self._pool.fetchrow(
            "select p.name, p.per_second from feed f join provider p on p.name = f.provider where f.source_id = $1",
            source_id,
        )
        return Pace(self._pool, *(row or (None, None)))

    async def _settings(self, source: SourceInfo) -> tuple[dict[str, Any], list[str], bool]:
        """All settings, the secrets among them by themselves, and whether private addresses may be asked."""
        [feed] = await self._pool.fetch(
            "select settings, secrets, allow_private from feed where source_id = $1", source.id
        )
        secrets = self._vault.open(feed["secrets"], owner=owner(source.connector, source.account))
        return {**feed["settings"], **secrets}, list(secrets.values()), feed["allow_private"]
