"""The shapes of this face's JSON answers. Names are camelCase in JSON; what is not known is left out.

Money is in cents of euro, times are RFC 3339 in UTC. Nothing here names a person.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Answer(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What all answers share."""


class CountermarkAnswer(Answer, frozen=True):
    """What a countermark that can be used now is good for."""

    status: str
    """`usable`: whatever cannot be used now is a problem."""
    title: str
    subcategory: str
    venue_id: str
    venue_name: str
    time_zone: str
    offer_id: str
    quantity: int
    price_cents: int
    """Of one."""
    amount_cents: int
    """Of all."""
    ean: str | None = None
    begins_at: datetime | None = None
    hall: str | None = None
    version: str | None = None
    price_label: str | None = None
    expires_at: datetime | None = None


class UseAnswer(Answer, frozen=True):
    """An accepted countermark."""

    used_at: datetime


class RefusalAnswer(Answer, frozen=True):
    """A problem (RFC 9457) within an answer, with the members that its `type` has."""

    type: str
    title: str
    status: int
    detail: str
    used_at: datetime | None = None
    used_where: str | None = None
    """The till, or the label of the key, that accepted it."""
    cancelled_at: datetime | None = None
    expired_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    retired_at: datetime | None = None
    venue: str | None = None
    """Where it is good."""
    quantity: int | None = None
    """How many it is good for."""
    path: str | None = None


class UseReceiptAnswer(Answer, frozen=True):
    """What became of one use: `used_at` or `problem`."""

    nonce: str
    used_at: datetime | None = None
    problem: RefusalAnswer | None = None


class UsesAnswer(Answer, frozen=True):
    """A receipt for each use, in their order."""

    uses: list[UseReceiptAnswer]


class VenueAnswer(Answer, frozen=True):
    """A venue the vendor acts for."""

    id: str
    name: str
    time_zone: str
    siret: str | None = None
    department: str | None = None


class VenuesAnswer(Answer, frozen=True):
    """The venues the vendor acts for, by name."""

    venues: list[VenueAnswer]


class SecondsAnswer(Answer, frozen=True):
    """Where a run's time went, in seconds."""

    fetch: float
    """Waiting for the provider."""
    parse: float
    """Reading its rows and checking them."""
    merge: float
    commit: float
    sweep: float


class RunErrorAnswer(Answer, frozen=True):
    """One of the first rows refused: why, and where it stood."""

    why: str
    kind: str | None = None
    key: str | None = None
    page: int | None = None
    """Which of the provider's answers in this run."""


class MoveAnswer(Answer, frozen=True):
    """A session that begins at another time."""

    key: str
    title: str
    before: datetime
    after: datetime


class RunAnswer(Answer, frozen=True):
    """One run over a source, and what came of it. A long reading takes several."""

    id: str
    source_id: str
    mode: str
    """full or incremental."""
    state: str
    """running, done, failed, guarded (it would have removed too much: somebody is asked) or lost."""
    started_at: datetime
    records: int
    created: int
    changed: int
    unchanged: int
    repeated: int
    rejected: int
    withdrawn: int
    zeroed: int
    """Stocks that went to nothing: a guard watches how many do so at once."""
    kept_sold: int
    """Gone at the provider but already sold by us: off sale, not cancelled."""
    cancelled_bookings: int
    moved_bookings: int
    """Bookings of sessions that the reading cancelled, and of those it found at another time."""
    moved: int
    """Sessions that begin at another time than before."""
    is_partial: bool
    """It stopped midway to let others be read; the next run goes on."""
    pages: int
    bytes_read: int
    seconds: SecondsAnswer
    first_errors: list[RunErrorAnswer]
    """Five at most; all of them are among the source's refused rows."""
    first_moves: list[MoveAnswer]
    """Twenty at most."""
    rows_read: int | None = None
    """Rows of the provider's own that the reading has come to, where it counts them."""
    rows_expected: int | None = None
    """Rows that the provider says there are."""
    ended_at: datetime | None = None
    failure: str | None = None
    message: str | None = None


class SourceAnswer(Answer, frozen=True):
    """A source bound to a venue, and its last run."""

    id: str
    connector: str
    account: str
    label: str
    licence: str
    venue_id: str
    venue_name: str
    due_at: datetime | None = None
    """Missing where the software pushes by itself."""
    paused_why: str | None = None
    hidden_since: datetime | None = None
    last_run: RunAnswer | None = None


class SourcesAnswer(Answer, frozen=True):
    """A page of sources."""

    sources: list[SourceAnswer]


class RejectAnswer(Answer, frozen=True):
    """A row that was refused, why, and how often it came."""

    id: str
    run_id: str
    why: str
    raw: str
    """The row as received, its beginning where it is long; unreadable bytes are replaced."""
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    kind: str | None = None
    key: str | None = None


class RejectsAnswer(Answer, frozen=True):
    """A page of refused rows, the newest first."""

    rejects: list[RejectAnswer]


class JobTakenAnswer(Answer, frozen=True):
    """A batch that was stored and will be merged."""

    id: str
    venue_id: str
    items: int


class FaultAnswer(Answer, frozen=True):
    """One thing the format has against an item."""

    path: str
    """JSONPath below the item."""
    why: str


class ReceiptAnswer(Answer, frozen=True):
    """What became of one item."""

    path: str
    """JSONPath in the body that was sent."""
    kind: str
    key: str | None = None
    outcome: str | None = None
    """`accepted`, `unchanged`, `superseded`, `unknown_reference` or `refused`; missing while the job waits."""
    effect: str | None = None
    """Of what was accepted: `created`, `changed` or `withdrawn`."""
    why: str | None = None
    faults: list[FaultAnswer] = []
    id: str | None = None
    """What it was merged into."""
    offer_id: str | None = None
    joined: bool | None = None
    """Another source speaks of the same thing."""
    legal_price_cents: int | None = None
    """Where the price told is another: whoever books pays the price told; a book's is the legal one."""


class JobAnswer(Answer, frozen=True):
    """A batch and a page of its receipts."""

    id: str
    venue_id: str
    state: str
    """`waiting`, `done`, `guarded` or `failed`."""
    items: int
    received_at: datetime
    receipts: list[ReceiptAnswer]
    accepted: int = 0
    unchanged: int = 0
    superseded: int = 0
    unknown_references: int = 0
    refused: int = 0
    ended_at: datetime | None = None
    run_id: str | None = None
    message: str | None = None
