"""The house: référentiel, parties, money room, sync."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0001_pre_house"
down_revision = None
branch_labels = None
depends_on = None

TRIGGERS = (
    """
create or replace function audit_event_only_grows() returns trigger language plpgsql as $$
begin
    raise exception 'audit_event only grows: % refused', tg_op
        using errcode = 'integrity_constraint_violation';
end
$$
""",
    """
create trigger audit_event_rows_stay before update or delete on audit_event
for each row execute function audit_event_only_grows()
""",
    """
create trigger audit_event_table_stays before truncate on audit_event
for each statement execute function audit_event_only_grows()
""",
    """
create or replace function ledger_only_grows() returns trigger language plpgsql as $$
begin
    raise exception '% only grows: % refused', tg_table_name, tg_op
        using errcode = 'integrity_constraint_violation';
end
$$
""",
    """
create trigger ledger_journal_rows_stay before update or delete on ledger_journal
for each row execute function ledger_only_grows()
""",
    """
create trigger ledger_journal_table_stays before truncate on ledger_journal
for each statement execute function ledger_only_grows()
""",
    """
create trigger ledger_entry_rows_stay before update or delete on ledger_entry
for each row execute function ledger_only_grows()
""",
    """
create trigger ledger_entry_table_stays before truncate on ledger_entry
for each statement execute function ledger_only_grows()
""",
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
""",
    """
create constraint trigger ledger_journal_balances after insert on ledger_entry
deferrable initially deferred for each row execute function ledger_journal_balances()
""",
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
""",
    """
create trigger booking_stays before update or delete on booking
for each row execute function booking_stays()
""",
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
""",
    """
create trigger deposit_stays before delete or update of id, wallet_id, account_id, policy, local_credit_id,
    spending_order, amount_cents, physical_cap_cents, digital_cap_cents, granted_at, expires_at, journal_id
on deposit for each row execute function deposit_stays()
""",
    """
create or replace function local_credit_stays() returns trigger language plpgsql as $$
begin
    raise exception 'the terms of local credit % stay: % refused', old.code, tg_op
        using errcode = 'integrity_constraint_violation', constraint = 'local_credit_stays';
end
$$
""",
    """
create trigger local_credit_stays before update or delete on local_credit
for each row execute function local_credit_stays()
""",
    """
create or replace function offline_entry_only_grows() returns trigger language plpgsql as $$
begin
    raise exception 'offline_entry only grows: % refused', tg_op
        using errcode = 'integrity_constraint_violation';
end
$$
""",
    """
create trigger offline_entry_rows_stay before update or delete on offline_entry
for each row execute function offline_entry_only_grows()
""",
    """
create trigger offline_entry_table_stays before truncate on offline_entry
for each statement execute function offline_entry_only_grows()
""",
    """
create or replace function booking_is_told() returns trigger language plpgsql as $$
declare
    was text := case when tg_op = 'UPDATE' then old.status end;
    what text;
    moment timestamptz;
begin
    if new.status in ('confirmed', 'used') and coalesce(was, 'held') = 'held' then
        insert into outbox_event (kind, booking_id, venue_id, at)
        values ('booking.created', new.id, new.venue_id, coalesce(new.confirmed_at, new.created_at));
    elsif new.status = 'confirmed' and was = 'used' then
        what := 'booking.kept';
        moment := now();
    end if;
    if new.status = 'used' and was is distinct from 'used' then
        what := 'booking.used';
        moment := new.used_at;
    elsif new.status = 'cancelled' and was is distinct from 'cancelled' then
        -- A seat that its ticketing did not sell was never a booking to anybody but its person.
        what := case when coalesce(was, 'held') = 'held' then 'booking.refused' else 'booking.cancelled' end;
        moment := new.cancelled_at;
    elsif new.status = 'expired' and was is distinct from 'expired' then
        what := 'booking.expired';
        moment := new.cancelled_at;
    end if;
    if what is not null then
        insert into outbox_event (kind, booking_id, venue_id, at, details)
        values (what, new.id, new.venue_id, moment,
                case when new.cancellation_reason is not null
                     then jsonb_build_object('reason', new.cancellation_reason) end);
    end if;
    return null;
end
$$
""",
    """
create trigger booking_is_told after insert or update of status on booking
for each row execute function booking_is_told()
""",
    """
create or replace function session_news_is_told() returns trigger language plpgsql as $$
begin
    insert into outbox_event (kind, session_id, venue_id, at, details)
    select 'session.' || new.what, new.session_id, e.venue_id, new.noted_at,
           case when new.begins_at is not null then jsonb_build_object('beginsAt', new.begins_at) end
    from session x join event e on e.id = x.event_id where x.id = new.session_id;
    return null;
end
$$
""",
    """
create trigger session_news_is_told after insert on session_news
for each row execute function session_news_is_told()
""",
    """
create or replace function booking_notice_is_told() returns trigger language plpgsql as $$
begin
    -- Of a cancelled session the bookings are cancelled, and told as that.
    insert into outbox_event (kind, booking_id, venue_id, at, details)
    select case new.kind when 'expires_soon' then 'booking.expiring' else 'booking.moved' end, b.id, b.venue_id,
           new.noted_at, case when n.begins_at is not null then jsonb_build_object('beginsAt', n.begins_at) end
    from booking b left join session_news n on n.id = new.news_id
    where b.id = new.booking_id and new.kind in ('expires_soon', 'session_moved');
    return null;
end
$$
""",
    """
create trigger booking_notice_is_told after insert on booking_notice
for each row execute function booking_notice_is_told()
""",
)


