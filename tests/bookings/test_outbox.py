"""What happens is told: once it is true, to whom it concerns, in order, at least once, and to nobody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from partners import Partners, open_partners
from standardwebhooks.webhooks import Webhook

from bookings.courier import DEAD_AFTER, GIVEN_UP_AFTER, WAITS, Courier
from bookings.deliveries import Deliveries
from bookings.outbox import TRIES, purge, spread
from bookings.stock_news import read_changes
from bookings.webhook_errors import DeliveryUnknown, StillWaiting, WebhookUnknown
from sandbox.serving import serve_app


@pytest.fixture
async def partners(town) -> AsyncIterator[Partners]:
    async with open_partners(town) as made:
        yield made


async def known_person(town, name: str = "Ada"):
    person = await town.person()
    await town.pool.execute(
        "insert into beneficiary (pseudonym, email, first_name, last_name, birth_date, department)"
        " values ($1, $2, $3, 'Lovelace', '2008-12-10', '67')",
        person,
        f"{name.lower()}@exemple.fr",
        name,
    )
    return person


async def life(town, show, key_id: int) -> str:
    """A booking made, used, taken back, and cancelled by its venue; its public id."""
    desk, person = town.desk(), await known_person(town)
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    town.clock.later(days=3)
    await desk.use(made.countermark, [show.venue_id], key_id, "n")
    await desk.keep(made.countermark, [show.venue_id], key_id)
    await desk.cancel(made.countermark, [show.venue_id], key_id)
    return made.public_id


async def test_a_booking_s_life_is_told_in_order(town, partners) -> None:
    """Every step once, to the venue's vendor alone, with the signature that the official verifier takes."""
    show, other = await town.show(), await town.show()
    ours, theirs = await partners.partner(show.venue_id), await partners.partner(other.venue_id)
    made = await life(town, show, await town.key())
    await partners.deliver()
    told = ours.receiver.told
    assert [one.type for one in told] == ["booking.created", "booking.used", "booking.kept", "booking.cancelled"]
    assert theirs.receiver.told == []
    assert {one.data["bookingId"] for one in told} == {made}
    assert told[3].data["reason"] == "offerer"
    # The verifier has its own clock; ours is set.
    assert len({one.id for one in told}) == 4
    assert all(len(one.body) < 20_000 for one in told)
    await partners.deliver()
    assert len(told) == 4


async def test_the_official_verifier_takes_ours_and_no_other(town, partners) -> None:
    """Standard Webhooks' own package: the bytes sent, their id and time; another secret or body is refused."""
    town.clock.now = datetime.now(UTC)
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    [one] = ours.receiver.told
    assert Webhook(ours.receiver.secrets[0]).verify(one.body, one.headers)["type"] == "booking.created"
    for wrong in (Webhook("whsec_" + "A" * 43 + "="), Webhook(ours.receiver.secrets[0])):
        with pytest.raises(Exception, match="No matching signature"):
            wrong.verify(one.body + b" ", one.headers)


