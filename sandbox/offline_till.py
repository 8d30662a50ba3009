"""A till that goes on without network: what it was told, what it accepted since, what came of that.

It speaks to nobody by itself: `lists` is what it fetched while there was network, `journal` what it will upload.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.signed_ticket import Refused, Ticket, keys_of, verify


@dataclass(slots=True)
class Accepted:
    """One entry of the journal; `receipt` is what the platform said of it."""

    sequence: int
    nonce: str
    ticket: str
    accepted_at: str
    booking: str
    quantity: int
    cents: int
    receipt: dict[str, Any] | None = None

    @property
    def is_pending(self) -> bool:
        return self.receipt is None or self.receipt["outcome"] == "undecided"


@dataclass(slots=True)
class Lists:
    """What was published when there was network, as it was received."""

    fetched_at: str
    keys: dict[str, Any]
    policy: dict[str, Any]
    revocations: dict[str, Any]
    etag: str | None = None


@dataclass(slots=True)
class OfflineTill:
    """A till of a venue."""

    name: str
    lists: Lists
    journal: list[Accepted] = field(default_factory=list)

    def accept(self, text: str, now: datetime, *, quantity: int | None = None) -> Ticket:
        """Accepts a ticket by itself and writes it into the journal. Raises `Refused`."""
        policy = self.lists.policy
        if now - datetime.fromisoformat(self.lists.fetched_at) > timedelta(hours=policy["listAgeHours"]):
            raise Refused("stale")
        spare = timedelta(hours=policy["uploadWithinHours"])
        ticket = verify(text, keys_of(self.lists.keys), policy["venueIds"], now, spare=spare, quantity=quantity)
        if ticket.short_hash in self.lists.revocations["hashes"]:
            raise Refused("revoked")
        if any(one.booking == ticket.booking for one in self.journal):
            raise Refused("used-here")
        pending = self.pending
        over = sum(one.cents for one in pending) + ticket.cents > policy["mostCents"]
        if over or len(pending) >= policy["mostCount"]:
            raise Refused("over-limit")
        self.journal.append(
            Accepted(
                sequence=len(self.journal) + 1,
                nonce=uuid.uuid4().hex,
                ticket=text.strip(),
                accepted_at=now.isoformat(),
                booking=ticket.booking,
                quantity=ticket.quantity,
                cents=ticket.cents,
            )
        )
        return ticket

    @property
    def pending(self) -> list[Accepted]:
        """What the platform has not decided: what counts against the limit."""
        return [one for one in self.journal if one.is_pending]

    def upload(self) -> dict[str, Any]:
        """The body of `POST …/offline/entries`: the same again until it is answered."""
        return {
            "till": self.name,
            "entries": [
                {
                    "sequence": one.sequence,
                    "nonce": one.nonce,
                    "ticket": one.ticket,
                    "acceptedAt": one.accepted_at,
                    "quantity": one.quantity,
                }
                for one in self.pending
            ],
        }

    def settle(self, receipts: Sequence[Mapping[str, Any]]) -> list[Accepted]:
        """Keeps what the platform decided; the entries it now has an answer for."""
        by_sequence = {one["sequence"]: dict(one) for one in receipts if "sequence" in one}
        settled = [one for one in self.pending if one.sequence in by_sequence]
        for one in settled:
            one.receipt = by_sequence[one.sequence]
        return settled

    def save(self, path: Path) -> None:
        """Writes all of it whole or not at all, for its owner alone: tickets are worth money."""
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> OfflineTill:
        """The till of a file that `save` wrote. OSError or ValueError for another."""
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            return cls(told["name"], Lists(**told["lists"]), [Accepted(**one) for one in told["journal"]])
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} n'est pas le fichier d'une caisse") from error
