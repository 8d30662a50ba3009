"""A town to book in by the hundred thousand, written by SQL with triggers off, and bookings that were made before.

Its rows are those that sync and the money room write; ids count from 1, so that whoever measures need not look them up.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import asyncpg

from bookings.countermarks import ALPHABET

VENUES, SHOWS, PEOPLE = 200, 2_000, 200_000
PAST = 1_100
"""Shows that have been: those of everybody's earlier bookings, fifty each at ten million."""
HOT = 1
"""The stock everybody wants; the ordinary ones are 2 to SHOWS - 1."""
FETCHED_AT = 1 + (SHOWS - 1) % VENUES
"""The venue of the last stock, which nobody books any more: 200,000 people are to fetch theirs there."""
PRICE_CENTS = 100
KEY_ID = 1

_TOWN = """
insert into vendor (name) values ('Caisse');
insert into api_key (prefix, secret_hash, vendor_id, label, scopes)
    values ('sandbox_000000000001', decode(repeat('00', 32), 'hex'), 1, 'caisse', '{{}}');
insert into source (connector, account, label, licence) values ('bench', '1', 'mesure', 'etalab-2.0');
insert into venue (siret, name, folded, time_zone, department)
    select lpad(n::text, 14, '0'), 'Salle ' || n, 'salle ' || n, 'Europe/Paris', '67'
    from generate_series(1, {venues}) n;
insert into event (venue_id, title, folded, subcategory)
    select 1 + (n - 1) % {venues}, 'Spectacle ' || n, 'spectacle ' || n, 'SPECTACLE_REPRESENTATION'
    from generate_series(1, {shows} + {past}) n;
insert into session (event_id, begins_at, hall)
    select n, now() + case when n > {shows} then interval '-60 days' else interval '30 days' end, 'Grande salle'
    from generate_series(1, {shows} + {past}) n;
insert into offer (venue_id, event_id) select venue_id, id from event order by id;
insert into stock (venue_id, offer_id, session_id, price_cents) select venue_id, id, id, {price} from offer order by id;
insert into supply (stock_id, venue_id, source_id, available, observed_at, generation)
    select id, venue_id, 1, 100000000, now(), 1 from stock;
insert into ledger_account (code) values ('state:grant');
insert into ledger_account (code) select 'venue:' || id from venue order by id;
insert into beneficiary (pseudonym, email, first_name, last_name, department)
    select lpad(n::text, 32, '0')::uuid, n || '@exemple.invalid', 'Camille', 'Essai', '67'
    from generate_series(1, {people}) n;
insert into wallet (pseudonym) select lpad(n::text, 32, '0')::uuid from generate_series(1, {people}) n;
insert into ledger_account (code) select 'wallet:' || pseudonym || ':2018' from wallet order by id;
insert into ledger_journal (at, reason) select now(), 'grant' from generate_series(1, {people}) n;
insert into ledger_entry (journal_id, account_id, amount_cents)
    select n, 1, -50000 from generate_series(1, {people}) n
    union all select n, 1 + {venues} + n, 50000 from generate_series(1, {people}) n;
insert into deposit (wallet_id, account_id, policy, spending_order, amount_cents, balance_cents, physical_cap_cents,
    digital_cap_cents, granted_at, expires_at, journal_id)
    select n, 1 + {venues} + n, '2018', 100, 50000, 50000, 10000, 20000, now(), now() + interval '2 years', n
    from generate_series(1, {people}) n;
"""
# Five letters of a number, another number other letters: 48,271 and 30 have no factor in common.
_LETTERS = " || ".join(
    f"substr('{ALPHABET}', (1 + (n * 48271) % 24300000 / {30**place} % 30)::int, 1)" for place in range(5)
)
# Bookings made before: used ones of people who have gone on, of shows that have been, in the tables of today. Their
# people's credit is what it was granted to be, so that today's bookings find the same wallets.
_EARLIER = """
insert into booking (countermark, wallet_id, stock_id, venue_id, offer_id, session_id, source_id, quantity,
    unit_price_cents, is_physical, is_digital, status, created_at, confirmed_at, used_at, cancellable_until, told_at,
    snapshot)
select 'L' || {letters}, 1 + n % {people}, past, 1 + (past - 1) % {venues}, past, past, 1, 1,
    {price}, false, false, 'used', now() - interval '90 days', now() - interval '90 days', now() - interval '60 days',
    now() - interval '70 days', null,
    '{{"title": "Spectacle d''hier", "subcategory": "SPECTACLE_REPRESENTATION", "venueName": "Salle",
       "timeZone": "Europe/Paris"}}'
from generate_series({first}::bigint, {last}::bigint) n,
    lateral (values ({shows} + 1 + n / {people} * 20 + n % 20)) of_show (past);
insert into ledger_journal (at, reason, booking_id)
    select created_at, 'booking', id from booking where id > {before} order by id;
insert into ledger_entry (journal_id, account_id, amount_cents)
    select j.id, a.account_id, a.cents from ledger_journal j join booking b on b.id = j.booking_id,
    lateral (values (1 + {venues} + b.wallet_id, -{price}), (1 + b.venue_id, {price})) a (account_id, cents)
    where b.id > {before};
insert into acceptance (at, api_key_id, booking_id, token_hash, action, outcome)
    select used_at, {key}, id, decode(repeat('00', 32), 'hex'), 'use', 'accepted' from booking where id > {before};
"""
# Goods that wait to be fetched, one a person, for tills. Their countermarks are of the letters A to K.
_WAITING = """
insert into booking (countermark, wallet_id, stock_id, venue_id, offer_id, source_id, quantity, unit_price_cents,
    is_physical, is_digital, status, created_at, confirmed_at, snapshot)
select translate(lpad(n::text, 6, '0'), '0123456789', 'ABCDEFGHJK'), 1 + n, {shows}, {venue}, {shows}, 1, 1, {price},
    false, false, 'confirmed', now(), now(),
    '{{"title": "Spectacle", "subcategory": "SPECTACLE_REPRESENTATION", "venueName": "Salle",
       "timeZone": "Europe/Paris"}}'
from generate_series(0, {people} - 1) n;
"""
_INDEXES = """
select format('drop index %s', indexrelid::regclass) as dropped, pg_get_indexdef(indexrelid) as made from pg_index
where indrelid = any($1::regclass[]) and not indisprimary
  and not exists (select from pg_constraint c where c.conindid = indexrelid)
union all
select 'alter table booking drop constraint booking_countermark',
       'alter table booking add constraint booking_countermark unique (countermark)'
"""
_GROWING = ["booking", "ledger_journal", "ledger_entry", "acceptance"]


