"""A client that costs little: requests made beforehand, sent one after the other over connections that stay open.

What measures a server must not take its processor: no parsing beyond the status and the length.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class Load:
    """What came of it."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        """Answers of success."""
        return sum(count for status, count in self.statuses.items() if status < 300) / self.seconds

    def quantile(self, share: float) -> float:
        """Seconds within which so large a share was answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode() + body


async def load(address: str, requests: Iterator[bytes], *, seconds: float, clients: int = 16) -> Load:
    """Sends them from so many clients for so long, each waiting for its answer."""
    place, done = urlsplit(address), Load()
    begun = time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        while (at := time.perf_counter()) < begun + seconds:
            writer.write(next(requests))
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            status = int(head[9:12])
            done.statuses[status] = done.statuses.get(status, 0) + 1
            done.latencies.append(time.perf_counter() - at)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    done.seconds = time.perf_counter() - begun
    return done
