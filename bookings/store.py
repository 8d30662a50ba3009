"""The statements of a booking's life. Each says which locks it takes; the order is `transactions.LOCK_ORDER`.

JSON travels as text, so that it does not matter which codecs a pool has.
"""

from __future__ import annotations

_FACTS = """
select s.id as stock_id, s.venue_id, o.id as offer_id, se.id as session_id, su.source_id, src.sales_seen,
       s.price_cents, s.price_label, s.sellable_until, p.price_cents as product_price_cents,
       s.withdrawn_at is not null or o.withdrawn_at is not null or p.withdrawn_at is not null
           or e.withdrawn_at is not null or v.withdrawn_at is not null as is_withdrawn,
       src.stale_since is not null as is_stale,
       s.session_id is not null as has_session, se.cancelled_at is not null as is_session_cancelled,
       se.begins_at, se.ends_at, se.hall, se.version,
       coalesce(p.title, e.title) as title, coalesce(p.subcategory, e.subcategory) as subcategory,
       p.ean, p.sellable, p.sellable_from, coalesce(e.is_duo, false) as is_duo,
       v.name as venue_name, v.siret, v.time_zone, v.department, su.total
from stock s
join offer o0 on o0.id = s.offer_id
join offer o on o.id = coalesce(o0.merged_into, o0.id)
join venue v0 on v0.id = s.venue_id
join venue v on v.id = coalesce(v0.merged_into, v0.id)
left join product p0 on p0.id = o.product_id
left join product p on p.id = coalesce(p0.merged_into, p0.id)
left join event e0 on e0.id = o.event_id
left join event e on e.id = coalesce(e0.merged_into, e0.id)
left join session se0 on se0.id = s.session_id
left join session se on se.id = coalesce(se0.merged_into, se0.id)
left join supply su on su.stock_id = s.id and su.venue_id = s.venue_id
left join source src on src.id = su.source_id
where s.id = $1
"""
# What a stock is, as sold now: a merged entity is read at its survivor. No lock.
FACTS = _FACTS

# How the provider names the session and the price: mostly both by one key. A source whose stocks have keys of their
# own names the price by it; that search reads the source's stocks, and is begun only where the first finds nothing.
SALE_KEYS = """
select st.key, st.part
from source_record se
join supply st on st.source_id = se.source_id and st.key = se.key
where se.kind = 5 and se.entity_id = $2 and se.source_id = $1 and st.stock_id = $3
union all
select se.key, st.key
from source_record se join supply st on st.source_id = se.source_id and st.of_kind = 5 and st.of_key = se.key
where se.kind = 5 and se.entity_id = $2 and se.source_id = $1 and st.stock_id = $3
limit 1
"""

# Locks the wallet: who waits for it here has its turn.
LOCK_WALLET = "select id from wallet where pseudonym = $1 for update"

# A wallet's deposits as JSON, each in the order of `spending.Credit`.
_DEPOSITS = """
select json_agg(json_build_array(d.id, d.account_id, d.spending_order, d.balance_cents,
    d.physical_spent_cents, d.physical_cap_cents, d.digital_spent_cents, d.digital_cap_cents,
    d.expires_at, c.subcategories, c.departments))::text
from deposit d left join local_credit c on c.id = d.local_credit_id where d.wallet_id = w.id
"""

# All that the rules need to know of a request, as of one moment; one row, whatever there is. No lock.
# The columns of `rules.Facts` are last but one, in its order.
# $1 stock $2 pseudonym $3 owner $4 key $5 candidates $6 since when answers are kept
LOOK = f"""
select w.id as wallet_id, w.version as wallet_version, ({_DEPOSITS}) as deposits,
       k.request_hash, k.status as key_status, k.response::text as response, k.booking_id as key_booking_id,
       k.created_at as key_created_at,
       exists (select from booking b join offer o on o.id = b.offer_id
               where b.wallet_id = w.id and b.status not in ('cancelled', 'expired')
                 and coalesce(o.merged_into, o.id) = f.offer_id) as is_already_booked,
       (select a.held + a.sold from allotment a where a.stock_id = f.stock_id and a.venue_id = f.venue_id) as taken,
       (select la.id from ledger_account la where la.code = 'venue:' || f.venue_id) as venue_account_id,
       (select c.mark from unnest($5::text[]) with ordinality c(mark, place)
        where not exists (select from booking b where b.countermark = c.mark)
        order by c.place limit 1) as countermark,
       f.*
from (select 1) as one
left join wallet w on w.pseudonym = $2
left join idempotency_key k on k.owner = $3 and k.key = $4 and k.created_at > $6
left join lateral ({_FACTS}) f on true
"""  # noqa: S608 - constants of this module
FACTS_AT = 12
"""Where the columns of `rules.Facts` begin in a row of LOOK; the last column of all is `total`."""

