"""What must be true of the money room, asked of the whole database. No row is the right answer everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bookings.transactions import Connection

# What each deposit has paid and got back, by what the bookings counted as.
_PAID = """
select e.account_id, - coalesce(sum(e.amount_cents) filter (where b.is_physical), 0) as physical,
       - coalesce(sum(e.amount_cents) filter (where b.is_digital), 0) as digital
from ledger_journal j join booking b on b.id = j.booking_id join ledger_entry e on e.journal_id = j.id
where j.reason in ('booking', 'refund') group by e.account_id
"""
_PLACES = """
select stock_id, venue_id, sum(quantity) filter (where status = 'held') as held,
       sum(quantity) filter (where status in ('confirmed', 'used', 'reimbursed')) as sold
from booking group by stock_id, venue_id
"""
RULES: Mapping[str, str] = MappingProxyType(
    {
        "journal_sums_to_zero": """
            select journal_id, sum(amount_cents) as off_by from ledger_entry group by journal_id
            having sum(amount_cents) <> 0
        """,
        "journal_has_entries": """
            select j.id as journal_id from ledger_journal j
            where not exists (select from ledger_entry e where e.journal_id = j.id)
        """,
        "balance_is_the_ledgers": """
            select d.id as deposit_id, d.balance_cents, coalesce(e.total, 0) as ledger_cents from deposit d
            left join (select account_id, sum(amount_cents) as total from ledger_entry group by account_id) e
                on e.account_id = d.account_id
            where d.balance_cents <> coalesce(e.total, 0)
        """,
        "granted_is_the_ledgers": """
            select d.id as deposit_id, g.kind, g.cents, coalesce(e.amount_cents, 0) as ledger_cents
            from deposit d
            join (select id as deposit_id, 'grant' as kind, amount_cents as cents, journal_id from deposit
                  union all select deposit_id, kind, amount_cents, journal_id from recredit) g on g.deposit_id = d.id
            left join ledger_entry e on e.journal_id = g.journal_id and e.account_id = d.account_id
            where g.cents <> coalesce(e.amount_cents, 0)
        """,
        "no_credit_out_of_nothing": """
            select j.id as journal_id, j.reason from ledger_journal j
            where j.reason in ('grant', 'recredit', 'takeover')
              and not exists (select from deposit d where d.journal_id = j.id)
              and not exists (select from recredit r where r.journal_id = j.id)
        """,
        "spent_is_what_is_booked": f"""
            select d.id as deposit_id, d.physical_spent_cents, coalesce(b.physical, 0) as physical_booked_cents,
                   d.digital_spent_cents, coalesce(b.digital, 0) as digital_booked_cents
            from deposit d left join ({_PAID}) b on b.account_id = d.account_id
            where d.physical_spent_cents <> coalesce(b.physical, 0)
               or d.digital_spent_cents <> coalesce(b.digital, 0)
        """,  # noqa: S608 - constants of this module
        "caps_are_kept": """
            select id as deposit_id, balance_cents, physical_spent_cents, digital_spent_cents from deposit
            where balance_cents < 0 or physical_spent_cents > physical_cap_cents
               or digital_spent_cents > digital_cap_cents
        """,
        "nobody_pays_for_others": """
            select b.id as booking_id, d.id as deposit_id from booking b
            join ledger_journal j on j.booking_id = b.id and j.reason in ('booking', 'refund')
            join ledger_entry e on e.journal_id = j.id join deposit d on d.account_id = e.account_id
            where d.wallet_id <> b.wallet_id
        """,
        "local_credit_pays_its_scope": """
            select b.id as booking_id, c.code from booking b
            join ledger_journal j on j.booking_id = b.id and j.reason = 'booking'
            join ledger_entry e on e.journal_id = j.id join deposit d on d.account_id = e.account_id
            join local_credit c on c.id = d.local_credit_id
            where not (b.snapshot ->> 'subcategory' = any(c.subcategories))
        """,
        "ended_credit_pays_nothing": """
            select b.id as booking_id, d.id as deposit_id from booking b
            join ledger_journal j on j.booking_id = b.id and j.reason = 'booking'
            join ledger_entry e on e.journal_id = j.id join deposit d on d.account_id = e.account_id
            where j.at > d.expires_at + interval '5 minutes'
        """,
        "booking_is_paid_once": """
            select b.id as booking_id, b.status,
                   (b.quantity * b.unit_price_cents * case when b.status in ('cancelled', 'expired') then 0 else 1 end)
                       as expected_cents,
                   coalesce(- sum(e.amount_cents), 0) as paid_cents
            from booking b
            left join ledger_journal j on j.booking_id = b.id and j.reason in ('booking', 'refund')
            left join ledger_entry e on e.journal_id = j.id
                and e.account_id in (select d.account_id from deposit d where d.wallet_id = b.wallet_id)
            group by b.id
            having coalesce(- sum(e.amount_cents), 0) <> b.quantity * b.unit_price_cents
                * case when b.status in ('cancelled', 'expired') then 0 else 1 end
        """,
        "allotment_is_what_is_booked": f"""
            select coalesce(a.stock_id, b.stock_id) as stock_id, a.held, a.sold, b.held as held_booked,
                   b.sold as sold_booked
            from allotment a full join ({_PLACES}) b on b.stock_id = a.stock_id and b.venue_id = a.venue_id
            where coalesce(a.held, 0) <> coalesce(b.held, 0) or coalesce(a.sold, 0) <> coalesce(b.sold, 0)
        """,  # noqa: S608 - constants of this module
        "no_stock_is_oversold": """
            select stock_id, held, sold, ceiling from allotment
            where held < 0 or sold < 0 or held + sold > ceiling
        """,
        "one_live_booking_per_offer": """
            select offer_id, wallet_id, count(*) as live from booking where status not in ('cancelled', 'expired')
            group by offer_id, wallet_id having count(*) > 1
        """,
        "countermark_is_one_bookings": """
            select min(id) as booking_id, count(*) as bookings from booking group by countermark having count(*) > 1
        """,
        "one_acceptance_per_countermark": """
            select b.id as booking_id, b.status, count(a.id) as accepted from booking b
            left join acceptance a on a.booking_id = b.id and a.action = 'use' and a.outcome = 'accepted'
                and a.undone_at is null
            group by b.id
            having count(a.id) > 1 or (count(a.id) = 1 and b.status not in ('used', 'reimbursed'))
                or (count(a.id) = 0 and b.used_by is not null)
        """,
        "accepted_entries_are_acceptances": """
            select e.id as entry_id, e.booking_id from offline_entry e
            where e.outcome = 'accepted' and not exists (
                select from acceptance a
                where a.booking_id = e.booking_id and a.api_key_id = e.api_key_id and a.nonce = e.nonce
                  and a.action = 'use' and a.outcome = 'accepted')
        """,
        "sale_agrees_with_booking": """
            select b.id as booking_id, b.status, x.state from external_sale x join booking b on b.id = x.booking_id
            where case
                when b.status in ('confirmed', 'used', 'reimbursed') then x.state <> 'sold'
                when b.status = 'held'
                    then x.state not in ('wanted', 'holding', 'held', 'confirming', 'unknown')
                else x.state not in ('cancelling', 'cancelled', 'refused', 'unknown')
            end
        """,
        # The volume tables have no foreign keys: these stand in for them.
        "offer_is_of_what_is_there": """
            select o.id as offer_id from offer o
            where not exists (select from venue v where v.id = o.venue_id)
               or (o.product_id is not null and not exists (select from product p where p.id = o.product_id))
               or (o.event_id is not null and not exists (select from event e where e.id = o.event_id))
               or (o.merged_into is not null and not exists (select from offer i where i.id = o.merged_into))
        """,
        "stock_is_of_what_is_there": """
            select k.id as stock_id from stock k
            where not exists (select from offer o where o.id = k.offer_id)
               or not exists (select from venue v where v.id = k.venue_id)
               or (k.session_id is not null and not exists (select from session x where x.id = k.session_id))
        """,
        "supply_is_of_what_is_there": """
            select u.source_id, u.stock_id from supply u
            where not exists (select from source s where s.id = u.source_id)
               or not exists (select from venue v where v.id = u.venue_id)
               or (u.stock_id is not null
                   and not exists (select from stock k where k.id = u.stock_id and k.venue_id = u.venue_id))
        """,
        "no_described_book_waits": """
            select u.source_id, u.ean from supply u join product p on p.ean = u.ean and p.merged_into is null
            where u.stock_id is null and u.gone_at is null
        """,
        "held_bookings_are_being_sold": """
            select b.id as booking_id from booking b
            where b.status = 'held' and not exists (select from external_sale x where x.booking_id = b.id)
        """,
    }
)


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that must not be, and the rule that it breaks. It names no person and no countermark."""

    rule: str
    row: dict[str, Any]


async def violations(conn: Connection, *, limit: int = 100) -> list[Violation]:
    """The rows that break a rule, at most `limit` a rule, all as of one moment. Reads everything."""
    found: list[Violation] = []
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        for rule, sql in RULES.items():
            rows = await conn.fetch(f"select * from ({sql}) broken limit $1", limit)  # noqa: S608
            found.extend(Violation(rule, dict(row)) for row in rows)
    return found
