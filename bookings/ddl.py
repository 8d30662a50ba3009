"""What SQLModel cannot say of these tables, as SQL: the migrations execute the same text, in this order.

A journal's entries sum to zero when its transaction commits; ledger rows never change; bookings never
disappear, which is what makes a countermark unique for ever, and what was promised in one never changes.
"""

from __future__ import annotations

from bookings.outbox_ddl import BOOKINGS_ARE_TOLD, SESSION_NEWS_ARE_TOLD

LEDGER_ONLY_GROWS: list[str] = [
    """
create or replace function ledger_only_grows() returns trigger language plpgsql as $$
begin
    raise exception '% only grows: % refused', tg_table_name, tg_op
        using errcode = 'integrity_constraint_violation';
end
$$
""".strip(),
    *(
        f"""
create trigger {table}_{what} before {events} on {table}
for each {level} execute function ledger_only_grows()
""".strip()
        for table in ("ledger_journal", "ledger_entry")
        for what, events, level in (
            ("rows_stay", "update or delete", "row"),
            ("table_stays", "truncate", "statement"),
        )
    ),
]

LEDGER_BALANCES: list[str] = [
    """
create or replace function ledger_journal_balances() returns trigger language plpgsql as $$
declare
    total bigint;
begin
    select sum(amount_cents) into total from ledger_entry where journal_id = new.journal_id;
    if total <> 0 then
        raise exception 'journal % is off by % cents', new.journal_id, total
            using errcode = 'integrity_constraint_violation', constraint = 'ledger_journal_balances';
    end if;
    return null;
end
$$
""".strip(),
    # Deferred: the entries of a journal may come one by one, and are judged when all are there.
    """
create constraint trigger ledger_journal_balances after insert on ledger_entry
deferrable initially deferred for each row execute function ledger_journal_balances()
""".strip(),
]

BOOKINGS_STAY: list[str] = [
    """
create or replace function booking_stays() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if (new.id, new.countermark, new.wallet_id, new.stock_id, new.venue_id, new.quantity,
            new.unit_price_cents, new.is_physical, new.is_digital, new.created_at, new.snapshot)
            is not distinct from
           (old.id, old.countermark, old.wallet_id, old.stock_id, old.venue_id, old.quantity,
            old.unit_price_cents, old.is_physical, old.is_digital, old.created_at, old.snapshot)
        then
            return new;
        end if;
    end if;
    raise exception 'booking % was promised as it is: % refused', old.id, tg_op
        using errcode = 'integrity_constraint_violation', constraint = 'booking_stays';
end
$$
""".strip(),
    """
create trigger booking_stays before update or delete on booking
for each row execute function booking_stays()
""".strip(),
]

DEPOSITS_STAY: list[str] = [
    """
create or replace function deposit_stays() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if (new.id, new.wallet_id, new.account_id, new.policy, new.local_credit_id, new.spending_order,
            new.amount_cents, new.physical_cap_cents, new.digital_cap_cents, new.granted_at, new.journal_id)
            is not distinct from
           (old.id, old.wallet_id, old.account_id, old.policy, old.local_credit_id, old.spending_order,
            old.amount_cents, old.physical_cap_cents, old.digital_cap_cents, old.granted_at, old.journal_id)
           and new.expires_at <= old.expires_at
        then
            return new;
        end if;
    end if;
    raise exception 'deposit % was granted as it is: % refused', old.id, tg_op
        using errcode = 'integrity_constraint_violation', constraint = 'deposit_stays';
end
$$
""".strip(),
    # What a booking changes is left out: the trigger is not called where only these columns are set.
    """
create trigger deposit_stays before delete or update of id, wallet_id, account_id, policy, local_credit_id,
    spending_order, amount_cents, physical_cap_cents, digital_cap_cents, granted_at, expires_at, journal_id
on deposit for each row execute function deposit_stays()
""".strip(),
]

LOCAL_CREDITS_STAY: list[str] = [
    """
create or replace function local_credit_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the terms of local credit % stay: % refused', old.code, tg_op
        using errcode = 'integrity_constraint_violation', constraint = 'local_credit_stays';
end
$$
""".strip(),
    """
create trigger local_credit_stays before update or delete on local_credit
for each row execute function local_credit_stays()
""".strip(),
]

JOURNALS_STAY: list[str] = [
    """
create or replace function offline_entry_only_grows() returns trigger language plpgsql as $$
begin
    raise exception 'offline_entry only grows: % refused', tg_op
        using errcode = 'integrity_constraint_violation';
end
$$
""".strip(),
    """
create trigger offline_entry_rows_stay before update or delete on offline_entry
for each row execute function offline_entry_only_grows()
""".strip(),
    """
create trigger offline_entry_table_stays before truncate on offline_entry
for each statement execute function offline_entry_only_grows()
""".strip(),
]

TRIGGERS: list[str] = [
    *LEDGER_ONLY_GROWS,
    *LEDGER_BALANCES,
    *BOOKINGS_STAY,
    *DEPOSITS_STAY,
    *LOCAL_CREDITS_STAY,
    *JOURNALS_STAY,
    *BOOKINGS_ARE_TOLD,
    *SESSION_NEWS_ARE_TOLD,
]
