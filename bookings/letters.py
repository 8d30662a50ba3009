"""The mails to those who booked, in plain French. A letter is a subject and a body; who reads it is not its affair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bookings.records import Promise, promise
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
_WHY = {
    "beneficiary": "Vous l'avez annulée.",
    "offerer": "Le lieu l'a annulée.",
    "event_cancelled": "La séance est annulée.",
    "erased": "Votre compte est fermé.",
}
_SIGNED = "\n\nCe message est envoyé automatiquement, inutile d'y répondre.\nPasserelle, pour le pass Culture\n"


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written."""

    subject: str
    body: str


def letter(kind: str, first_name: str, row: asyncpg.Record, details: Mapping[str, Any]) -> Letter | None:
    """The letter of a `mails.ABOUT` row; None where there is nothing to say any more."""
    promised = promise(row["snapshot"])
    title = " ".join(promised.title.split())
    what = f"« {title} », {promised.venue_name}"
    opening = f"Bonjour {first_name},\n\n" if first_name else "Bonjour,\n\n"
    refund = _refund(row)
    match kind:
        case "booking.created":
            subject = f"Votre réservation : {title}"
            said = f"Votre réservation est confirmée : {what}.\n{_facts(row, promised)}"
        case "booking.refused":
            subject = f"Réservation impossible : {title}"
            said = f"La billetterie du lieu n'a pas pu confirmer votre réservation : {what}.{refund}"
        case "booking.cancelled":
            subject = f"Réservation annulée : {title}"
            why = _WHY.get(str(details.get("reason")), "")
            said = f"Votre réservation est annulée : {what}. {why}{refund}"
        case "booking.expired":
            subject = f"Réservation expirée : {title}"
            said = f"Votre réservation n'a pas été retirée à temps : {what}.{refund}"
        case "booking.expiring":
            if row["status"] != "confirmed" or row["expires_at"] is None:
                return None
            subject = f"À retirer bientôt : {title}"
            limit = day(row["expires_at"], promised.time_zone)
            said = f"Votre réservation vous attend jusqu'au {limit} : {what}.\nEnsuite elle sera annulée.{_mark(row)}"
        case "booking.moved":
            if row["status"] not in ("held", "confirmed"):
                return None
            subject = f"Nouvel horaire : {title}"
            begins = day(datetime.fromisoformat(str(details["beginsAt"])), promised.time_zone, hour=True)
            until = row["cancellable_until"]
            free = f"\nVous pouvez annuler jusqu'au {day(until, promised.time_zone, hour=True)}." if until else ""
            said = f"La séance que vous avez réservée change d'horaire : {what}.\nElle commence le {begins}.{free}"
        case _:
            raise ValueError(kind)
    return Letter(subject, opening + said.rstrip() + _SIGNED)


def day(moment: datetime, time_zone: str, *, hour: bool = False) -> str:
    """`lundi 23 novembre 2026`, by the venue's clock; with `hour`, ` à 20 h 30` as well."""
    local = moment.astimezone(ZoneInfo(time_zone))
    said = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{said} à {local.hour} h {local.minute:02d}" if hour else said


def _facts(row: asyncpg.Record, promised: Promise) -> str:
    facts = []
    if promised.begins_at is not None:
        facts.append(f"Le {day(promised.begins_at, promised.time_zone, hour=True)}")
    if row["quantity"] > 1:
        facts.append(f"{row['quantity']} places")
    facts.append(f"Prix : {_euros(row['quantity'] * row['unit_price_cents'])}")
    if row["expires_at"] is not None:
        facts.append(f"À retirer avant le {day(row['expires_at'], promised.time_zone)}")
    if row["cancellable_until"] is not None:
        facts.append(f"Annulable jusqu'au {day(row['cancellable_until'], promised.time_zone, hour=True)}")
    return "\n".join(facts) + _mark(row)


def _mark(row: asyncpg.Record) -> str:
    number = public_id("booking", row["id"])
    return f"\nContremarque à montrer sur place : {row['countermark']}\nRéservation {number}"


def _refund(row: asyncpg.Record) -> str:
    cents = row["quantity"] * row["unit_price_cents"]
    return f"\n{_euros(cents)} sont revenus sur votre crédit." if cents else ""


def _euros(cents: int) -> str:
    return f"{cents / 100:.2f} €".replace(".", ",")