# Takes the wallet where nobody has it and nothing has happened to it since LOOK, then locks the allotment, then writes
# everything, in one statement that is its own transaction: nobody waits at the allotment for our network.
# `made` is null where the wallet was not free, or the stock is sold out.
# $1 stock $2 venue $3 held $4 sold $5 wallet $6 its version $7 physical $8 digital $9 countermark $10 offer
# $11 session $12 source $13 quantity $14 price $15 status $16 now $17 confirmed $18 cancellable until
# $19 expires $20 told $21 snapshot $22 deposits $23 their accounts $24 owner $25 key $26 request
# $27 key's status $28 response $29 session key $30 price part $31 lease $32 what each deposit pays
# $33 venue's account $34 used
RESERVE = """
with patience as materialized (
    select set_config('lock_timeout', '3s', true) as set
), free as materialized (
    select w.id from wallet w, patience where w.id = $5 and w.version = $6 for update of w skip locked
), hold as (
    insert into allotment as a (stock_id, venue_id, held, sold, ceiling)
    select su.stock_id, su.venue_id, $3, $4, su.total from free, supply su
    where su.stock_id = $1 and su.venue_id = $2 and (su.total is null or $3::int + $4::int <= su.total)
    on conflict (stock_id, venue_id) do update
        set held = a.held + excluded.held, sold = a.sold + excluded.sold, ceiling = excluded.ceiling
        where excluded.ceiling is null
           or a.held + a.sold + excluded.held + excluded.sold <= excluded.ceiling
    returning a.stock_id
), seen as (
    update wallet w set version = w.version + 1 from hold where w.id = $5
), shares as (
    select share.*
    from hold, unnest($22::bigint[], $23::bigint[], $32::bigint[]) as share (deposit_id, account_id, cents)
), paid as (
    update deposit d set balance_cents = d.balance_cents - s.cents,
        physical_spent_cents = d.physical_spent_cents + case when $7::bool then s.cents else 0 end,
        digital_spent_cents = d.digital_spent_cents + case when $8::bool then s.cents else 0 end
    from shares s where d.id = s.deposit_id
), made as (
    insert into booking (countermark, wallet_id, stock_id, venue_id, offer_id, session_id, source_id,
        quantity, unit_price_cents, is_physical, is_digital, status, created_at, confirmed_at,
        cancellable_until, expires_at, told_at, snapshot, used_at)
    select $9, $5, $1, $2, $10, $11, $12, $13, $14, $7, $8, $15, $16, $17, $18, $19, $20,
        $21::text::jsonb, $34
    from hold returning id
), journal as (
    insert into ledger_journal (at, reason, booking_id)
    select $16, 'booking', made.id from made where cardinality($22) > 0 returning id
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select journal.id, s.account_id, - s.cents from journal, shares s
    union all select journal.id, $33, $13::bigint * $14::bigint from journal
), sale as (
    insert into external_sale (booking_id, source_id, session_key, price_part, state, attempts, next_try_at,
        changed_at)
    select made.id, $12, $29, $30, 'wanted', 1, $31, $16 from made where $29::text is not null
), answer as (
    insert into idempotency_key (owner, key, request_hash, booking_id, status, response, created_at)
    select $24, $25, $26, made.id, $27, $28::text::jsonb, $16 from made
    on conflict (owner, key) do update set request_hash = excluded.request_hash,
        booking_id = excluded.booking_id, status = excluded.status, response = excluded.response,
        created_at = excluded.created_at
)
select (select id from made) as made
"""

# What is left of a stock: less than was asked for, where RESERVE made no row.
LEFT = """
select su.total - coalesce(a.held + a.sold, 0) from supply su
left join allotment a on a.stock_id = su.stock_id and a.venue_id = su.venue_id
where su.stock_id = $1 and su.venue_id = $2
"""

# A refusal is an answer too, given where nothing has happened to the wallet since LOOK; null where something has.
# $1 owner $2 key $3 request $4 refusal $5 now $6 wallet $7 its version
KEEP_REFUSAL = """
with free as materialized (
    select id from wallet where id = $6 and version = $7 for update skip locked
), purse as (
    update wallet w set version = w.version + 1 from free where w.id = free.id returning w.id
)
insert into idempotency_key (owner, key, request_hash, status, response, created_at)
select $1, $2, $3, 'done', $4::text::jsonb, $5 from purse
on conflict (owner, key) do update set request_hash = excluded.request_hash, booking_id = null,
    status = excluded.status, response = excluded.response, created_at = excluded.created_at
returning true
"""

