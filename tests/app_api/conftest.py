"""The youth app's face over a town with a bookshop, a theatre and a cinema that sells its own seats."""

from __future__ import annotations

import pytest
from app_client import App, open_app
from pytest_aiohttp.plugin import AiohttpClient
from storefront import Clock

from catalogue.database import Pool


@pytest.fixture
async def app(pool: Pool, aiohttp_client: AiohttpClient) -> App:
    return await open_app(pool, Clock(), aiohttp_client)
