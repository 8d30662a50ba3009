"""What is told is noted by the database itself, in the transaction that makes it so: no path can forget it.

One line for each step of a booking that concerns somebody outside, and for each piece of news of a booked session.
"""

from __future__ import annotations

BOOKINGS_ARE_TOLD: list[str] = [
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
""".strip(),
    """
create trigger booking_is_told after insert or update of status on booking
for each row execute function booking_is_told()
""".strip(),
]

SESSION_NEWS_ARE_TOLD: list[str] = [
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
""".strip(),
    """
create trigger session_news_is_told after insert on session_news
for each row execute function session_news_is_told()
""".strip(),
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
""".strip(),
    """
create trigger booking_notice_is_told after insert on booking_notice
for each row execute function booking_notice_is_told()
""".strip(),
]
