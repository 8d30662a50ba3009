"""Why a face refuses a request before any domain object has seen it. Messages are French: the caller reads them."""

from __future__ import annotations


class EdgeRefusal(Exception):
    """A request that the edge itself refuses. The message is the problem's `detail`."""


class MalformedJson(EdgeRefusal):
    """The body is not JSON."""

    def __init__(self, message: str, *, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        """Where reading stopped, both from 1; None where no place can be told."""


class InvalidBody(EdgeRefusal):
    """The body is JSON of another shape than the contract's."""

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path
        """The JSON path of the first value that does not fit: `$` is the whole, `$.stocks[2].price` a value."""


class UnsupportedMediaType(EdgeRefusal):
    """The body is not said to be JSON in UTF-8."""

    accept = "application/json"


class BodyTooLarge(EdgeRefusal):
    """The body exceeds what this route reads."""

    def __init__(self, message: str, *, max_bytes: int) -> None:
        super().__init__(message)
        self.max_bytes = max_bytes


class BodyTooSlow(EdgeRefusal):
    """The body did not come in the time it is waited for."""


class InvalidParameter(EdgeRefusal):
    """A query parameter or header is missing or unreadable."""

    def __init__(self, message: str, *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class Unauthenticated(EdgeRefusal):
    """Nobody known is calling."""

    def __init__(self, message: str, *, error: str | None = None) -> None:
        super().__init__(message)
        self.challenge = 'Bearer realm="passerelle"' + (f', error="{error}"' if error else "")
        """The WWW-Authenticate header (RFC 6750 §3); `error` is one of its codes, absent when nothing was sent."""


class Forbidden(EdgeRefusal):
    """The caller is known and may not do this."""


class Unavailable(EdgeRefusal):
    """The database is away."""

    retry_after = 5
    """Seconds; a restart takes about as long."""


class TooManyRequests(EdgeRefusal):
    """The caller has used up a rate limit."""

    def __init__(self, message: str, *, policy: str, retry_after: int) -> None:
        super().__init__(message)
        self.violated_policies = [policy]
        self.retry_after = retry_after
        """Whole seconds until one more request is accepted."""
