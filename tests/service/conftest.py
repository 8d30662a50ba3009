"""The whole product in a database of its own, and its web application on a real socket."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import storefront as s
from storefront import Storefront

from accounts.keys import SCOPES
from accounts.offerers import Offerers
from schemas.ids import public_id
from service.engines.databases import drop_database
from service.engines.lifetime import EngineUrls
from service.house import House, open_house
from service.settings import Settings
from service.web import serving
from service.young_people import token_of, young_person


@dataclass(frozen=True)
class Served:
    """A served house with a stocked bookshop, somebody with 500 € and a till of that bookshop."""

    house: House
    address: str
    shop: Storefront
    youth: str
    """A beneficiary's token."""
    till: str
    """A vendor's key."""
    stock: str
    offer: str


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """What a test starts hears Ctrl-C and a closed terminal, also where these tests were told to ignore them.

    `nohup`, and `&` in a script, have a process ignore them, and what it starts.
    """
    deaf = [one for one in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(one) is signal.SIG_IGN]
    for one in deaf:
        signal.signal(one, signal.SIG_DFL)
    yield
    for one in deaf:
        signal.signal(one, signal.SIG_IGN)


@pytest.fixture
async def house(engine_urls: EngineUrls, session_name: str, numbers: Iterator[int]) -> AsyncIterator[House]:
    """The house of the sandbox, on a migrated database."""
    profile = f"test_{session_name.removeprefix('passerelle_test_')}_{next(numbers)}"
    settings = Settings.from_environment(
        {name: value for name, value in os.environ.items() if name == "PASSERELLE_HOME"}, profile=profile, sandbox=True
    )
    try:
        async with open_house(settings, engine_urls, pool_size=5) as opened:
            yield opened
    finally:
        await drop_database(engine_urls.database, f"passerelle_{profile}")


@pytest.fixture
async def served(house: House) -> AsyncIterator[Served]:
    """The house, served."""
    shop = Storefront(house.pool)
    port = await shop.venue(s.BOOKSHOP, "Librairie du Port")
    await shop.source("publisher", "onix", trust=80)
    await shop.source("till", "stocks_api", venue_id=port)
    await shop.says("publisher", s.book("publisher", s.STRANGER, "L'Étranger"))
    await shop.says("till", s.on_shelf("till", s.STRANGER, 1000))
    offerers = Offerers(house.pool)
    vendor = await offerers.vendor("Caisses du Port")
    await offerers.let_act(vendor, port)
    issued = await house.keys.issue(vendor, label="essai", scopes=SCOPES, actor="system:test")
    person = await young_person(house)
    async with serving(house, port=0) as address:
        yield Served(
            house,
            address,
            shop,
            token_of(house, person),
            issued.text,
            public_id("stock", await shop.stock("till", s.STRANGER)),
            public_id("offer", await shop.offer("till", s.STRANGER)),
        )
