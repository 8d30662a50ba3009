"""What this face is given, and the key it stands under in its application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from catalogue.database import Pool
from edge.buckets import Allowance, Buckets
from open_data.published import PAGE

ALLOWANCE = Allowance("open-data", 60, 60)
"""Per address: a reader of dumps needs few requests, and each may read everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenData:
    """Dependencies. `proxies`: how many of our own proxies stand before us."""

    pool: Pool
    clock: Callable[[], datetime]
    buckets: Buckets
    allowance: Allowance = ALLOWANCE
    proxies: int = 0
    page: int = PAGE
    """Rows read in one short transaction."""


OPEN_DATA = web.AppKey("open_data", OpenData)