@dataclass(frozen=True, slots=True)
class Person:
    """One of the town, by number from 1."""

    number: int

    @property
    def pseudonym(self) -> uuid.UUID:
        return uuid.UUID(f"{self.number:032d}")


def countermark(number: int) -> str:
    """Of what person number + 1 is to fetch."""
    return f"{number:06d}".translate(str.maketrans("0123456789", "ABCDEFGHJK"))


async def build(conn: asyncpg.Connection) -> None:
    """The town, in an empty migrated database."""
    await conn.execute("set session_replication_role = replica")
    town = {"venues": VENUES, "shows": SHOWS, "past": PAST, "people": PEOPLE, "price": PRICE_CENTS, "venue": FETCHED_AT}
    await conn.execute(_TOWN.format(**town))
    await conn.execute(_WAITING.format(**town))
    await conn.execute("reset session_replication_role")
    await conn.execute("vacuum analyze")


async def add_earlier(conn: asyncpg.Connection, first: int, last: int) -> None:
    """Bookings number `first` to `last`. Where they are many, indexes are dropped meanwhile and made again."""
    indexes = await conn.fetch(_INDEXES, _GROWING) if last - first > 1_000_000 else []
    before: int = await conn.fetchval("select coalesce(max(id), 0) from booking")
    await conn.execute("set session_replication_role = replica; set maintenance_work_mem = '1GB'")
    for index in indexes:
        await conn.execute(index["dropped"])
    await conn.execute(
        _EARLIER.format(
            venues=VENUES,
            shows=SHOWS,
            people=PEOPLE,
            price=PRICE_CENTS,
            first=first,
            last=last,
            before=before,
            key=KEY_ID,
            letters=_LETTERS,
        )
    )
    for index in indexes:
        await conn.execute(index["made"])
    await conn.execute("reset session_replication_role")
    await conn.execute("vacuum analyze")
    await conn.execute("checkpoint")