def upgrade() -> None:
    op.execute("create extension if not exists pg_trgm")
    op.execute(sa.schema.CreateSequence(sa.Sequence("change_position")))
    op.create_table(
        "alert",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("alert_untold", "alert", ["id"], unique=False, postgresql_where=sa.text("told_at is null"))
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "details", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_event_subject", "audit_event", ["subject", "at"], unique=False)
    op.create_table(
        "beneficiary",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pseudonym", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "erased_at is null or num_nonnulls(email, first_name, last_name, birth_date, department) = 0",
            name="beneficiary_erased_wholly",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("pseudonym"),
    )
    op.create_table(
        "change_log",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("op", sa.SmallInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("op in (1, 2, 3)", name="change_op"),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_table(
        "entity_identifier",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "scheme", "value", "entity_id"),
    )
    op.create_index("entity_identifier_of", "entity_identifier", ["kind", "entity_id"], unique=False)
    op.create_table(
        "entity_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("absorbed_id", sa.BigInteger(), nullable=False),
        sa.Column("survivor_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column(
            "explanation", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("moved", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.CheckConstraint("(undone_at is null) = (undone_by is null)", name="entity_merge_undone"),
        sa.CheckConstraint("absorbed_id <> survivor_id", name="entity_merge_of_two"),
        sa.CheckConstraint("kind between 1 and 4", name="entity_merge_kind"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "entity_merge_standing",
        "entity_merge",
        ["kind", "absorbed_id"],
        unique=True,
        postgresql_where=sa.text("undone_at is null"),
    )
    op.create_index("entity_merge_survivor", "entity_merge", ["kind", "survivor_id"], unique=False)
    op.create_table(
        "field_lock",
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("entity_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind between 1 and 4", name="field_lock_kind"),
        sa.PrimaryKeyConstraint("kind", "entity_id", "field"),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "local_credit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("subcategories", postgresql.ARRAY(Text()), nullable=True),
        sa.Column("departments", postgresql.ARRAY(Text()), nullable=True),
        sa.Column("spent", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("code ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="local_credit_code_form"),
        sa.CheckConstraint("spent in ('before', 'after')", name="local_credit_spent"),
        sa.CheckConstraint("amount_cents > 0", name="local_credit_amount"),
        sa.CheckConstraint(
            "cardinality(subcategories) > 0 and cardinality(departments) > 0", name="local_credit_scope_not_empty"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "match_key",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "entity_id"),
    )
    op.create_index("match_key_of", "match_key", ["kind", "entity_id"], unique=False)
    op.create_table(
        "match_word",
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("entities", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "word"),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(product_id is null) <> (event_id is null)", name="offer_of_one_thing"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "offer_event",
        "offer",
        ["event_id", "venue_id"],
        unique=True,
        postgresql_where=sa.text("event_id is not null and merged_into is null"),
    )
    op.create_index(
        "offer_product",
        "offer",
        ["product_id", "venue_id"],
        unique=True,
        postgresql_where=sa.text("product_id is not null and merged_into is null"),
    )
    op.create_table(
        "offerer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("siren", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("siren ~ '^[0-9]{9}$'", name="offerer_siren_form"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("siren"),
    )
    op.create_table(
        "outbox_cursor",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("id = 1", name="outbox_cursor_one"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "outbox_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("stock_id", sa.BigInteger(), nullable=True),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=Text()), nullable=True),
        sa.Column("spread_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(booking_id, session_id, stock_id) = 1", name="outbox_event_subject"),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index("outbox_event_spread", "outbox_event", ["spread_at"], unique=False)
    op.create_index(
        "outbox_event_stock",
        "outbox_event",
        ["stock_id", "id"],
        unique=False,
        postgresql_where=sa.text("stock_id is not null"),
    )
    op.create_index(
        "outbox_event_unspread", "outbox_event", ["id"], unique=False, postgresql_where=sa.text("spread_at is null")
    )
    op.create_table(
        "provider",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("most_runs", sa.Integer(), server_default=sa.text("4"), nullable=False),
        sa.Column("per_second", sa.Float(), nullable=True),
        sa.Column("next_request_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing", postgresql.ARRAY(Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("probes", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("most_runs > 0", name="provider_most_runs"),
        sa.CheckConstraint("per_second > 0", name="provider_per_second"),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "seen",
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "generation", "kind", "key", "part"),
    )
    op.create_table(
        "stock",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("price_cents", sa.Integer(), nullable=True),
        sa.Column("price_label", sa.Text(), nullable=True),
        sa.Column("sellable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("price_cents >= 0", name="stock_price"),
        sa.PrimaryKeyConstraint("id", "venue_id"),
    )
    op.create_index("stock_offer", "stock", ["offer_id"], unique=False)
    op.create_index(
        "stock_session", "stock", ["session_id"], unique=False, postgresql_where=sa.text("session_id is not null")
    )
    op.create_table(
        "stock_page",
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        sa.Column("reading", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("announced", sa.Integer(), nullable=False),
        sa.Column("first", sa.Text(collation="C"), nullable=False),
        sa.Column("last", sa.Text(collation="C"), nullable=False),
        sa.Column("keys", postgresql.ARRAY(Text(collation="C")), nullable=False),
        sa.PrimaryKeyConstraint("source_id", "place"),
    )
    op.create_table(
        "supply",
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("stock_id", sa.BigInteger(), nullable=True),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sellable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("available", sa.Integer(), nullable=True),
        sa.Column("seen", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.Integer(), sa.Computed("available + seen", persisted=True), nullable=True),
        sa.Column("price_cents", sa.Integer(), nullable=True),
        sa.Column("of_kind", sa.SmallInteger(), nullable=True),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("part", sa.Text(collation="C"), server_default=sa.text("''"), nullable=False),
        sa.Column("ean", sa.Text(collation="C"), nullable=True),
        sa.Column("of_key", sa.Text(collation="C"), nullable=True),
        sa.Column("price_label", sa.Text(), nullable=True),
        sa.CheckConstraint("(ean is null) <> (of_key is null)", name="supply_of_one_thing"),
        sa.CheckConstraint("available >= 0", name="supply_available"),
        sa.CheckConstraint("price_cents >= 0", name="supply_price"),
        sa.CheckConstraint("seen >= 0", name="supply_seen"),
        sa.PrimaryKeyConstraint("source_id", "key", "part", "venue_id"),
        postgresql_with={
            "fillfactor": 90,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index(
        "supply_stock",
        "supply",
        ["stock_id", "venue_id"],
        unique=True,
        postgresql_where=sa.text("stock_id is not null"),
    )
    op.create_index(
        "supply_waiting",
        "supply",
        ["ean"],
        unique=False,
        postgresql_where=sa.text("stock_id is null and gone_at is null"),
    )
    op.create_table(
        "ticket_key",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signs_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[0-9A-F]{8}$'", name="ticket_key_form"),
        sa.CheckConstraint("octet_length(public_key) = 32", name="ticket_key_size"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "vendor",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "venue",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("siret", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column(
            "fields", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "provenance", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("siret ~ '^[0-9]{14}$'", name="venue_siret_form"),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["venue.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("venue_siret", "venue", ["siret"], unique=True, postgresql_where=sa.text("merged_into is null"))
    op.create_table(
        "wallet",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pseudonym", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pseudonym"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_table(
        "work",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column(
            "fields", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "provenance", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["work.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "work_folded",
        "work",
        ["folded"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"folded": "gin_trgm_ops"},
    )
    op.create_table(
        "allotment",
        sa.Column("stock_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("venue_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("held", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sold", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("ceiling", sa.Integer(), nullable=True),
        sa.CheckConstraint("held + sold <= ceiling", name="allotment_ceiling"),
        sa.CheckConstraint("held >= 0", name="allotment_held"),
        sa.CheckConstraint("sold >= 0", name="allotment_sold"),
        sa.ForeignKeyConstraint(["stock_id", "venue_id"], ["stock.id", "stock.venue_id"], name="allotment_stock_fkey"),
        sa.PrimaryKeyConstraint("stock_id", "venue_id"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("prefix ~ '^(prod|sandbox)_[0-9a-f]{12}$'", name="api_key_prefix_form"),
        sa.CheckConstraint("octet_length(secret_hash) = 32", name="api_key_hash_size"),
        sa.ForeignKeyConstraint(
            ["vendor_id"],
            ["vendor.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("prefix"),
    )
    op.create_index("api_key_vendor", "api_key", ["vendor_id"], unique=False)
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("work_id", sa.BigInteger(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("subcategory", sa.Text(), nullable=False),
        sa.Column("is_duo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "fields", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "provenance", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["event.id"],
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venue.id"],
        ),
        sa.ForeignKeyConstraint(
            ["work_id"],
            ["work.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "event_folded",
        "event",
        ["folded"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"folded": "gin_trgm_ops"},
    )
    op.create_index(op.f("ix_event_venue_id"), "event", ["venue_id"], unique=False)
    op.create_index(op.f("ix_event_work_id"), "event", ["work_id"], unique=False)
    op.create_table(
        "offline_limit",
        sa.Column("venue_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("most_cents", sa.BigInteger(), nullable=False),
        sa.Column("most_count", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("most_cents >= 0 and most_count >= 0", name="offline_limit_positive"),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venue.id"],
        ),
        sa.PrimaryKeyConstraint("venue_id"),
    )
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("work_id", sa.BigInteger(), nullable=True),
        sa.Column("ean", sa.Text(collation="C"), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("subcategory", sa.Text(), nullable=True),
        sa.Column("price_cents", sa.Integer(), nullable=True),
        sa.Column("sellable", sa.Boolean(), nullable=True),
        sa.Column("sellable_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "fields", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "provenance", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("ean ~ '^[0-9]{13}$'", name="product_ean_form"),
        sa.CheckConstraint("price_cents >= 0", name="product_price"),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["product.id"],
        ),
        sa.ForeignKeyConstraint(
            ["work_id"],
            ["work.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("product_ean", "product", ["ean"], unique=True, postgresql_where=sa.text("merged_into is null"))
    op.create_index(
        "product_folded",
        "product",
        ["folded"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"folded": "gin_trgm_ops"},
        postgresql_where=sa.text("folded is not null"),
    )
    op.create_index(
        "product_work", "product", ["work_id"], unique=False, postgresql_where=sa.text("work_id is not null")
    )
    op.create_table(
        "source",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("trust", sa.SmallInteger(), server_default=sa.text("50"), nullable=False),
        sa.Column(
            "trust_by_field",
            postgresql.JSONB(astext_type=Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("is_clean", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("sales_seen", sa.Text(), server_default=sa.text("'never'"), nullable=False),
        sa.Column("stale_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sales_seen in ('at_booking', 'at_acceptance', 'never')", name="source_sales_seen"),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venue.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("connector", "account"),
    )
    op.create_index(op.f("ix_source_venue_id"), "source", ["venue_id"], unique=False)
    op.create_index("source_stale", "source", ["id"], unique=False, postgresql_where=sa.text("stale_since is not null"))
    op.create_table(
        "vendor_venue",
        sa.Column("vendor_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("venue_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["vendor_id"],
            ["vendor.id"],
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venue.id"],
        ),
        sa.PrimaryKeyConstraint("vendor_id", "venue_id"),
    )
    op.create_index("vendor_venue_venue", "vendor_venue", ["venue_id"], unique=False)
    op.create_table(
        "venue_offerer",
        sa.Column("venue_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offerer_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["offerer_id"],
            ["offerer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venue.id"],
        ),
        sa.PrimaryKeyConstraint("venue_id"),
    )
    op.create_index("venue_offerer_offerer", "venue_offerer", ["offerer_id"], unique=False)
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(Text()), nullable=False),
        sa.Column("form", sa.Text(), server_default=sa.text("'standard'"), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=False),
        sa.Column("both_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_why", sa.Text(), nullable=True),
        sa.CheckConstraint("form in ('standard', 'passculture')", name="webhook_endpoint_form"),
        sa.CheckConstraint("cardinality(events) > 0", name="webhook_endpoint_events"),
        sa.ForeignKeyConstraint(
            ["vendor_id"],
            ["vendor.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index("webhook_endpoint_vendor", "webhook_endpoint", ["vendor_id"], unique=False)
    op.create_table(
        "feed",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "settings", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("allow_private", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("every_minutes", sa.Integer(), server_default=sa.text("1440"), nullable=False),
        sa.Column("cron", sa.Text(), nullable=True),
        sa.Column("guard_share", sa.Float(), server_default=sa.text("0.3"), nullable=False),
        sa.Column("guard_bookings", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("expected_min", sa.Integer(), nullable=True),
        sa.Column("expected_max", sa.Integer(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("snapshot_open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_midway", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fresh_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zeroed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_why", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("expected_min <= expected_max", name="feed_expected"),
        sa.CheckConstraint("failures >= 0 and attempts >= 0", name="feed_counts"),
        sa.CheckConstraint("guard_bookings >= 0", name="feed_guard_bookings"),
        sa.CheckConstraint("guard_share between 0 and 1", name="feed_guard_share"),
        sa.ForeignKeyConstraint(
            ["provider"],
            ["provider.name"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index(
        "feed_due", "feed", ["provider", "due_at"], unique=False, postgresql_where=sa.text("paused_why is null")
    )
    op.create_index(
        "feed_fresh_until", "feed", ["fresh_until"], unique=False, postgresql_where=sa.text("fresh_until is not null")
    )
    op.create_index(
        "feed_leased", "feed", ["provider"], unique=False, postgresql_where=sa.text("lease_until is not null")
    )
    op.create_table(
        "merge_decision",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column(
            "explanation", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome in ('same', 'different', 'ask')", name="merge_decision_outcome"),
        sa.CheckConstraint("score between 0 and 100", name="merge_decision_score"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("merge_decision_entity", "merge_decision", ["kind", "entity_id"], unique=False)
    op.create_index("merge_decision_record", "merge_decision", ["source_id", "kind", "key", "part"], unique=False)
    op.create_index(
        "merge_decision_never",
        "merge_decision",
        ["source_id", "kind", "key", "part"],
        unique=False,
        postgresql_where=sa.text("outcome = 'different' and undone_at is null"),
    )
    op.create_table(
        "merge_member",
        sa.Column("merge_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("former_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind between 1 and 5", name="merge_member_kind"),
        sa.ForeignKeyConstraint(
            ["merge_id"],
            ["entity_merge.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("merge_id", "source_id", "kind", "key", "part"),
    )
    op.create_index("merge_member_record", "merge_member", ["source_id", "kind", "key", "part"], unique=False)
    op.create_table(
        "review_answer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("question_id", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("newcomer_id", sa.BigInteger(), nullable=False),
        sa.Column("candidate_id", sa.BigInteger(), nullable=False),
        sa.Column("merge_id", sa.BigInteger(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(verdict = 'same') = (merge_id is not null)", name="review_answer_merge"),
        sa.CheckConstraint("verdict in ('same', 'different', 'unsure')", name="review_answer_verdict"),
        sa.ForeignKeyConstraint(
            ["merge_id"],
            ["entity_merge.id"],
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["merge_decision.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "review_answer_standing",
        "review_answer",
        ["question_id"],
        unique=True,
        postgresql_where=sa.text("undone_at is null"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'running'"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("records", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("repeated", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("rejected", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("withdrawn", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("zeroed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("kept_sold", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("cancelled_bookings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved_bookings", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("reading", sa.BigInteger(), nullable=True),
        sa.Column("is_partial", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_released", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("pages", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("bytes_read", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=True),
        sa.Column("rows_expected", sa.Integer(), nullable=True),
        sa.Column(
            "seconds", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "first_errors", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("moved", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "first_moves", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("release_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode in ('full', 'incremental')", name="run_mode"),
        sa.CheckConstraint("state in ('running', 'done', 'failed', 'guarded', 'lost')", name="run_state"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index(
        "run_asked",
        "run",
        ["id"],
        unique=False,
        postgresql_where=sa.text("release_asked_at is not null and state = 'guarded'"),
    )
    op.create_index("run_ended", "run", ["ended_at"], unique=False)
    op.create_index("run_source", "run", ["source_id", "id"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hall", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("features", postgresql.ARRAY(Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into", sa.BigInteger(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("ends_at >= begins_at", name="session_order"),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["event.id"],
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"],
            ["session.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("session_event", "session", ["event_id", "begins_at"], unique=False)
    op.create_table(
        "session_miss",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "key", "part"),
    )
    op.create_table(
        "source_record",
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("record", postgresql.JSONB(none_as_null=True, astext_type=Text()), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("kind between 1 and 5", name="source_record_kind"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id", "kind", "key", "part"),
    )
    op.create_index("source_record_entity", "source_record", ["kind", "entity_id"], unique=False)
    op.create_index(
        "source_record_content",
        "source_record",
        ["source_id", "content"],
        unique=False,
        postgresql_where=sa.text("content is not null"),
    )
    op.create_table(
        "ticketing",
        sa.Column("source_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column(
            "settings", postgresql.JSONB(astext_type=Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.Column("allow_private", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("source_id"),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries_left", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (ended_at is null)", name="webhook_delivery_ended"),
        sa.CheckConstraint("state in ('waiting', 'delivered', 'dead', 'superseded')", name="webhook_delivery_state"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoint.id"],
        ),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["outbox_event.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint_id", "event_id", name="webhook_delivery_once"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index(
        "webhook_delivery_due",
        "webhook_delivery",
        ["endpoint_id", "next_try_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("webhook_delivery_event", "webhook_delivery", ["event_id"], unique=False)
    op.create_index("webhook_delivery_log", "webhook_delivery", ["endpoint_id", "id"], unique=False)
    op.create_index(
        "webhook_delivery_order",
        "webhook_delivery",
        ["endpoint_id", "subject", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "webhook_delivery_over",
        "webhook_delivery",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("ended_at is not null"),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("countermark", sa.Text(), nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False),
        sa.Column("stock_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.SmallInteger(), nullable=False),
        sa.Column("unit_price_cents", sa.BigInteger(), nullable=False),
        sa.Column("is_physical", sa.Boolean(), nullable=False),
        sa.Column("is_digital", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancellation_reason", sa.Text(), nullable=True),
        sa.Column("cancellable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot", postgresql.JSONB(astext_type=Text()), nullable=False),
        sa.CheckConstraint(
            "(status in ('cancelled', 'expired')) = (cancelled_at is not null) and (cancelled_at is null) = (cancellation_reason is null)",
            name="booking_cancelled",
        ),
        sa.CheckConstraint("(status in ('used', 'reimbursed')) = (used_at is not null)", name="booking_used"),
        sa.CheckConstraint("countermark ~ '^[A-HJ-NP-Z2-7]{6}$'", name="booking_countermark_form"),
        sa.CheckConstraint("status in ('held', 'cancelled') or confirmed_at is not null", name="booking_confirmed"),
        sa.CheckConstraint(
            "status in ('held', 'confirmed', 'used', 'reimbursed', 'cancelled', 'expired')", name="booking_status"
        ),
        sa.CheckConstraint("quantity between 1 and 2", name="booking_quantity"),
        sa.CheckConstraint("unit_price_cents >= 0", name="booking_price"),
        sa.ForeignKeyConstraint(
            ["offer_id"],
            ["offer.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["session.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.ForeignKeyConstraint(["stock_id", "venue_id"], ["stock.id", "stock.venue_id"], name="booking_stock_fkey"),
        sa.ForeignKeyConstraint(
            ["used_by"],
            ["api_key.id"],
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"],
            ["wallet.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("countermark", name="booking_countermark"),
    )
    op.create_index(
        "booking_expiring",
        "booking",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("status = 'confirmed' and expires_at is not null"),
    )
    op.create_index(
        "booking_one_live",
        "booking",
        ["offer_id", "wallet_id"],
        unique=True,
        postgresql_where=sa.text("status not in ('cancelled', 'expired')"),
    )
    op.create_index(
        "booking_session",
        "booking",
        ["session_id"],
        unique=False,
        postgresql_where=sa.text("session_id is not null and status in ('held', 'confirmed', 'used')"),
    )
    op.create_index("booking_stock", "booking", ["stock_id", "venue_id"], unique=False)
    op.create_index("booking_venue", "booking", ["venue_id", "id"], unique=False)
    op.create_index("booking_wallet", "booking", ["wallet_id", "id"], unique=False)
    op.create_table(
        "push_job",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.CheckConstraint("state in ('waiting', 'done', 'guarded', 'failed')", name="push_job_state"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"],
            ["vendor.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("vendor_id", "idempotency_key"),
    )
    op.create_index("push_job_ended", "push_job", ["ended_at"], unique=False)
    op.create_index("push_job_run", "push_job", ["run_id"], unique=False)
    op.create_index(
        "push_job_waiting", "push_job", ["source_id", "id"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("times_seen", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["run.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "digest"),
    )
    op.create_index(
        "quarantine_waiting",
        "quarantine",
        ["source_id", "key"],
        unique=False,
        postgresql_where=sa.text("resolved_at is null"),
    )
    op.create_table(
        "raw_page",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("follows", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source_id", "digest"),
    )
    op.create_index("raw_page_at", "raw_page", ["at"], unique=False)
    op.create_index("raw_page_run", "raw_page", ["run_id", "n"], unique=False)
    op.create_table(
        "session_news",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(what = 'moved') = (begins_at is not null)", name="session_news_begins"),
        sa.CheckConstraint("what in ('cancelled', 'moved')", name="session_news_what"),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["session.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_session_news_session_id"), "session_news", ["session_id"], unique=False)
    op.create_index(
        "session_news_open", "session_news", ["id"], unique=False, postgresql_where=sa.text("settled_at is null")
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["webhook_delivery.id"], ondelete="cascade"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("webhook_attempt_delivery", "webhook_attempt", ["delivery_id", "id"], unique=False)
    op.create_table(
        "acceptance",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("api_key_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("till", sa.Text(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("action in ('check', 'use', 'keep', 'cancel')", name="acceptance_action"),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="acceptance_hash_size"),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_key.id"],
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("acceptance_key", "acceptance", ["api_key_id", "at"], unique=False)
    op.create_index(
        "acceptance_nonce",
        "acceptance",
        ["booking_id", "api_key_id", "nonce"],
        unique=True,
        postgresql_where=sa.text("action = 'use' and outcome = 'accepted'"),
    )
    op.create_index(
        "acceptance_one_standing",
        "acceptance",
        ["booking_id"],
        unique=True,
        postgresql_where=sa.text("action = 'use' and outcome = 'accepted' and undone_at is null"),
    )
    op.create_table(
        "booking_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("news_id", sa.BigInteger(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'expires_soon') = (news_id is null)", name="booking_notice_news"),
        sa.CheckConstraint(
            "kind in ('session_cancelled', 'session_moved', 'expires_soon')", name="booking_notice_kind"
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["news_id"],
            ["session_news.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "booking_id", "kind", "news_id", name="booking_notice_once", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index(op.f("ix_booking_notice_news_id"), "booking_notice", ["news_id"], unique=False)
    op.create_table(
        "external_sale",
        sa.Column("booking_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("session_key", sa.Text(), nullable=False),
        sa.Column("price_part", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hold_reference", sa.Text(), nullable=True),
        sa.Column("tickets", postgresql.JSONB(none_as_null=True, astext_type=Text()), nullable=True),
        sa.Column("surplus", postgresql.JSONB(none_as_null=True, astext_type=Text()), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state in ('wanted', 'holding', 'held', 'confirming', 'sold', 'cancelling', 'cancelled', 'refused', 'unknown')",
            name="external_sale_state",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["source.id"],
        ),
        sa.PrimaryKeyConstraint("booking_id"),
    )
    op.create_index(
        "external_sale_pending",
        "external_sale",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("state not in ('sold', 'cancelled', 'refused') or surplus is not null"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("response", postgresql.JSONB(none_as_null=True, astext_type=Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(status = 'done') = (response is not null)", name="idempotency_key_response"),
        sa.CheckConstraint("status in ('running', 'done')", name="idempotency_key_status"),
        sa.CheckConstraint("length(key) between 1 and 255", name="idempotency_key_length"),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.PrimaryKeyConstraint("owner", "key"),
    )
    op.create_index("idempotency_key_created", "idempotency_key", ["created_at"], unique=False)
    op.create_index(op.f("ix_idempotency_key_booking_id"), "idempotency_key", ["booking_id"], unique=False)
    op.create_table(
        "ledger_journal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "reason in ('grant', 'recredit', 'takeover', 'booking', 'refund', 'expiry', 'reimbursement')",
            name="ledger_journal_reason",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ledger_journal_booking",
        "ledger_journal",
        ["booking_id"],
        unique=False,
        postgresql_where=sa.text("booking_id is not null"),
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=Text()), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'waiting') = (ended_at is null)", name="mail_ended"),
        sa.CheckConstraint("state in ('waiting', 'sent', 'dead', 'void')", name="mail_state"),
        sa.CheckConstraint("(booking_id is null) = (letter is not null)", name="mail_about"),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key", name="mail_once"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index(
        "mail_booking", "mail", ["booking_id", "id"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("mail_due", "mail", ["next_try_at"], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("mail_over", "mail", ["ended_at"], unique=False, postgresql_where=sa.text("ended_at is not null"))
    op.create_table(
        "offline_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("vendor_id", sa.BigInteger(), nullable=False),
        sa.Column("api_key_id", sa.BigInteger(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("till", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("entry_hash", sa.LargeBinary(), nullable=False),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.SmallInteger(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("details", postgresql.JSONB(none_as_null=True, astext_type=Text()), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(outcome = 'accepted') = (reason is null)", name="offline_entry_reason"),
        sa.CheckConstraint(
            "outcome = 'refused' or num_nulls(booking_id, quantity, amount_cents) = 0", name="offline_entry_booking"
        ),
        sa.CheckConstraint("outcome in ('accepted', 'conflict', 'refused')", name="offline_entry_outcome"),
        sa.CheckConstraint("length(nonce) between 1 and 255", name="offline_entry_nonce_length"),
        sa.CheckConstraint("length(till) between 1 and 64", name="offline_entry_till"),
        sa.CheckConstraint("octet_length(entry_hash) = 32", name="offline_entry_hash"),
        sa.CheckConstraint("sequence > 0", name="offline_entry_positive"),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_key.id"],
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["vendor_id"],
            ["vendor.id"],
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venue.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("vendor_id", "venue_id", "till", "nonce", name="offline_entry_nonce"),
        sa.UniqueConstraint("vendor_id", "venue_id", "till", "sequence", name="offline_entry_sequence"),
    )
    op.create_index("offline_entry_of_booking", "offline_entry", ["booking_id"], unique=False)
    op.create_index("offline_entry_venue", "offline_entry", ["venue_id", "id"], unique=False)
    op.create_table(
        "push_item",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("faults", postgresql.JSONB(astext_type=Text()), nullable=True),
        sa.Column("entity_id", sa.BigInteger(), nullable=True),
        sa.Column("offer_id", sa.BigInteger(), nullable=True),
        sa.Column("joined", sa.Boolean(), nullable=True),
        sa.Column("legal_price_cents", sa.Integer(), nullable=True),
        sa.CheckConstraint("effect in ('created', 'changed', 'withdrawn')", name="push_item_effect"),
        sa.CheckConstraint(
            "outcome in ('accepted', 'unchanged', 'superseded', 'unknown_reference', 'refused')",
            name="push_item_outcome",
        ),
        sa.ForeignKeyConstraint(["job_id"], ["push_job.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "n"),
    )
    op.create_table(
        "ticket_issue",
        sa.Column("booking_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("venue_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["booking.id"],
        ),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["ticket_key.id"],
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"],
            ["venue.id"],
        ),
        sa.PrimaryKeyConstraint("booking_id", "key_id"),
    )
    op.create_index("ticket_issue_key", "ticket_issue", ["key_id", "valid_until"], unique=False)
    op.create_index("ticket_issue_venue", "ticket_issue", ["venue_id", "valid_until"], unique=False)
    op.create_table(
        "deposit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=True),
        sa.Column("local_credit_id", sa.BigInteger(), nullable=True),
        sa.Column("spending_order", sa.SmallInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.Column("physical_spent_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("physical_cap_cents", sa.BigInteger(), nullable=True),
        sa.Column("digital_spent_cents", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("digital_cap_cents", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recredit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recredit_age", sa.SmallInteger(), nullable=True),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name="deposit_amount"),
        sa.CheckConstraint("balance_cents >= 0", name="deposit_balance"),
        sa.CheckConstraint(
            "digital_spent_cents >= 0 and digital_spent_cents <= digital_cap_cents", name="deposit_digital"
        ),
        sa.CheckConstraint("num_nonnulls(policy, local_credit_id) = 1", name="deposit_of_one_credit"),
        sa.CheckConstraint(
            "physical_spent_cents >= 0 and physical_spent_cents <= physical_cap_cents", name="deposit_physical"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["journal_id"],
            ["ledger_journal.id"],
        ),
        sa.ForeignKeyConstraint(
            ["local_credit_id"],
            ["local_credit.id"],
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id"],
            ["wallet.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id"),
        sa.UniqueConstraint("wallet_id", "local_credit_id", name="deposit_local_once"),
        sa.UniqueConstraint("wallet_id", "policy", name="deposit_once"),
        postgresql_with={
            "fillfactor": 80,
            "autovacuum_vacuum_scale_factor": 0.02,
            "autovacuum_analyze_scale_factor": 0.02,
        },
    )
    op.create_index(
        "deposit_lapsing", "deposit", ["expires_at"], unique=False, postgresql_where=sa.text("lapsed_at is null")
    )
    op.create_index(
        "deposit_recredit",
        "deposit",
        ["recredit_at"],
        unique=False,
        postgresql_where=sa.text("recredit_at is not null"),
    )
    op.create_index(op.f("ix_deposit_local_credit_id"), "deposit", ["local_credit_id"], unique=False)
    op.create_table(
        "ledger_entry",
        sa.Column("journal_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name="ledger_entry_amount"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["ledger_account.id"],
        ),
        sa.ForeignKeyConstraint(
            ["journal_id"],
            ["ledger_journal.id"],
        ),
        sa.PrimaryKeyConstraint("journal_id", "account_id"),
    )
    op.create_index("ledger_entry_account", "ledger_entry", ["account_id"], unique=False)
    op.create_table(
        "recredit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("deposit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0 or kind = 'manual_modification'", name="recredit_adds"),
        sa.CheckConstraint(
            "kind in ('recredit_15', 'recredit_16', 'recredit_17', 'recredit_18', 'manual_modification', 'takeover')",
            name="recredit_kind",
        ),
        sa.CheckConstraint("amount_cents <> 0", name="recredit_amount"),
        sa.ForeignKeyConstraint(
            ["deposit_id"],
            ["deposit.id"],
        ),
        sa.ForeignKeyConstraint(
            ["journal_id"],
            ["ledger_journal.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deposit_id", "kind", "decision", name="recredit_once"),
    )
    for statement in TRIGGERS:
        op.execute(statement)
