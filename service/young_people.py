"""Sandbox beneficiaries: invented young people with a wallet of the 2018 pilot, tokens of the sandbox's issuer, and
countermarks of what they have booked."""

from __future__ import annotations

import secrets
from datetime import date

from accounts.people import Beneficiary
from accounts.tokens import sandbox_token
from bookings.remaining import remaining
from catalogue.offers import read_offers
from catalogue.search import Query, search
from schemas.ids import internal_id
from service.house import AUDIENCE, House, sandbox_token_key
from sync.runner import now

POLICY = "2018"
DEPARTMENTS = ("67", "29", "973", "34", "93")
"""The five of the pilot."""


async def young_person(
    house: House, number: int = 0, *, policy: str = POLICY, birth_date: date | None = None
) -> Beneficiary:
    """A new beneficiary with the credit of this policy: 500 € where nothing is said."""
    tag = secrets.token_hex(6)
    person = await house.people.register(
        email=f"jeune.{tag}@exemple.invalid",
        first_name="Camille",
        last_name=f"Essai-{tag[:4]}",
        birth_date=birth_date,
        department=DEPARTMENTS[number % len(DEPARTMENTS)],
    )
    await house.wallets.open(
        person.pseudonym, policy, birth_date=birth_date, department=person.department, actor="system:sandbox"
    )
    return person


def token_of(house: House, person: Beneficiary) -> str:
    """A bearer token the sandbox's app_api accepts for twelve hours."""
    return sandbox_token(person.id, key=sandbox_token_key(house.settings), audience=AUDIENCE, now=now())


async def beneficiary_tokens(
    house: House, count: int, *, policy: str = POLICY, birth_date: date | None = None
) -> list[str]:
    """Tokens of so many new beneficiaries."""
    people = [await young_person(house, n, policy=policy, birth_date=birth_date) for n in range(count)]
    return [token_of(house, person) for person in people]


async def countermarks(house: House, count: int) -> list[str]:
    """Countermarks of books, each booked by a new beneficiary: goods can be handed over at once.

    Raises LookupError where fewer copies are on the shelves of the sandbox.
    """
    shelf = await _copies(house, count)
    if len(shelf) < count:
        raise LookupError(
            f"le bac à sable n'a que {len(shelf)} exemplaires à réserver ; la première lecture est-elle finie ? "
            "« passerelle sync status » le dit"
        )
    made = []
    for number, stock in enumerate(shelf):
        person = await young_person(house, number)
        booked = await house.bookings.book(person.pseudonym, stock, 1, secrets.token_hex(8))
        assert booked.countermark is not None, "a book is sold by us alone, at once"
        made.append(booked.countermark)
    return made


async def _copies(house: House, count: int) -> list[int]:
    """A stock for each of so many copies, as far as there are."""
    async with house.pool.acquire() as conn:
        wanted = Query(words="", department=None, subcategories=("LIVRE_PAPIER",), limit=count, offset=0)
        offers = await read_offers(conn, await search(conn, wanted, at=now()), at=now())
        stocks = [internal_id("stock", stock.id) for offer in offers for stock in offer.stocks]
        left = await remaining(conn, stocks)
    return [stock for stock in stocks for _ in range(min(left.get(stock) or 0, count))][:count]
