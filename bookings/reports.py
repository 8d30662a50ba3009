"""What monitoring counts of bookings."""

from __future__ import annotations

from catalogue.database import Connection

Count = tuple[str, str, dict[str, str], float]
"""Metric, help, labels, value."""


_TELLING = {
    "webhooks_waiting": "Webhook messages that wait to be taken",
    "webhooks_oldest_seconds": "Age of the oldest that waits",
    "webhooks_dead_day": "Webhook messages given up within a day",
    "webhook_endpoints_disabled": "Endpoints switched off because they took nothing",
    "mails_waiting": "Mails that wait to be sent",
}
_TOLD = """
select (select count(*) from webhook_delivery where state = 'waiting') as webhooks_waiting,
       (select coalesce(extract(epoch from now() - min(waiting_since)), 0) from webhook_delivery
        where state = 'waiting') as webhooks_oldest_seconds,
       (select count(*) from webhook_delivery
        where ended_at > now() - interval '1 day' and state = 'dead') as webhooks_dead_day,
       (select count(*) from webhook_endpoint where disabled_at is not null) as webhook_endpoints_disabled,
       (select count(*) from mail where state = 'waiting') as mails_waiting
"""


async def booking_counts(conn: Connection) -> list[Count]:
    """Bookings by status; external sales by state: `unknown` ones are looked up; what is told; tills' entries."""
    bookings = await conn.fetch("select status, count(*) as n from booking group by 1 order by 1")
    sales = await conn.fetch("select state, count(*) as n from external_sale group by 1 order by 1")
    entries = await conn.fetch("select outcome, count(*) as n from offline_entry group by 1 order by 1")
    [told] = await conn.fetch(_TOLD)
    return [
        *((f"passerelle_{name}", meaning, {}, float(told[name])) for name, meaning in _TELLING.items()),
        *(("passerelle_bookings", "Bookings by status", {"status": r["status"]}, float(r["n"])) for r in bookings),
        *(
            (
                "passerelle_external_sales",
                "Sales in providers' ticketing by state",
                {"state": r["state"]},
                float(r["n"]),
            )
            for r in sales
        ),
        *(
            ("passerelle_offline_entries", "Entries of tills' journals", {"outcome": r["outcome"]}, float(r["n"]))
            for r in entries
        ),
    ]


async def ledger_balance(conn: Connection) -> int:
    """The sum of all entries ever made, in cents: 0, or money was made or lost."""
    total: int = await conn.fetchval("select coalesce(sum(amount_cents), 0)::bigint from ledger_entry")
    return total