async def test_of_a_person_a_partner_reads_three_things_once(town, partners) -> None:
    """First name, last name and e-mail with the booking; no later message, and no countermark anywhere."""
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    await life(town, show, await town.key())
    marks = [row["countermark"] for row in await town.pool.fetch("select countermark from booking")]
    await partners.deliver()
    first, *later = ours.receiver.told
    assert first.data["person"] == {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@exemple.fr"}
    assert not any("person" in one.data for one in later)
    for one in ours.receiver.told:
        text = one.body.decode()
        assert not any(word in text for word in (*marks, "2008", "pseudonym"))
    # Nothing of a person lies in the outbox: what is sent after an erasure names nobody.
    await town.pool.execute(
        "update beneficiary set email = null, first_name = null, last_name = null, birth_date = null,"
        " department = null, erased_at = now()"
    )
    delivery = await town.pool.fetchval("select min(id) from webhook_delivery")
    await Deliveries(town.pool, town.clock).replay(ours.key, ours.endpoint.id, delivery)
    await partners.deliver()
    assert ours.receiver.told[-1].id == first.id
    assert ours.receiver.told[-1].data["person"] == {"firstName": "", "lastName": "", "email": ""}


async def test_nothing_is_told_of_what_was_rolled_back_or_never_a_booking(town, partners, ticketing) -> None:
    """An event stands if and only if its cause does; a seat its ticketing refused was no booking to the partner."""
    show = await town.show(ticketing=ticketing)
    ours = await partners.partner(show.venue_id)
    ticketing.refuses = ["hold"]
    with pytest.raises(Exception, match="billetterie"):
        await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    made = await town.bookings().book(await town.person(), show.stock_id, 1, "k2")
    async with town.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await conn.execute("update booking set status = 'used', used_at = now() where id = $1", made.id)
        await transaction.rollback()
    await partners.deliver()
    assert ours.receiver.types() == ["booking.created"]


async def test_a_failure_is_tried_again_under_the_same_id_and_nothing_overtakes_it(town, partners) -> None:
    """The next word on the booking waits for the first; another booking's does not."""
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    ours.receiver.answers = [500]
    person = await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    await partners.deliver()
    await town.bookings().cancel(person, made.id)
    second = await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    town.clock.later(seconds=3)
    await partners.deliver()
    assert [(one.type, one.data["bookingId"]) for one in ours.receiver.told[1:]] == [
        ("booking.created", second.public_id)
    ]
    town.clock.later(seconds=5)
    await partners.deliver()
    first, _, again, last = ours.receiver.told
    assert (first.id, first.body) == (again.id, again.body)
    assert last.type == "booking.cancelled"


async def test_killed_between_sending_and_marking_it_is_sent_again(town, partners) -> None:
    """The process dies while the answer is on its way: after the lease the same message comes again."""
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    ours.receiver.delay = 0.5
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await spread(town.pool, town.clock())
    dying = Courier(town.pool, partners.vault, partners.http, town.clock)
    await dying.turn()
    await asyncio.sleep(0.2)
    await dying.close()
    ours.receiver.delay = 0
    await partners.deliver()
    town.clock.later(seconds=61)
    await partners.deliver()
    ids = {one.id for one in ours.receiver.told}
    assert len(ids) == 1
    assert await town.pool.fetchval("select state from webhook_delivery") == "delivered"


async def test_one_that_fails_for_ever_starves_nobody_and_dies(town, partners) -> None:
    """Messages for a server that is gone: few requests, the other is told at once; dead after a day, off in three,
    and what was dead can be sent again."""
    shows = [await town.show(seats=50, begins_in=timedelta(days=90)) for _ in range(3)]
    venues = [show.venue_id for show in shows]
    broken, sound = await partners.partner(*venues), await partners.partner(*venues)
    broken.receiver.answers = [500] * 10_000
    for n, person in enumerate(await town.people(9)):
        await town.bookings().book(person, shows[n % 3].stock_id, 1, "k")
    await partners.deliver()
    assert len(sound.receiver.types()) == 9
    assert len(broken.receiver.told) <= 4
    asked = 0
    for _ in range(18):
        town.clock.later(hours=2)
        await partners.deliver()
        asked = len(broken.receiver.told)
    deliveries = Deliveries(town.pool, town.clock)
    dead = await deliveries.of_vendor(broken.key, broken.endpoint.id, state="dead", limit=100)
    assert len(dead) == 9
    assert all(one.attempts <= TRIES for one in dead)
    assert asked <= 9 * TRIES
    assert {one.last_error for one in dead} <= {"réponse 500", "l'adresse ne répond pas"}
    broken.receiver.answers = []
    assert await deliveries.replay_dead(endpoint_id=broken.endpoint.id, actor="staff:test") == 9
    await partners.deliver()
    assert len({one.id for one in broken.receiver.told}) == 9
    assert await town.pool.fetchval("select count(*) from webhook_delivery where state <> 'delivered'") == 0

    broken.receiver.answers = [500] * 10_000
    person = await town.person()
    await town.bookings().book(person, shows[0].stock_id, 1, "k")
    for _ in range(int(GIVEN_UP_AFTER / timedelta(hours=6)) + 2):
        await partners.deliver()
        town.clock.later(hours=6)
        await town.bookings().book(await town.person(), shows[1].stock_id, 1, "k")
    endpoint = await partners.webhooks.one(broken.key, broken.endpoint.id)
    assert endpoint.disabled_why == "rien n'a été reçu pendant trois jours"


async def test_one_that_takes_its_time_leaves_others_theirs(town, partners) -> None:
    """An endpoint that answers late and well has its place for a turn, not for all that waits for it."""
    show, taken = await town.show(seats=50), []

    async def late(request: web.Request) -> web.Response:
        town.clock.later(seconds=5)
        taken.append(request.headers["webhook-id"])
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", late)
    async with serve_app(app) as address:
        await partners.webhooks.add(await partners.key(show.venue_id), f"{address}/hook", ["booking.created"])
        sound = await partners.partner(show.venue_id)
        for person in await town.people(20):
            await town.bookings().book(person, show.stock_id, 1, "k")
        await spread(town.pool, town.clock())
        courier = Courier(town.pool, partners.vault, partners.http, town.clock, endpoints=1)
        for _ in range(2):
            await courier.turn()
            await courier.drain()
        assert len(sound.receiver.types()) == 20
        assert 0 < len(taken) < 20


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 503])
async def test_only_2xx_is_taken_and_no_redirect_is_followed(town, partners, status) -> None:
    """Whatever else is answered is a failure, with its status in the log."""
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    ours.receiver.answers, ours.receiver.headers = [status], {"Location": "/hook", "Retry-After": "3000"}
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    [one] = await Deliveries(town.pool, town.clock).of_vendor(ours.key, ours.endpoint.id)
    assert (one.state, one.last_status, [attempt.status for attempt in one.tries]) == ("waiting", status, [status])
    assert len(ours.receiver.told) == 1
    assert one.next_try_at == town.clock.now + timedelta(seconds=3000)


