"""What a record says but for its names: by it a source that calls everything otherwise overnight is recognised."""

from __future__ import annotations

import hashlib

import msgspec

from catalogue.kinds import IMPLIED
from schemas.identifiers import SCHEMES
from schemas.records import Event, Product, SourceRef, Venue, Work

Matched = Work | Product | Venue | Event
_NOBODY = SourceRef(connector="", account="", key="")


def content_of(record: Matched) -> bytes | None:
    """8 bytes, equal for two records that say the same word for word; keys and addresses of pages do not count.

    None for a record that an identifier recognises, for a work that a book implies, and for one that says so little
    that two things may well say it alike.
    """
    if record.ref.part == IMPLIED or any(SCHEMES[one.scheme].settles for one in record.identifiers):
        return None
    if not _is_telling(record):
        return None
    match record:
        case Work():
            bare: Matched = msgspec.structs.replace(record, ref=_NOBODY)
        case Venue():
            bare = msgspec.structs.replace(record, ref=_NOBODY, url=None)
        case Product():
            bare = msgspec.structs.replace(record, ref=_NOBODY, work_key=None)
        case Event():
            bare = msgspec.structs.replace(record, ref=_NOBODY, venue_key=None, work_key=None, url=None)
    return hashlib.blake2b(msgspec.json.encode(bare), digest_size=8).digest()


def _is_telling(record: Matched) -> bool:
    match record:
        case Work():
            return bool(record.contributors or record.year or record.duration_minutes or record.description)
        case Product():
            return bool(record.contributors or record.publisher or record.description)
        case Venue():
            return bool(record.position or (record.address and record.address.street))
        case Event():
            return True  # its venue and its dates must agree too
