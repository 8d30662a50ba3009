"""What SQLModel cannot say of these tables, as SQL: the migrations execute the same text."""

from __future__ import annotations

from sqlalchemy import DDL

AUDIT_ONLY_GROWS: list[str] = [
    """
create or replace function audit_event_only_grows() returns trigger language plpgsql as $$
begin
    raise exception 'audit_event only grows: % refused', tg_op
        using errcode = 'integrity_constraint_violation';
end
$$
""".strip(),
    """
create trigger audit_event_rows_stay before update or delete on audit_event
for each row execute function audit_event_only_grows()
""".strip(),
    """
create trigger audit_event_table_stays before truncate on audit_event
for each statement execute function audit_event_only_grows()
""".strip(),
]

TRIGGERS: list[str] = [*AUDIT_ONLY_GROWS]


def statement(sql: str) -> DDL:
    """The text as DDL that `create_all` executes: its percent signs are literal."""
    return DDL(sql.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy 2.1 leaves it untyped