async def test_410_switches_it_off(town, partners) -> None:
    """As Standard Webhooks has it; changed by its vendor, it is told again."""
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    ours.receiver.answers = [410]
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    endpoint = await partners.webhooks.one(ours.key, ours.endpoint.id)
    assert endpoint.disabled_why == "l'adresse répond 410"
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    assert len(ours.receiver.told) == 1
    await partners.webhooks.change(ours.key, endpoint.id, events=["booking.created"])
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    assert len(ours.receiver.told) == 2


async def test_both_secrets_sign_while_a_rotation_lasts(town, partners) -> None:
    """For a day whoever knows one of the two verifies; then the new one alone."""
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    old = list(ours.receiver.secrets)
    new = await partners.webhooks.rotate(ours.key, ours.endpoint.id)
    for trusted, accepted in ((old, 1), ([new.secret], 2)):
        ours.receiver.secrets = trusted
        await town.bookings().book(await town.person(), show.stock_id, 1, "k")
        await partners.deliver()
        assert len(ours.receiver.told) == accepted
    assert len(ours.receiver.told[0].headers["webhook-signature"].split()) == 2
    town.clock.later(days=1, seconds=1)
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    assert len(ours.receiver.told[-1].headers["webhook-signature"].split()) == 1
    ours.receiver.secrets = old
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    assert ours.receiver.refused == 1


async def test_a_vendor_that_no_longer_acts_is_told_nothing_more(town, partners) -> None:
    """What still waits for it dies unsent."""
    show = await town.show()
    ours = await partners.partner(show.venue_id)
    await town.bookings().book(await known_person(town), show.stock_id, 1, "k")
    await spread(town.pool, town.clock())
    await town.pool.execute("delete from vendor_venue")
    await partners.deliver()
    assert ours.receiver.told == []
    assert await town.pool.fetchval("select last_error from webhook_delivery") == "le logiciel n'agit plus pour ce lieu"


async def test_the_log_is_its_vendor_s_alone(town, partners) -> None:
    """Another vendor's endpoint, and a delivery of another endpoint, are unknown; what waits is not sent again."""
    show = await town.show()
    ours, theirs = await partners.partner(show.venue_id), await partners.partner(show.venue_id)
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await spread(town.pool, town.clock())
    deliveries = Deliveries(town.pool, town.clock)
    [one] = await deliveries.of_vendor(ours.key, ours.endpoint.id)
    [other] = await deliveries.of_vendor(theirs.key, theirs.endpoint.id)
    with pytest.raises(WebhookUnknown):
        await deliveries.of_vendor(theirs.key, ours.endpoint.id)
    with pytest.raises(WebhookUnknown):
        await deliveries.replay(theirs.key, ours.endpoint.id, one.id)
    with pytest.raises(DeliveryUnknown):
        await deliveries.replay(ours.key, ours.endpoint.id, other.id)
    with pytest.raises(StillWaiting):
        await deliveries.replay(ours.key, ours.endpoint.id, one.id)
    await partners.deliver()
    await deliveries.replay(ours.key, ours.endpoint.id, one.id)
    await partners.deliver()
    assert len(ours.receiver.told) == 2
    actions = await town.pool.fetch("select actor, action from audit_event order by id")
    assert ("key:sandbox_000000000001", "webhook.replayed") in [tuple(row) for row in actions]


