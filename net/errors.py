"""Why a provider could not be read, by what to do: retry, pause and tell the venue, call a developer."""

from __future__ import annotations


class SourceFailure(Exception):
    """Ends a run. `place` names the page, file or address part where it happened; no secrets in either."""

    def __init__(self, message: str, *, place: str | None = None) -> None:
        super().__init__(message if place is None else f"{message} ({place})")
        self.message = message
        self.place = place


class ProviderUnavailable(SourceFailure):
    """Down, slow, overloaded: the same request may work later. Nothing stored is touched."""

    def __init__(
        self,
        message: str,
        *,
        place: str | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message, place=place)
        self.retry_after = retry_after
        """Seconds the provider asked us to wait."""
        self.outcome_unknown = outcome_unknown
        """The request may have been executed: time-out or broken answer after it was sent."""


class AccessDenied(SourceFailure):
    """The credentials are refused or the account is unknown: pause the source and tell the venue."""


class FeedChanged(SourceFailure):
    """The provider no longer speaks its protocol (shape, endless paging, too large): a developer looks."""


class AddressRefused(FeedChanged):
    """The address leads to a private network, or a redirect tried to."""
