"""Why what a till presents is not accepted, beyond the state of the booking: the ticket, the place, the number."""

from __future__ import annotations

from datetime import datetime

from bookings.errors import Refusal


class TicketMalformed(Refusal):
    """The text begins like a signed ticket and does not have the form of one."""

    def __init__(self) -> None:
        super().__init__("Ce billet signé est mal formé : il est tronqué ou mal lu.")


class TicketForged(Refusal):
    """The signature is not that of this text by the key it names: forged, or altered."""

    def __init__(self) -> None:
        super().__init__("La signature de ce billet est fausse : il a été altéré ou contrefait.")


class TicketKeyUnknown(Refusal):
    """No key of ours has the id that the ticket names."""

    def __init__(self) -> None:
        super().__init__("Ce billet nomme une clé de signature qui n'est pas des nôtres.")


class TicketKeyRetired(Refusal):
    """The key was ours and was retired at `retired_at`: what it signed proves nothing any more."""

    def __init__(self, retired_at: datetime) -> None:
        super().__init__("La clé qui a signé ce billet a été retirée : présentez le billet à jour, ou la contremarque.")
        self.retired_at = retired_at


class TicketExpired(Refusal):
    """The booking stands; this ticket's time was over at `valid_until`. The app shows a new one."""

    def __init__(self, valid_until: datetime) -> None:
        super().__init__("Ce billet n'est plus valable : présentez le billet à jour, ou la contremarque.")
        self.valid_until = valid_until


class WrongVenue(Refusal):
    """It is good at another venue: `venue` is its public id, told to whoever could learn it anyway."""

    def __init__(self, venue: str) -> None:
        super().__init__("Cette contremarque est celle d'un autre lieu.")
        self.venue = venue


class WrongQuantity(Refusal):
    """It is for `quantity`, and the till was about to hand over another number."""

    def __init__(self, quantity: int) -> None:
        super().__init__("Cette contremarque ne vaut pas pour cette quantité.")
        self.quantity = quantity


class SequenceReused(Refusal):
    """Another entry of the till's journal came under this number, or this nonce, before."""

    def __init__(self) -> None:
        super().__init__("Ce numéro de journal, ou ce numéro d'envoi, a déjà servi pour une autre entrée.")


class TicketUnsigned(Refusal):
    """What a till accepted without us was not a signed ticket."""

    def __init__(self) -> None:
        super().__init__("Hors ligne, seul un billet signé peut être accepté.")
