"""The statements of a sale in the provider's ticketing. Each write is fenced by the claim's `attempts`."""

from __future__ import annotations

# Settled in a word: nothing is wanted of the provider any more, surplus tickets apart.
UNSETTLED = "(state not in ('sold', 'cancelled', 'refused') or surplus is not null)"

CLAIM = f"""
update external_sale set attempts = attempts + 1, next_try_at = $1, changed_at = $2
where booking_id = (select booking_id from external_sale where {UNSETTLED} and next_try_at <= $2
                    order by next_try_at limit 1 for update skip locked)
returning booking_id, attempts
"""  # noqa: S608 - a constant of this module
SALE = """
select x.source_id, x.session_key, x.price_part, x.state, x.hold_reference, x.tickets::text as tickets, x.attempts,
       x.surplus::text as surplus, b.id as booking_id, b.quantity, b.unit_price_cents, b.created_at,
       b.cancellable_until, b.status,
       b.offer_id, b.stock_id, b.venue_id, b.snapshot::text as snapshot, w.pseudonym, v.department
from external_sale x join booking b on b.id = x.booking_id join wallet w on w.id = b.wallet_id
join venue v on v.id = b.venue_id where x.booking_id = $1
"""
STEP = """
update external_sale set state = $3, hold_reference = coalesce($4, hold_reference), changed_at = $5
where booking_id = $1 and attempts = $2 returning booking_id
"""
PUT_OFF = """
update external_sale set state = $3, last_error = $4, next_try_at = $5, changed_at = $6
where booking_id = $1 and attempts = $2
"""
CONFIRM = """
update booking set status = 'confirmed', confirmed_at = $2, told_at = $2 where id = $1 and status = 'held' returning id
"""
TAKE = "update allotment set held = held - $3, sold = sold + $3 where stock_id = $1 and venue_id = $2"
SOLD = """
update external_sale set state = 'sold', tickets = $3::text::jsonb, surplus = $5::text::jsonb, last_error = null,
    changed_at = $4, next_try_at = $4
where booking_id = $1 and attempts = $2 returning booking_id
"""
TRIMMED = "update external_sale set surplus = null, changed_at = $3 where booking_id = $1 and attempts = $2"
END = """
update external_sale set state = $3, last_error = coalesce($4, last_error), next_try_at = $6, changed_at = $5,
    tickets = coalesce($7::text::jsonb, tickets)
where booking_id = $1 and attempts = $2 returning booking_id
"""
# Whoever comes too late with tickets of a booking that has ended: they must be cancelled there.
ORPHANED = """
update external_sale set state = 'cancelling', tickets = $2::text::jsonb, next_try_at = $3, changed_at = $3,
    last_error = 'vendu après compensation'
where booking_id = $1
"""
# What the provider says is left, as of when it was asked: an older word never overwrites a newer one. Our sales that
# it knew of by then are left out of its figure, this one ($5) among them. $1 stock $2 venue $3 seats $4 asked
LEFT = """
update supply p set available = $3, observed_at = $4, seen = (
    select coalesce(sum(b.quantity), 0) from booking b
    where b.stock_id = $1 and b.venue_id = $2 and b.status in ('confirmed', 'used', 'reimbursed')
      and (b.told_at <= $4 or b.id = $5))
from source s
where p.stock_id = $1 and p.venue_id = $2 and p.observed_at <= $4 and s.id = p.source_id and s.sales_seen = 'at_booking'
"""
