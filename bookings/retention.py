"""What the money room forgets: attempts on countermarks that came to nothing. Whatever moved something stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bookings.transactions import Pool

ATTEMPTS_KEPT = timedelta(days=180)
"""Long enough to see who tried out countermarks."""
ROWS = 50_000
_ATTEMPTS = """
delete from acceptance where id in (
    select id from acceptance where at < $1 and outcome <> 'accepted' order by id limit $2)
"""


TICKETS_KEPT = timedelta(days=30)
"""After its time is over: nothing asks for it then."""
_TICKETS = """
delete from ticket_issue where (booking_id, key_id) in (
    select booking_id, key_id from ticket_issue where valid_until < $1 limit $2)
"""


async def purge_tickets(pool: Pool, now: datetime) -> int:
    """Forgets that tickets were given out whose time is long over; tells how many."""
    tag = await pool.execute(_TICKETS, now - TICKETS_KEPT, ROWS)
    return int(tag.split()[-1])


async def purge_attempts(pool: Pool, now: datetime) -> int:
    """Forgets refused attempts that are old; tells how many."""
    tag = await pool.execute(_ATTEMPTS, now - ATTEMPTS_KEPT, ROWS)
    return int(tag.split()[-1])
