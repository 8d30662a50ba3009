"""What one exchange with a provider may cost: time, bytes, redirects, tries."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one `Http`. Seconds and bytes; bytes are counted after decompression."""

    total_seconds: float = 60
    """One try of `get` or `request`, redirects and body included; for `stream`, until the body starts."""
    connect_seconds: float = 10
    """Name look-up, connection and TLS together."""
    read_seconds: float = 30
    """The longest silence between two pieces of an answer."""
    stream_seconds: float = 3600
    """All the waiting on the body of one `stream`; what its consumer takes is not counted."""
    max_bytes: int = 64 * _MIB
    max_stream_bytes: int = 4096 * _MIB
    max_redirects: int = 5
    tries: int = 4
    first_backoff_seconds: float = 0.5
    """The n-th wait is drawn between 0 and this times 2ⁿ⁻¹ (full jitter), at most `max_backoff_seconds`."""
    max_backoff_seconds: float = 30
    max_retry_after_seconds: float = 60
    """The longest `Retry-After` waited for inside a call. A longer one ends the call at once, so that the
    provider is not called again before the time it asked for; the error carries it."""
    slow_bytes_per_second: int = 128
    slow_window_seconds: float = 20
    """A body slower than `slow_bytes_per_second` over this much waiting is given up."""
