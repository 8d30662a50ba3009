"""The vendors' face over a bookshop and a theatre, each with a vendor of its own."""

from __future__ import annotations

import pytest
from partner_client import Partner, open_partner
from pytest_aiohttp.plugin import AiohttpClient
from storefront import Clock

from catalogue.database import Pool


@pytest.fixture
async def partner(pool: Pool, aiohttp_client: AiohttpClient) -> Partner:
    return await open_partner(pool, Clock(), aiohttp_client)
