"""Why the money room says no: the class is the reason, the message a sentence for the caller.

A refusal changes nothing. Those of `Bookings.book` are remembered under the idempotency key, so that asking
again with the same key is answered the same (`remember`, `recall`). No message holds a countermark.
"""

from __future__ import annotations

import typing
from datetime import datetime
from typing import Any, ClassVar

import msgspec


class Refusal(Exception):
    """The base of all refusals: tell the caller."""

    REASONS: ClassVar[dict[str, type[Refusal]]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        Refusal.REASONS[cls.__name__] = cls


def remember(refusal: Refusal) -> dict[str, Any]:
    """A refusal as JSON, for the idempotency key."""
    attributes: dict[str, Any] = msgspec.to_builtins(vars(refusal))
    return {"refusal": type(refusal).__name__, "attributes": attributes}


def recall(answer: dict[str, Any]) -> Refusal:
    """The refusal that `remember` wrote."""
    reason = Refusal.REASONS[answer["refusal"]]
    hints = typing.get_type_hints(reason.__init__)
    return reason(**{name: msgspec.convert(value, hints[name]) for name, value in answer["attributes"].items()})


class StockUnknown(Refusal):
    """There is no such stock."""

    def __init__(self) -> None:
        super().__init__("Ce stock n'existe pas.")


class StockNotBookable(Refusal):
    """The stock is there and cannot be booked now. `why` is one of `WHYS`."""

    WHYS: ClassVar[dict[str, str]] = {
        "withdrawn": "L'offre a été retirée.",
        "stale": "Le lieu ne donne plus de nouvelles de ses stocks : la réservation est suspendue.",
        "closed": "La date limite de réservation est passée.",
        "begun": "La séance a déjà commencé.",
        "session_cancelled": "La séance est annulée.",
        "not_sellable": "Cet article n'est pas en vente.",
        "embargo": "Cet article n'est pas encore en vente.",
        "incomplete": "L'offre est incomplète et ne peut pas encore être réservée.",
        "no_price": "Le prix de cette offre n'est pas connu.",
        "too_dear": "Le prix de cette offre dépasse 300 €.",
    }

    def __init__(self, why: str) -> None:
        super().__init__(self.WHYS[why])
        self.why = why


class AlreadyBooked(Refusal):
    """The person has a live booking of this offer."""

    def __init__(self) -> None:
        super().__init__("Vous avez déjà une réservation en cours pour cette offre.")


class QuantityRefused(Refusal):
    """One seat, or two where the offer is duo."""

    def __init__(self, allowed: int) -> None:
        super().__init__(
            "Cette offre se réserve pour une ou deux personnes."
            if allowed == 2
            else "Cette offre se réserve pour une seule personne."
        )
        self.allowed = allowed


class SoldOut(Refusal):
    """Fewer are left than were asked for."""

    def __init__(self, remaining: int) -> None:
        super().__init__("Il n'y a plus assez de places ou d'exemplaires.")
        self.remaining = remaining


class PriceChanged(Refusal):
    """The price is no longer the one that was shown."""

    def __init__(self, price_cents: int) -> None:
        super().__init__("Le prix a changé depuis son affichage.")
        self.price_cents = price_cents


class AgeRefused(Refusal):
    """Not before the age of `from_age`, at this price: 15 for anything, 18 for what minors may not book."""

    def __init__(self, from_age: int) -> None:
        super().__init__(f"Cette offre se réserve à partir de {from_age} ans.")
        self.from_age = from_age


class WalletUnknown(Refusal):
    """No credit was ever opened for this person."""

    def __init__(self) -> None:
        super().__init__("Aucun crédit n'est ouvert pour ce compte.")


class CreditExpired(Refusal):
    """The credit's time is over."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__("Votre crédit a expiré.")
        self.expired_at = expired_at


class InsufficientCredit(Refusal):
    """The credit left does not cover the price."""

    def __init__(self, balance_cents: int, amount_cents: int) -> None:
        super().__init__("Votre crédit ne suffit pas pour cette réservation.")
        self.balance_cents = balance_cents
        self.amount_cents = amount_cents


class CapReached(Refusal):
    """The price goes beyond what may be spent on goods of this sort. `cap` is `physical` or `digital`."""

    def __init__(self, cap: str, left_cents: int) -> None:
        super().__init__(
            "Le plafond de dépenses en biens physiques est atteint."
            if cap == "physical"
            else "Le plafond de dépenses en offres numériques est atteint."
        )
        self.cap = cap
        self.left_cents = left_cents


class ProviderRefused(Refusal):
    """The provider's own ticketing says no; money and place were given back."""

    def __init__(self, reason: str, remaining: int | None) -> None:
        super().__init__("La billetterie du lieu a refusé la vente ; rien n'a été débité.")
        self.reason = reason
        self.remaining = remaining


class ProviderDown(Refusal):
    """The provider's ticketing does not answer and sold nothing; money and place were given back."""

    def __init__(self) -> None:
        super().__init__("La billetterie du lieu ne répond pas ; rien n'a été débité. Réessayez plus tard.")


class IdempotencyMismatch(Refusal):
    """The key was used for another request."""

    def __init__(self) -> None:
        super().__init__("Cette clé d'idempotence a déjà servi pour une autre demande.")


class StillRunning(Refusal):
    """The first request with this key has not been answered yet."""

    def __init__(self) -> None:
        super().__init__("La première demande avec cette clé d'idempotence est encore en cours.")


class Busy(Refusal):
    """Too many at once on the same row: nothing was done, and the same request may be sent again."""

    def __init__(self) -> None:
        super().__init__("Trop de demandes en même temps ; réessayez dans un instant.")


class BookingUnknown(Refusal):
    """The person has no such booking."""

    def __init__(self) -> None:
        super().__init__("Cette réservation n'existe pas.")


class BookingPending(Refusal):
    """The provider has not yet said whether it sold: nothing else can be done to the booking until then."""

    def __init__(self) -> None:
        super().__init__("La billetterie du lieu n'a pas encore confirmé cette réservation.")


class TooLateToCancel(Refusal):
    """The time to cancel was over at `limit`."""

    def __init__(self, limit: datetime) -> None:
        super().__init__("Il est trop tard pour annuler cette réservation.")
        self.limit = limit


class CountermarkUnknown(Refusal):
    """No countermark of these venues is this text; those of other venues are not told apart from none."""

    def __init__(self) -> None:
        super().__init__("Contremarque inconnue.")


class AlreadyUsed(Refusal):
    """It was accepted at `used_at`; `used_where` is the till, or the key's label, where that is known and asked for."""

    def __init__(self, used_at: datetime, used_where: str | None = None) -> None:
        super().__init__("Cette contremarque a déjà été validée.")
        self.used_at = used_at
        self.used_where = used_where


class AlreadyReimbursed(Refusal):
    """The venue has been paid for it."""

    def __init__(self) -> None:
        super().__init__("Cette réservation a déjà été remboursée au lieu.")


class Cancelled(Refusal):
    """It was cancelled at `cancelled_at`."""

    def __init__(self, cancelled_at: datetime) -> None:
        super().__init__("Cette réservation a été annulée.")
        self.cancelled_at = cancelled_at


class Expired(Refusal):
    """Nobody fetched it in time."""

    def __init__(self, expired_at: datetime) -> None:
        super().__init__("Cette réservation a expiré.")
        self.expired_at = expired_at


class NotYet(Refusal):
    """The person may still cancel: the countermark is valid from `valid_from` on."""

    def __init__(self, valid_from: datetime) -> None:
        super().__init__("Cette contremarque n'est pas encore valable : la réservation peut être annulée.")
        self.valid_from = valid_from


class NotUsed(Refusal):
    """There is no acceptance to take back."""

    def __init__(self) -> None:
        super().__init__("Cette contremarque n'a pas été validée.")


class UseTakenBack(Refusal):
    """The acceptance of this nonce was made, then taken back: a late repetition must not accept again."""

    def __init__(self) -> None:
        super().__init__("Cette validation a été annulée depuis ; recommencez avec un nouveau numéro d'envoi.")
