"""How records about acceptance without us are put into this face's answers."""

from __future__ import annotations

import base64
from datetime import timedelta

from bookings.offline import Entry, Policy, Receipt
from bookings.offline_reports import Conflict, Risk
from bookings.ticket_keys import PublishedKey
from partner_api.answers_offline import (
    ConflictAnswer,
    EntryReceiptAnswer,
    OfflinePolicyAnswer,
    PublishedKeyAnswer,
    RiskAnswer,
    TillAnswer,
)
from partner_api.shown import refused
from schemas.ids import public_id

KEYS_PATH = "/.well-known/passerelle-keys.json"
_HOUR = timedelta(hours=1)


def key(one: PublishedKey) -> PublishedKeyAnswer:
    """A key as whoever verifies wants it."""
    return PublishedKeyAnswer(
        kid=one.id,
        kty="OKP",
        crv="Ed25519",
        alg="EdDSA",
        use="sig",
        x=base64.urlsafe_b64encode(one.public_key).rstrip(b"=").decode("ascii"),
        published_at=one.created_at,
        signs_from=one.signs_from,
        retired_at=one.retired_at,
    )


def policy(found: Policy) -> OfflinePolicyAnswer:
    """What a till may do."""
    return OfflinePolicyAnswer(
        venue_id=public_id("venue", found.place.venue_id),
        venue_ids=[public_id("venue", venue_id) for venue_id in found.place.all_ids],
        most_cents=found.most_cents,
        most_count=found.most_count,
        upload_within_hours=found.upload_within // _HOUR,
        list_age_hours=found.list_age // _HOUR,
        keys=KEYS_PATH,
    )


def receipt(n: int, entry: Entry | None, made: Receipt, error: Exception | None) -> EntryReceiptAnswer:
    """What became of an entry."""
    return EntryReceiptAnswer(
        n=n,
        outcome=made.outcome,
        sequence=entry.sequence if entry else None,
        nonce=entry.nonce if entry else None,
        received_at=made.received_at,
        used_at=made.used_at,
        problem=refused(error) if error else None,
    )


def conflict(found: Conflict) -> ConflictAnswer:
    """A conflict, for every till of the venue."""
    return ConflictAnswer(
        till=found.till,
        sequence=found.sequence,
        ticket=found.ticket,
        quantity=found.quantity,
        amount_cents=found.amount_cents,
        accepted_at=found.said_at,
        received_at=found.received_at,
        problem=refused(found.refusal),
        winner_till=found.winner_till,
        winner_sequence=found.winner_sequence,
    )


def risk(limits: Policy, found: Risk) -> RiskAnswer:
    """The venue's risk."""
    return RiskAnswer(
        venue_id=public_id("venue", limits.place.venue_id),
        most_cents=limits.most_cents,
        most_count=limits.most_count,
        exposed_cents=found.exposed_cents,
        since=found.since,
        accepted=found.accepted,
        accepted_cents=found.accepted_cents,
        conflicts=found.conflicts,
        conflict_cents=found.conflict_cents,
        refused=found.refused,
        tills=[
            TillAnswer(
                vendor=till.vendor,
                till=till.till,
                last_sequence=till.last_sequence,
                missing=till.missing,
                conflicts=till.conflicts,
                last_received_at=till.last_received_at,
            )
            for till in found.tills
        ],
    )
