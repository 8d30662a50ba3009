"""Why a party is not let in, or is not there. The class says the reason; the message is for the caller."""

from __future__ import annotations


class AccessRefused(Exception):
    """The caller is not who may do this."""


class KeyUnknown(AccessRefused):
    """No API key is this text: wrong prefix, wrong secret, other environment, or no key at all."""

    def __init__(self) -> None:
        super().__init__("Clé d'API inconnue.")


class KeyRevoked(AccessRefused):
    """The key was good once. Said only to whoever has its secret."""

    def __init__(self) -> None:
        super().__init__("Cette clé d'API a été révoquée.")


class TokenRefused(AccessRefused):
    """A bearer token that proves nothing.

    `reason`: malformed, issuer, signature, expired, early, audience or subject.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("Jeton d'accès refusé.")
        self.reason = reason


class BeneficiaryUnknown(LookupError):
    """No such beneficiary, or one whose data were erased."""

    def __init__(self) -> None:
        super().__init__("Bénéficiaire inconnu.")