async def test_the_pass_culture_s_notification(town, partners) -> None:
    """A text within a text under its own signature: BOOK and CANCEL, and nothing for the rest."""
    got: list[str] = []

    async def hook(request: web.Request) -> web.Response:
        got.append(json.loads(await request.text()))
        assert len(request.headers["PassCulture-Signature"]) == 64
        return web.Response()

    app = web.Application()
    app.router.add_post("/", hook)
    async with serve_app(app) as address:
        show = await town.show()
        key = await partners.key(show.venue_id)
        every = ["booking.created", "booking.used", "booking.kept", "booking.cancelled"]
        await partners.webhooks.add(key, f"{address}/", every, "passculture")
        await life(town, show, await town.key())
        await partners.deliver()
    said = [json.loads(text) for text in got]
    assert [one["action"] for one in said] == ["BOOK", "CANCEL"]
    assert (said[0]["user_email"], said[0]["user_phone"], said[0]["offer_price"]) == ("ada@exemple.fr", None, 1500)


async def test_what_is_left_is_told_when_it_changed(town, partners) -> None:
    """By our bookings and by what sources say; one word a stock, the newest, and none where nothing changed."""
    show = await town.show(seats=10)
    ours = await partners.partner(show.venue_id, events=["stock.changed"])
    for person in await town.people(3):
        await town.bookings().book(person, show.stock_id, 1, "k")
    await partners.deliver()
    [told] = ours.receiver.told
    assert {"remaining": 7, "priceCents": 1500}.items() <= told.data.items()
    assert await read_changes(town.pool, town.clock()) == 0

    async def source_says(available: int | None) -> None:
        await town.supply(show, available)
        await town.pool.execute(
            "insert into change_log (position, kind, entity_id, op) values (nextval('change_position'), 7, $1, 1)",
            show.offer_id,
        )

    for available in (5, 5, None):
        await source_says(available)
        await read_changes(town.pool, town.clock())
    await partners.deliver()
    assert [one.data.get("remaining", "∞") for one in ours.receiver.told[1:]] == ["∞"]
    states = [row["state"] for row in await town.pool.fetch("select state from webhook_delivery order by id")]
    assert states == ["delivered", "superseded", "delivered"]


async def test_sessions_that_move_are_told(town, partners) -> None:
    """The session's news, once, with its new time; and what its cancellation cancels."""
    show = await town.show()
    ours = await partners.partner(show.venue_id, events=["session.moved", "session.cancelled", "booking.cancelled"])
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    session_id = await town.pool.fetchval("select session_id from stock where id = $1", show.stock_id)
    later = town.clock.now + timedelta(days=20)
    await town.pool.execute(
        "insert into session_news (session_id, what, begins_at, noted_at) values ($1, 'moved', $2, $3)",
        session_id, later, town.clock.now,
    )  # fmt: skip
    await partners.deliver()
    [moved] = ours.receiver.told
    assert (moved.type, datetime.fromisoformat(moved.data["beginsAt"])) == ("session.moved", later)


async def test_two_spreaders_and_two_couriers_share_the_work(town, partners, wide_pool) -> None:
    """Side by side: each message once, each booking's in order."""
    show = await town.show(seats=100)
    ours = await partners.partner(show.venue_id)
    people, bookings = await town.people(25), town.bookings(wide_pool)
    made = await asyncio.gather(*(bookings.book(person, show.stock_id, 1, "k") for person in people))
    await asyncio.gather(*(bookings.cancel(who, one.id) for who, one in zip(people, made, strict=True)))
    couriers = [Courier(wide_pool, partners.vault, partners.http, town.clock) for _ in range(2)]
    while sum(await asyncio.gather(*(spread(wide_pool, town.clock(), limit=7) for _ in range(3)))):
        for courier in couriers:
            await courier.turn()
    for _ in range(3):
        for courier in couriers:
            await courier.turn()
            await courier.drain()
    seen = [(one.data["bookingId"], one.type) for one in ours.receiver.told]
    assert len(seen) == len(set(seen)) == 50
    for one in made:
        assert [kind for booking, kind in seen if booking == one.public_id] == ["booking.created", "booking.cancelled"]


async def test_the_log_is_forgotten_after_a_month(town, partners) -> None:
    """Deliveries, their attempts and their events; what waits stays."""
    show = await town.show(begins_in=timedelta(days=90))
    ours = await partners.partner(show.venue_id)
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    town.clock.later(days=31)
    ours.receiver.answers = [500]
    await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    await partners.deliver()
    assert await purge(town.pool, town.clock()) > 0
    counts = [
        await town.pool.fetchval(f"select count(*) from {table}") for table in ("webhook_delivery", "outbox_event")
    ]
    assert counts == [1, 1]


def test_the_waits_are_a_day() -> None:
    """Eleven tries, ever rarer, over a day."""
    assert len(WAITS) == TRIES - 1
    assert list(WAITS) == sorted(WAITS)
    assert timedelta(hours=20) < sum(WAITS, timedelta()) <= DEAD_AFTER