# The answer of a request whose booking took two phases.
ANSWER = """
update idempotency_key set status = 'done', response = $2::text::jsonb
where booking_id = $1 and status = 'running'
"""

PURGE_KEYS = "delete from idempotency_key where created_at <= $1 and status = 'done'"

BOOKING_COLUMNS = """
b.id, b.status, b.countermark, b.stock_id, b.offer_id, b.venue_id, b.session_id, b.quantity,
b.unit_price_cents, b.created_at, b.confirmed_at, b.used_at, b.cancelled_at, b.cancellation_reason,
b.cancellable_until, b.expires_at, b.snapshot::text as snapshot,
case when x.state = 'sold' then x.tickets::text end as tickets
"""
_FROM_BOOKING = f"select {BOOKING_COLUMNS} from booking b left join external_sale x on x.booking_id = b.id"  # noqa: S608
BOOKING = f"{_FROM_BOOKING} where b.id = $1"
OWN_BOOKING = f"{_FROM_BOOKING} join wallet w on w.id = b.wallet_id where b.id = $1 and w.pseudonym = $2"
OWN_BOOKINGS = (
    f"{_FROM_BOOKING} where b.wallet_id = (select id from wallet where pseudonym = $1)"  # noqa: S608
    " and b.id < $2 order by b.id desc limit $3"
)

# Where the locks of a booking are. No lock: the ids of a booking never change.
PLACES = """
select b.wallet_id, b.stock_id, b.venue_id, w.pseudonym from booking b join wallet w on w.id = b.wallet_id
where b.id = $1
"""
# Locks the wallet for a change of it: whoever has looked at it before looks again.
TOUCH_WALLET = "update wallet set version = version + 1 where id = $1"
TOUCH_WALLETS = """
update wallet w set version = w.version + 1
from (select id from wallet where id = any($1::bigint[]) order by id for update) as mine where w.id = mine.id
"""
LOCK_ALLOTMENT = "select from allotment where stock_id = $1 and venue_id = $2 for update"
LOCK_BOOKING = """
select id, status, quantity, quantity * unit_price_cents as amount_cents, is_physical, is_digital, used_at,
       cancelled_at, cancellation_reason, cancellable_until, expires_at, snapshot::text as snapshot
from booking where id = $1 for update
"""

# Gives place and money back, to the deposits that it came from. The wallet, allotment and booking are locked by the
# caller. $1 booking $2 stock $3 venue $4 status $5 reason $6 now
GIVE_BACK = """
with before as (
    select id, status, quantity, is_physical, is_digital
    from booking where id = $1 and status in ('held', 'confirmed')
), freed as (
    update allotment a set held = a.held - case when before.status = 'held' then before.quantity else 0 end,
        sold = a.sold - case when before.status = 'confirmed' then before.quantity else 0 end
    from before where a.stock_id = $2 and a.venue_id = $3
), taken as (
    select entry.account_id, entry.amount_cents, before.is_physical, before.is_digital
    from before join ledger_journal j on j.booking_id = before.id and j.reason = 'booking'
    join ledger_entry entry on entry.journal_id = j.id
), refunded as (
    update deposit d set balance_cents = d.balance_cents - taken.amount_cents,
        physical_spent_cents = d.physical_spent_cents + case when taken.is_physical then taken.amount_cents else 0 end,
        digital_spent_cents = d.digital_spent_cents + case when taken.is_digital then taken.amount_cents else 0 end,
        lapsed_at = null
    from taken where d.account_id = taken.account_id
), ended as (
    update booking b set status = $4, cancelled_at = $6, cancellation_reason = $5
    from before where b.id = before.id returning b.id
), journal as (
    insert into ledger_journal (at, reason, booking_id)
    select $6, 'refund', before.id from before where exists (select from taken) returning id
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select journal.id, taken.account_id, - taken.amount_cents from journal, taken
)
select id from ended
"""

# A sale that stands in the provider's ticketing is to be cancelled there too.
UNSELL = """
update external_sale set state = 'cancelling', attempts = attempts + 1, next_try_at = $3, changed_at = $2
where booking_id = $1 and state = 'sold' returning attempts
"""

DUE = """
select id from booking where status = 'confirmed' and expires_at is not null and expires_at <= $1
order by expires_at limit $2
"""
