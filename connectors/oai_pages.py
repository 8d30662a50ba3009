"""What answers of OAI-PMH say besides records: who the repository is, the next page's token, errors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from connectors.times import instant
from connectors.xml_elements import Element, child, local, told
from connectors.xml_pages import Page
from net.errors import FeedChanged

_VERBS = ("ListRecords", "GetRecord", "ListIdentifiers", "Identify", "ListSets", "ListMetadataFormats")


@dataclass(frozen=True, slots=True)
class Identity:
    """What `Identify` tells that matters to a harvest."""

    date: datetime
    """The server's clock when it answered."""
    has_seconds: bool
    """Datestamps are told to the second, not to the day."""
    keeps_deletions: bool
    """Deleted records are told for ever."""


@dataclass(frozen=True, slots=True)
class Token:
    """Leads to the next page; empty after the last."""

    text: str
    size: int
    """How many records the whole list has, 0 where it is not told."""


def identity(page: Page, *, place: str) -> Identity:
    """Raises FeedChanged when the answer is no `Identify` with a date."""
    found = child(page.root, "Identify")
    date = told(page.root, "responseDate")
    if found is None or date is None:
        raise FeedChanged("réponse sans Identify ni date", place=place)
    try:
        moment = instant(date)
    except ValueError as error:
        raise FeedChanged(str(error), place=place) from None
    granularity = told(found, "granularity") or ""
    return Identity(moment, "hh" in granularity.lower(), (told(found, "deletedRecord") or "") == "persistent")


def listed(page: Page) -> Token:
    """The token of a page of records; an empty element, or none, ends the list."""
    for one in page.root.iter("{*}resumptionToken"):
        size = one.get("completeListSize") or ""
        return Token((one.text or "").strip(), int(size) if size.isdecimal() and len(size) < 10 else 0)
    return Token("", 0)


def refuse(page: Page, *, place: str | None = None) -> str | None:
    """The code of the protocol's error in an answer, with its text. Raises FeedChanged when it is no OAI-PMH."""
    if page.why_cut is not None or page.items:
        return None
    root: Element = page.root
    for one in root.iter("{*}error"):
        code, words = one.get("code") or "erreur sans code", " ".join((one.text or "").split())[:200]
        return code if code in ("noRecordsMatch", "badResumptionToken") or not words else f"{code}, {words}"
    if local(root) != "OAI-PMH" or all(child(root, verb) is None for verb in _VERBS):
        raise FeedChanged(f"ce n'est pas une réponse OAI-PMH : <{local(root)[:40]}>", place=place)
    return None
