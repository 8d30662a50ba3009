"""How the domain's records are put into this face's answers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from bookings.records import CountermarkView
from catalogue.directory import ListedVenue
from edge.problems import within
from partner_api.answers import (
    CountermarkAnswer,
    FaultAnswer,
    JobAnswer,
    MoveAnswer,
    ReceiptAnswer,
    RefusalAnswer,
    RejectAnswer,
    RunAnswer,
    RunErrorAnswer,
    SecondsAnswer,
    SourceAnswer,
    VenueAnswer,
)
from partner_api.problems import PROBLEMS
from schemas.ids import public_id
from sync.meter import STAGES
from sync.pushing import Job, Receipt
from sync.quarantine import Refused
from sync.runs import RunReport
from sync.venue_reports import VenueSource

LONGEST_RAW = 4000


def countermark(view: CountermarkView) -> CountermarkAnswer:
    """What a till needs to hand something over; not who booked it."""
    promise = view.promise
    return CountermarkAnswer(
        status="usable",
        title=promise.title,
        subcategory=promise.subcategory,
        venue_id=public_id("venue", view.venue_id),
        venue_name=promise.venue_name,
        time_zone=promise.time_zone,
        offer_id=public_id("offer", view.offer_id),
        quantity=view.quantity,
        price_cents=view.unit_price_cents,
        amount_cents=view.quantity * view.unit_price_cents,
        ean=promise.ean,
        begins_at=promise.begins_at,
        hall=promise.hall,
        version=promise.version,
        price_label=promise.price_label,
        expires_at=view.expires_at,
    )


def refused(error: Exception) -> RefusalAnswer:
    """A refusal of this face's table, to stand within an answer."""
    told = within(PROBLEMS, error)
    if told is None:
        raise error
    return msgspec.convert(told, RefusalAnswer)


def venue(listed: ListedVenue) -> VenueAnswer:
    """A venue in a vendor's list."""
    return VenueAnswer(
        id=public_id("venue", listed.id),
        name=listed.name,
        time_zone=listed.time_zone,
        siret=listed.siret,
        department=listed.department,
    )


def run(report: RunReport) -> RunAnswer:
    """A run's report."""
    return RunAnswer(
        id=public_id("run", report.id),
        source_id=public_id("source", report.source_id),
        mode=report.mode,
        state=report.state,
        started_at=report.started_at,
        records=report.records,
        created=report.created,
        changed=report.changed,
        unchanged=report.unchanged,
        repeated=report.repeated,
        rejected=report.rejected,
        withdrawn=report.withdrawn,
        zeroed=report.zeroed,
        kept_sold=report.kept_sold,
        cancelled_bookings=report.cancelled_bookings,
        moved_bookings=report.moved_bookings,
        moved=report.moved,
        is_partial=report.is_partial,
        pages=report.pages,
        bytes_read=report.bytes_read,
        seconds=SecondsAnswer(**{**dict.fromkeys(STAGES, 0.0), **report.seconds}),
        first_errors=[RunErrorAnswer(**one) for one in report.first_errors],
        first_moves=[
            MoveAnswer(
                key=one["key"],
                title=one["title"],
                before=datetime.fromisoformat(one["from"]),
                after=datetime.fromisoformat(one["to"]),
            )
            for one in report.first_moves
        ],
        rows_read=report.rows_read,
        rows_expected=report.rows_expected,
        ended_at=report.ended_at,
        failure=report.failure,
        message=report.message,
    )


def source(bound: VenueSource) -> SourceAnswer:
    """A source with its last run."""
    return SourceAnswer(
        id=public_id("source", bound.id),
        connector=bound.connector,
        account=bound.account,
        label=bound.label,
        licence=bound.licence,
        venue_id=public_id("venue", bound.venue_id),
        venue_name=bound.venue_name,
        due_at=bound.due_at,
        paused_why=bound.paused_why,
        hidden_since=bound.hidden_since,
        last_run=run(bound.last_run) if bound.last_run else None,
    )


def reject(refused: Refused) -> RejectAnswer:
    """A refused row."""
    return RejectAnswer(
        id=public_id("reject", refused.id),
        run_id=public_id("run", refused.run_id),
        why=refused.why,
        raw=refused.raw.decode(errors="replace")[:LONGEST_RAW],
        times_seen=refused.times_seen,
        first_seen_at=refused.first_seen_at,
        last_seen_at=refused.last_seen_at,
        kind=refused.kind,
        key=refused.key,
    )


def job(pushed: Job) -> JobAnswer:
    """A batch with a page of its receipts."""
    counts = pushed.counts
    return JobAnswer(
        id=public_id("job", pushed.id),
        venue_id=public_id("venue", pushed.venue_id),
        state=pushed.state,
        items=pushed.items,
        received_at=pushed.received_at,
        receipts=[_receipt(receipt) for receipt in pushed.receipts],
        accepted=counts.get("accepted", 0),
        unchanged=counts.get("unchanged", 0),
        superseded=counts.get("superseded", 0),
        unknown_references=counts.get("unknown_reference", 0),
        refused=counts.get("refused", 0),
        ended_at=pushed.ended_at,
        run_id=public_id("run", pushed.run_id) if pushed.run_id else None,
        message=pushed.message,
    )


def _receipt(receipt: Receipt) -> ReceiptAnswer:
    return ReceiptAnswer(
        path=receipt.path,
        kind=receipt.kind,
        key=receipt.key,
        outcome=receipt.outcome,
        effect=receipt.effect,
        why=receipt.why,
        faults=[FaultAnswer(path=fault["path"], why=fault["why"]) for fault in receipt.faults or []],
        id=public_id(receipt.kind, receipt.entity_id) if receipt.entity_id else None,
        offer_id=public_id("offer", receipt.offer_id) if receipt.offer_id else None,
        joined=receipt.joined,
        legal_price_cents=receipt.legal_price_cents,
    )
