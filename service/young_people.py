"""Sandbox beneficiaries: invented young people with a wallet of the 2018 pilot, and tokens of the sandbox's issuer."""

from __future__ import annotations

import secrets
from datetime import date

from accounts.people import Beneficiary
from accounts.tokens import sandbox_token
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
