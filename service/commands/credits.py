"""`passerelle credits`: a person's credit and what is added to it; the credits of regions and towns."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer
from rich.table import Table

from accounts.errors import BeneficiaryUnknown, TokenRefused
from accounts.people import Beneficiary
from bookings.errors import WalletUnknown
from bookings.local_credits import LocalCredit, LocalCredits
from bookings.policies import PARIS, POLICIES
from bookings.records import WalletView
from schemas.ids import UnknownId, internal_id
from service.commands.running import in_house, out
from service.house import House
from sync.runner import now

app = typer.Typer(no_args_is_help=True, help="Le crédit des jeunes : dépôts, recrédits, crédits locaux.")
ACTOR = "system:cli"
Who = Annotated[str, typer.Argument(metavar="QUI", help="L'identifiant public u_…, ou un jeton du bac à sable.")]


@app.command()
def show(who: Who) -> None:
    """Montre ce qui reste à une personne, dépôt par dépôt, dans l'ordre où ils sont dépensés."""

    async def work(house: House) -> int:
        person = await _person(house, who)
        try:
            _print(await house.wallets.view(person.pseudonym))
        except WalletUnknown as refusal:
            raise ValueError(str(refusal)) from None
        return 0

    in_house(work)


@app.command()
def grant(
    who: Who,
    credit: Annotated[str, typer.Argument(metavar="CREDIT", help="Une version des règles, ou un crédit local.")],
) -> None:
    """Accorde un crédit, une fois : national (2018, 2019, 2021, 2022 pour les 15-17 ans, 2025 pour 17-18) ou local."""

    async def work(house: House) -> int:
        person = await _person(house, who)
        if credit in POLICIES:
            await house.wallets.open(
                person.pseudonym,
                credit,
                birth_date=person.birth_date,
                department=person.department,
                actor=ACTOR,
            )
        else:
            await LocalCredits(house.pool, now).grant(person.pseudonym, credit, actor=ACTOR)
        _print(await house.wallets.view(person.pseudonym))
        return 0

    in_house(work)


@app.command()
def recredit(
    who: Who,
    amount: Annotated[str, typer.Argument(metavar="EUROS", help="12,50 ; négatif, après « -- » : on retire.")],
    decision: Annotated[str, typer.Option(help="La référence de la décision : redite, elle ne fait rien de plus.")],
) -> None:
    """Ajoute à la main au crédit national en cours, ou en retire."""

    async def work(house: House) -> int:
        person = await _person(house, who)
        try:
            view = await house.wallets.recredit(person.pseudonym, _cents(amount), decision=decision, actor=ACTOR)
        except WalletUnknown as refusal:
            raise ValueError(str(refusal)) from None
        _print(view)
        return 0

    in_house(work)


@app.command()
def declare(
    code: Annotated[str, typer.Argument(metavar="CODE", help="region-grand-est-2027")],
    title: Annotated[str, typer.Option(help="Ce que lisent les jeunes.")],
    euros: Annotated[str, typer.Option(help="100 ou 49,90.")],
    until: Annotated[str, typer.Option(metavar="AAAA-MM-JJ", help="Le dernier jour, à Paris.")],
    spent: Annotated[str, typer.Option(help="before : avant le crédit national ; after : après.")] = "before",
    subcategory: Annotated[list[str] | None, typer.Option(help="Ce qu'il paie ; sans elle, tout.")] = None,
    department: Annotated[list[str] | None, typer.Option(help="Département des lieux ; sans lui, tous.")] = None,
) -> None:
    """Inscrit un crédit local. Ses termes ne changent plus."""

    async def work(house: House) -> int:
        credit = LocalCredit(
            code=code,
            title=title,
            amount_cents=_cents(euros),
            spent=spent,
            ends_at=_midnight_after(until),
            subcategories=subcategory,
            departments=department,
        )
        await LocalCredits(house.pool, now).declare(credit, actor=ACTOR)
        out.print(f"{code} : {_euros(credit.amount_cents)}, jusqu'au {until}")
        return 0

    in_house(work)


@app.command("list")
def list_() -> None:
    """Liste les crédits locaux."""

    async def work(house: House) -> int:
        made = Table(box=None, pad_edge=False)
        for title in ("code", "montant", "dépensé", "jusqu'au", "paie", "où", "titre"):
            made.add_column(title)
        for one in await LocalCredits(house.pool, now).all():
            made.add_row(
                one.code,
                _euros(one.amount_cents),
                {"before": "avant", "after": "après"}[one.spent],
                _day(one.ends_at),
                ", ".join(one.subcategories or ("tout",)),
                ", ".join(one.departments or ("partout",)),
                one.title,
            )
        out.print(made)
        return 0

    in_house(work)


async def _person(house: House, who: str) -> Beneficiary:
    try:
        id_ = internal_id("beneficiary", who) if who.startswith("u_") else house.issuers.verify(who)
        return await house.people.get(id_)
    except (UnknownId, TokenRefused, BeneficiaryUnknown):
        raise ValueError("personne inconnue : un identifiant u_… ou un jeton en cours est attendu") from None


def _print(view: WalletView) -> None:
    made = Table(box=None, pad_edge=False)
    for title in ("crédit", "accordé", "reste", "biens", "en ligne", "jusqu'au", "à venir"):
        made.add_column(title)
    for one in view.deposits:
        due = one.next_recredit
        made.add_row(
            one.title or one.credit,
            _euros(one.granted_cents),
            _euros(one.balance_cents),
            "sans plafond" if one.physical_left_cents is None else _euros(one.physical_left_cents),
            "sans plafond" if one.digital_left_cents is None else _euros(one.digital_left_cents),
            "échu" if one.is_expired else _day(one.expires_at),
            "—" if due is None else f"{_euros(due.cents)} le {_day(due.at + timedelta(days=1))}",
        )
    out.print(made)
    out.print(f"reste en tout : {_euros(view.balance_cents)}")


def _cents(text: str) -> int:
    if (found := re.fullmatch(r"(-?)(\d{1,7})(?:[.,](\d{1,2}))?", text)) is None or not int(re.sub(r"\D", "", text)):
        raise ValueError(f"montant illisible : {text} (attendu : 12 ou 12,50)")
    cents = int(found[2]) * 100 + int((found[3] or "").ljust(2, "0"))
    return -cents if found[1] else cents


def _euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d} €" if cents >= 0 else f"-{_euros(-cents)}"


def _midnight_after(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"date illisible : {text} (attendu : AAAA-MM-JJ)") from None
    return datetime.combine(day + timedelta(days=1), time.min, PARIS).astimezone(UTC)


def _day(instant: datetime) -> str:
    """The last day before the instant, in Paris."""
    return f"{(instant - timedelta(microseconds=1)).astimezone(PARIS):%d/%m/%Y}"
