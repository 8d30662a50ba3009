"""Token buckets: who may ask how often, counted in this process or in Redis for many processes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `quota` requests at once, refilled evenly over `window_seconds`."""

    name: str
    """Shown in headers: lower-case letters, digits and hyphens."""
    quota: int
    window_seconds: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one request's token."""

    allowed: bool
    remaining: int
    """Whole requests left."""
    wait_seconds: float
    """Until one request is allowed again; 0 when one is left."""


class Buckets(Protocol):
    """Counts the requests of each caller."""

    async def take(self, allowance: Allowance, who: str, *, cost: int = 1) -> Taken:
        """Takes `cost` tokens from the bucket of `who`, where one is left; 0 only looks whether one is."""
        ...


class LocalBuckets:
    """Counts in this process. The buckets used longest ago are forgotten (refilled) beyond `most`."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = 100_000) -> None:
        self._clock = clock
        self._most = most
        self._levels: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    async def take(self, allowance: Allowance, who: str, *, cost: int = 1) -> Taken:
        now, key = self._clock(), (allowance.name, who)
        level, at = self._levels.pop(key, (float(allowance.quota), now))
        level = min(allowance.quota, level + (now - at) * allowance.quota / allowance.window_seconds)
        allowed = level >= 1
        level -= cost * allowed
        self._levels[key] = (level, now)
        if len(self._levels) > self._most:
            self._levels.popitem(last=False)
        return _taken(allowance, allowed, level)


_TAKE = """
local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(bucket[1] or quota), tonumber(bucket[2] or now)
level = math.min(quota, level + math.max(0, now - at) * quota / window)
local allowed = 0
if level >= 1 then
    allowed = 1
    level = level - tonumber(ARGV[3])
end
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(window * 1000))
return {allowed, string.format('%.6f', level)}
"""
"""One round trip, atomic, by the clock of Redis: processes need not agree on the time. A bucket left alone for a
window is full, which is what a missing one means."""


class RedisBuckets:
    """Counts in Redis, for all processes together; in this process alone while Redis is away.

    Losing Redis neither stops nor frees anybody. It is logged once, and once more when Redis is back.
    """

    def __init__(self, redis: Redis, *, prefix: str, patience_seconds: float = 0.25) -> None:
        self._take = redis.register_script(_TAKE)
        self._prefix = prefix
        self._patience = patience_seconds
        self._alone = LocalBuckets()
        self._is_away = False

    async def take(self, allowance: Allowance, who: str, *, cost: int = 1) -> Taken:
        try:
            async with asyncio.timeout(self._patience):
                allowed, level = await self._take(
                    keys=[f"{self._prefix}limit:{allowance.name}:{who}"],
                    args=[allowance.quota, allowance.window_seconds, cost],
                )
        except (RedisError, OSError) as error:
            if not self._is_away:
                _log.warning("rate limits are counted per process, Redis is away: %s", type(error).__name__)
            self._is_away = True
            return await self._alone.take(allowance, who, cost=cost)
        if self._is_away:
            _log.warning("rate limits are counted in Redis again")
        self._is_away = False
        return _taken(allowance, bool(allowed), float(level))


def _taken(allowance: Allowance, allowed: bool, level: float) -> Taken:
    wait = max(0.0, 1 - level) * allowance.window_seconds / allowance.quota
    return Taken(allowed, int(level), wait)
