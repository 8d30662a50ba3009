"""What this face is given, and the keys under which its handlers find that, and who is calling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from accounts.people import Beneficiary, People
from accounts.tokens import Issuers
from bookings.booking import Bookings
from bookings.privacy import Privacy
from bookings.tickets import Tickets
from bookings.wallets import Wallets
from catalogue.database import Pool
from edge.buckets import Allowance, Buckets

ALLOWANCE = Allowance("app", 600, 60)
"""Per address: a school or a library is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppApi:
    """Dependencies. `proxies`: how many of our own proxies stand before us."""

    pool: Pool
    clock: Callable[[], datetime]
    bookings: Bookings
    wallets: Wallets
    tickets: Tickets
    people: People
    privacy: Privacy
    issuers: Issuers
    buckets: Buckets
    allowance: Allowance = ALLOWANCE
    proxies: int = 0


APP_API = web.AppKey("app_api", AppApi)
BENEFICIARY = web.RequestKey("beneficiary", Beneficiary)
