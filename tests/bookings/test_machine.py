"""Whatever people, tills, providers and time do, in whatever order: a machine that Hypothesis drives on the database.

`PASSERELLE_MACHINE_EXAMPLES` makes it longer: 12 lives of 40 steps are tried where nothing is said.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bookings import errors
from bookings.closing import Closing
from bookings.idempotency import KEPT
from bookings.privacy import Privacy
from bookings.wallets import CreditMissing, Wallets
from bookings.withdrawals import Withdrawals
from catalogue.database import open_pool

EXAMPLES = int(os.environ.get("PASSERELLE_MACHINE_EXAMPLES", "12"))
STEPS = 40
LIVES = itertools.count(1)
PEOPLE, STOCKS = 3, 6
EMPTIED = """
set session_replication_role = replica;
truncate booking, wallet, deposit, recredit, local_credit, ledger_account, ledger_journal, ledger_entry, allotment,
    external_sale, idempotency_key, acceptance, session_news, booking_notice, outbox_event cascade;
reset session_replication_role
"""
any_person, any_stock, any_booking = st.integers(0, PEOPLE - 1), st.integers(0, STOCKS - 1), st.integers(0, 30)


class Life(RuleBasedStateMachine):
    """A town with three people, six stocks, a till, and a ticketing that loses answers."""

    runner: asyncio.Runner
    pool: asyncpg.Pool
    builders: tuple[Any, Any, Any]

    @initialize()
    def found(self) -> None:
        make_town, make_clock, make_ticketing = self.builders
        self.clock, self.ticketing = make_clock(), make_ticketing(seats=6)
        self.town = make_town(self.pool, self.clock)
        # Venues and vendors of earlier lives are still there.
        self.town._numbers = itertools.count(1000 * next(LIVES))
        self.bookings, self.desk = self.town.bookings(), self.town.desk()
        self.wallets, self.closing = Wallets(self.pool, self.clock), Closing(self.pool, self.clock)
        self.withdrawals = Withdrawals(self.pool, self.clock)
        self.privacy = Privacy(self.pool, self.bookings, self.clock)
        self.keys, self.made, self.answers = 0, [], {}
        self.run(self.build())

    async def build(self) -> None:
        await self.pool.execute(EMPTIED)
        town = self.town
        self.till = await town.key()
        self.people = [await town.person("2018"), await town.person("2021"), await town.person("2018")]
        await town.region(self.people[0], cents=30_00, subcategories=["LIVRE_PAPIER"], days=4)
        await town.region(self.people[1], cents=50_00, spent="after", days=9)
        self.stocks = [
            await town.book(copies=3, price_cents=35_00),
            await town.book(copies=None, subcategory="JEU_EN_LIGNE", price_cents=90_00),
            await town.show(seats=3, is_duo=True, price_cents=40_00, begins_in=timedelta(days=3)),
            await town.show(seats=8, is_duo=True, price_cents=20_00, ticketing=self.ticketing),
            await town.show(seats=2, price_cents=0, begins_in=timedelta(days=6)),
            await town.book(copies=2, subcategory="ABO_BIBLIOTHEQUE", price_cents=0),
        ]

    def run(self, work: Awaitable[Any]) -> Any:
        """What it comes to; a refusal is an answer too."""

        async def answered() -> Any:
            try:
                return await work
            except (errors.Refusal, CreditMissing) as refusal:
                return refusal

        return self.runner.run(answered())

    def one_made(self, n: int) -> Any:
        return self.made[n % len(self.made)] if self.made else None

    @rule(
        person=any_person, stock=any_stock, quantity=st.integers(1, 2), loses=st.sampled_from(["", "hold", "confirm"])
    )
    def book(self, person: int, stock: int, quantity: int, loses: str) -> None:
        self.keys += 1
        self.ticketing.loses = [loses] if loses else []
        asked = (self.people[person], self.stocks[stock].stock_id, quantity, f"k{self.keys}")
        answer = self.run(self.bookings.book(*asked))
        self.answers[asked] = (answer, self.clock.now)
        if not isinstance(answer, errors.Refusal):
            self.made.append((person, stock, answer))

    @rule(n=any_booking)
    def ask_again(self, n: int) -> None:
        """The same key gets the same answer for a day, whatever has become of the booking."""
        fresh = [(asked, answer) for asked, (answer, at) in self.answers.items() if self.clock.now - at < KEPT]
        if not fresh:
            return
        asked, before = fresh[n % len(fresh)]
        answer = self.run(self.bookings.book(*asked))
        if isinstance(before, errors.Refusal):
            assert (type(answer), vars(answer)) == (type(before), vars(before))
        elif not before.is_pending:
            assert (answer.id, answer.countermark, answer.status) == (before.id, before.countermark, before.status)
        elif not isinstance(answer, errors.Refusal):
            assert answer.id == before.id

    @rule(n=any_booking, loses=st.booleans())
    def cancel(self, n: int, loses: bool) -> None:
        if (one := self.one_made(n)) is not None:
            self.ticketing.loses = ["cancel"] if loses else []
            self.run(self.bookings.cancel(self.people[one[0]], one[2].id))

    @rule(n=any_booking, act=st.sampled_from(["use", "use", "keep", "cancel"]))
    def at_the_till(self, n: int, act: str) -> None:
        one = self.one_made(n)
        if one is not None and one[2].countermark is not None:
            venue_ids = [self.stocks[one[1]].venue_id]
            self.run(getattr(self.desk, act)(one[2].countermark, venue_ids, self.till))

    @rule(stock=any_stock, available=st.sampled_from([0, 1, 3, 8, None]))
    def resize(self, stock: int, available: int | None) -> None:
        self.run(self.town.supply(self.stocks[stock], available))

    @rule(stock=st.integers(2, 4), days=st.integers(-3, 20), is_cancelled=st.booleans())
    def move_or_cancel_session(self, stock: int, days: int, is_cancelled: bool) -> None:
        """As sync writes it: the session with its news, settled after it."""
        self.run(self.tell(self.stocks[stock].stock_id, days, is_cancelled=is_cancelled and days < 3))

    async def tell(self, stock_id: int, days: int, *, is_cancelled: bool) -> None:
        begins_at = self.clock.now + timedelta(days=days)
        session_id = await self.pool.fetchval("select session_id from stock where id = $1", stock_id)
        change = "cancelled_at = $2, begins_at = begins_at" if is_cancelled else "cancelled_at = null, begins_at = $2"
        await self.pool.execute(f"update session set {change} where id = $1", session_id, begins_at)
        await self.pool.execute(
            "insert into session_news (session_id, what, begins_at, noted_at) values ($1, $2, $3, now())",
            session_id,
            "cancelled" if is_cancelled else "moved",
            None if is_cancelled else begins_at,
        )
        await self.withdrawals.settle()

    @rule(person=any_person, cents=st.sampled_from([-400_00, -5_00, 20_00]), decision=st.integers(1, 6))
    def recredit(self, person: int, cents: int, decision: int) -> None:
        self.run(self.wallets.recredit(self.people[person], cents, decision=f"D{decision}", actor="system:test"))

    @rule(person=any_person)
    def erase(self, person: int) -> None:
        """The person is forgotten, with the answers kept for them; somebody new takes their place in the town."""
        self.ticketing.loses = []
        gone = self.people[person]
        if not isinstance(self.run(self.forget(gone)), errors.Refusal):
            self.answers = {asked: told for asked, told in self.answers.items() if asked[0] != gone}
            self.people[person] = self.run(self.town.person("2019"))

    async def forget(self, pseudonym: Any) -> int:
        known = "select id from beneficiary where pseudonym = $1"
        number = await self.pool.fetchval(known, pseudonym)
        if number is None:
            number = await self.pool.fetchval(
                "insert into beneficiary (pseudonym, email, first_name, last_name)"
                " values ($1::uuid, $1::uuid::text || '@exemple.invalid', 'Camille', 'Essai') returning id",
                pseudonym,
            )
        return await self.privacy.erase(number, actor="system:test")

    @rule(hours=st.sampled_from([1, 12, 50, 120, 300]))
    def time_passes(self, hours: int) -> None:
        self.clock.later(hours=hours)

    @rule(n=st.integers(0, 5))
    def the_worker_turns(self, n: int) -> None:
        closing, bookings = self.closing, self.bookings
        turn = (bookings.expire_due, closing.warn, closing.use_past_events, closing.lapse, self.withdrawals.note_late)
        self.run(self.town.reconciler().resolve_pending() if n == 5 else turn[n]())

    @invariant()
    def the_books_are_right(self) -> None:
        """Sold ≤ quantity, balances ≥ 0, caps kept, the ledger at zero, one acceptance: every rule of the audit."""
        if getattr(self, "town", None) is not None:
            assert self.run(self.town.audit()) == []


def test_whatever_happens_the_books_are_right(database_url: str, builders: Any) -> None:
    """No order of events breaks a rule of the audit, nor an answer already given."""
    with asyncio.Runner() as runner:
        pool = runner.run(open_pool(database_url, size=2, application="passerelle-tests"))

        def life() -> Life:
            machine = Life()
            machine.runner, machine.pool, machine.builders = runner, pool, builders
            return machine

        try:
            run_state_machine_as_test(
                life,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(pool.close())
