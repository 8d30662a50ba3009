"""Why an endpoint or a delivery is not there, or will not be. The message is a sentence for the caller."""

from __future__ import annotations


class WebhookRefusal(Exception):
    """The base of what is refused about webhooks."""


class WebhookUnknown(WebhookRefusal):
    """No such endpoint, or another vendor's."""

    def __init__(self) -> None:
        super().__init__("Cette adresse de notification est inconnue.")


class DeliveryUnknown(WebhookRefusal):
    """No such delivery to that endpoint, or one so old that it was forgotten."""

    def __init__(self) -> None:
        super().__init__("Cet envoi est inconnu.")


class StillWaiting(WebhookRefusal):
    """It has not come to an end yet: there is nothing to send again."""

    def __init__(self) -> None:
        super().__init__("Cet envoi attend encore son tour.")


class TooManyWebhooks(WebhookRefusal):
    """A vendor has as many endpoints as it may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"Un logiciel a au plus {most} adresses de notification.")
        self.most = most


class WebhookUrlRefused(WebhookRefusal):
    """An address that is never called: not https, private, or unreadable."""

    def __init__(self, why: str) -> None:
        super().__init__(f"Cette adresse ne peut pas être appelée : {why}.")
        self.why = why
