"""A provider that stalls, lies and dies, behind a proxy of our own: after the next good run all is as if it had not."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.content import fingerprint
from bench.crashing import SECRET, Shelves, served, till
from catalogue.database import open_pool
from net.limits import Limits
from sandbox.chaos import Chaos, Mischief, between
from sync.runner import Runner
from sync.vault import Vault

ROWS = 3_000
IMPATIENT = Limits(read_seconds=0.2, tries=2, first_backoff_seconds=0.01, max_backoff_seconds=0.02)
VAULT = Vault([SECRET])


class Shop:
    """One shop in a database of its own, read through whatever address it is given."""

    def __init__(self, pool, source_id):
        self.pool, self.source_id = pool, source_id
        self.runner = Runner(pool, VAULT, owner="chaos", rows=500, limits=IMPATIENT)

    async def read(self, address, *, full=True):
        await self.pool.execute(
            "update feed set settings = settings || jsonb_build_object('base_url', $1::text, 'page_size', '250')",
            address,
        )
        return (await self.runner.run(self.source_id, full=full)).state

    async def fingerprint(self):
        async with self.pool.acquire() as conn:
            return await fingerprint(conn)


@pytest.fixture
async def shop(make_database):
    """Opens shops; `shop(address)` registers one there."""
    pools = []

    async def opened(address):
        pools.append(await open_pool(make_database(), application="passerelle-tests"))
        return Shop(pools[-1], await till(pools[-1], address, VAULT))

    yield opened
    for pool in pools:
        await pool.close()


@pytest.fixture
async def clean(shop, known):
    """The two versions read one after the other from a provider that is well, and what that comes to."""
    shelves = Shelves(ROWS)
    async with served(shelves) as address:
        if ROWS not in known:
            well = await shop(address)
            for shelves.version in (0, 1):
                assert await well.read(address) == "done"
            known[ROWS] = await well.fingerprint()
        yield shelves, address, known[ROWS]


@pytest.mark.parametrize("kind", sorted(Mischief))
async def test_each_mischief_is_survived(shop, clean, kind) -> None:
    """Half the answers spoilt in one way, in three readings: whatever became of them, good ones mend it: one to end
    what had stopped midway, one from the beginning."""
    shelves, address, expected = clean
    shelves.version = 0
    ill = await shop(address)
    await ill.read(address)
    shelves.version = 1
    chaos = Chaos(address, seed=7, share=0.5, kinds=(kind,), silence=0.5)
    async with between(chaos) as spoilt:
        states = Counter([await ill.read(spoilt) for _ in range(3)])
    assert chaos.done[kind] > 0
    await ill.read(address)
    assert await ill.read(address) == "done", states
    assert await ill.fingerprint() == expected, states


@pytest.mark.parametrize("seed", range(4))
async def test_all_of_them_at_once(shop, clean, seed) -> None:
    """Everything goes wrong in turn, in full readings and resumed ones, and nothing of it is left."""
    shelves, address, expected = clean
    shelves.version = 0
    ill = await shop(address)
    await ill.read(address)
    chaos = Chaos(address, seed=seed, share=0.4, silence=0.5)
    async with between(chaos) as spoilt:
        for n in range(6):
            shelves.version = (n + 1) % 2
            await ill.read(spoilt, full=n % 3 != 2)
    assert len(chaos.done) > 2
    shelves.version = 1
    await ill.read(address)
    assert await ill.read(address) == "done"
    assert await ill.fingerprint() == expected, chaos.done


@pytest.mark.parametrize("kind", [Mischief.EMPTY, Mischief.REPEATED, Mischief.OUT_OF_ORDER, Mischief.REVERSED])
async def test_what_the_pages_lack_is_not_taken_for_gone(shop, kind) -> None:
    """However pages are spoilt, no book that the till still holds leaves the shop meanwhile."""
    shelves = Shelves(ROWS)
    async with served(shelves) as address:
        ill = await shop(address)
        await ill.read(address)
        chaos = Chaos(address, seed=11, share=0.3, kinds=(kind,))
        async with between(chaos) as spoilt:
            for _ in range(5):
                await ill.read(spoilt)
                assert await ill.pool.fetchval("select count(*) from stock where withdrawn_at is not null") == 0
        assert chaos.done[kind] > 3


def test_one_seed_spoils_the_same_answers() -> None:
    """The n-th request of a seed always meets the same mischief, another seed's another one."""
    first, second, other = (Chaos("", seed) for seed in (1, 1, 2))
    drawn = [(first.draw(), second.draw(), other.draw()) for _ in range(200)]
    assert all(a == b for a, b, _ in drawn)
    assert any(a != c for a, _, c in drawn)
    assert 30 < sum(a is not None for a, _, _ in drawn) < 90
