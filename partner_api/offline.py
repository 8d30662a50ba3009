"""`/venues/{id}/offline…`: what a till needs to accept without us, and what becomes of what it accepted."""

from __future__ import annotations

from datetime import UTC

import msgspec
from aiohttp import web

from bookings import offline_reports
from bookings.errors import Refusal
from bookings.offline import Entry, Place, Receipt, Uploader
from edge.answers import answer
from edge.bodies import read_json
from edge.errors import InvalidBody, TooManyRequests
from edge.etags import kept_by_etag
from edge.paging import link_next, page_asked, write_cursor
from edge.shape_messages import in_french
from partner_api import misses, requests, shown_offline
from partner_api.answers_offline import ConflictsAnswer, EntryReceiptAnswer, JournalAnswer, RevocationsAnswer
from partner_api.keys import PARTNER_API, VENDOR
from schemas.ids import internal_id, public_id
from sync.pushing import VenueUnknown

FRESH_SECONDS = 300
"""How long a till or a proxy of its own may keep the list before it asks again whether it has changed."""


async def policy(request: web.Request) -> web.Response:
    """What each till of the venue may accept before it uploads."""
    place = await _place(request)
    return answer(shown_offline.policy(await request.app[PARTNER_API].offline.policy(place)))


async def revocations(request: web.Request) -> web.Response:
    """Tickets of the venue that look good and are not; 304 where the till has this list already."""
    place = await _place(request)
    hashes = await request.app[PARTNER_API].offline.revocations(place)
    said = answer(RevocationsAnswer(venue_id=public_id("venue", place.venue_id), hashes=hashes))
    return kept_by_etag(request, said, f"private, max-age={FRESH_SECONDS}")


async def upload(request: web.Request) -> web.Response:
    """A receipt for each entry, in their order. The same journal again is answered the same."""
    place, journal = await _place(request), await read_json(request, requests.Journal)
    vendor = request[VENDOR]
    uploader = Uploader(vendor.vendor_id, vendor.key_id, place, journal.till)
    receipts = [await _receive(request, uploader, n, raw) for n, raw in enumerate(journal.entries)]
    return answer(JournalAnswer(receipts=receipts))


async def conflicts(request: web.Request) -> web.Response:
    """The venue's conflicts, the newest first, whichever till they are of."""
    place, page = await _place(request), page_asked(request, shape=(int,), default=50, most=99)
    before = int(page.after[0]) if page.after else None
    pool = request.app[PARTNER_API].pool
    found = await offline_reports.conflicts(pool, place, before=before, limit=page.limit + 1)
    response = answer(ConflictsAnswer(conflicts=[shown_offline.conflict(one) for one in found[: page.limit]]))
    link_next(response, request, write_cursor(found[page.limit - 1].id) if len(found) > page.limit else None)
    return response


async def risk(request: web.Request) -> web.Response:
    """What the venue risks by accepting offline, and what has come of it."""
    deps, place = request.app[PARTNER_API], await _place(request)
    policy = await deps.offline.policy(place)
    found = await offline_reports.risk(deps.pool, policy, deps.clock())
    return answer(shown_offline.risk(policy, found))


async def _place(request: web.Request) -> Place:
    venue_id = internal_id("venue", request.match_info["id"])
    place = await request.app[PARTNER_API].offline.place(venue_id, request[VENDOR].venue_ids)
    if place is None:
        raise VenueUnknown
    return place


async def _receive(request: web.Request, uploader: Uploader, n: int, raw: object) -> EntryReceiptAnswer:
    try:
        entry = _entry(raw, n)
    except InvalidBody as error:
        return shown_offline.receipt(n, None, Receipt("refused", None), error)
    try:
        await misses.check(request)
        receipt = await request.app[PARTNER_API].offline.receive(uploader, entry)
    except (Refusal, TooManyRequests) as error:
        # Not decided: the till sends the entry again.
        return shown_offline.receipt(n, entry, Receipt("undecided", None), error)
    if isinstance(receipt.refusal, misses.MISSES):
        await misses.note(request)
    return shown_offline.receipt(n, entry, receipt, receipt.refusal)


def _entry(raw: object, n: int) -> Entry:
    """An entry of the journal; what is wrong with it is told by its place in the whole."""
    try:
        told = msgspec.convert(raw, requests.Entry)
    except msgspec.ValidationError as error:
        message, path = in_french(str(error))
        raise InvalidBody(message, path=f"$.entries[{n}]{path.removeprefix('$')}") from None
    try:
        said_at = told.accepted_at.astimezone(UTC)
    except OverflowError:
        raise InvalidBody("Cette date n'existe pas en UTC.", path=f"$.entries[{n}].acceptedAt") from None
    return Entry(told.sequence, told.nonce, told.ticket, said_at, told.quantity)
