"""The faces' bell: it wakes the workers for what a request has stored."""

from __future__ import annotations

import logging
from typing import Literal

from arq import ArqRedis
from redis.exceptions import RedisError

from partner_api.keys import Ring
from service.house import House
from sync.bells import decode, encode, ring_push, ring_release

logger = logging.getLogger(__name__)


def bell(house: House) -> Ring:
    """Rings over the house's own Redis connections; a Redis that is down delays the work, and loses nothing."""
    redis = ArqRedis(house.redis.connection_pool, job_serializer=encode, job_deserializer=decode)
    rings = {"push": ring_push, "release": ring_release}

    async def ring(what: Literal["push", "release"], number: int) -> None:
        try:
            await rings[what](redis, house.settings.redis_prefix, number)
        except (RedisError, OSError):
            logger.warning("nobody was rung for %s %s", what, number)

    return ring
