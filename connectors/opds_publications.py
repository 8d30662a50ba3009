"""Publications of OPDS 2 into products, and their licences into what is left to lend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from connectors.base import Change, Reject, Upsert
from connectors.copies import LABEL
from connectors.marc_words import tidy
from connectors.rows import key_of, raw
from connectors.texts import in_french, plain
from connectors.times import instant
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Contributor, Identifier, Kind, Product, SourceRef, Stock

_ROLES = {
    "author": "author",
    "translator": "translator",
    "editor": "editor",
    "illustrator": "illustrator",
    "artist": "illustrator",
    "penciler": "illustrator",
    "colorist": "colorist",
    "narrator": "narrator",
    "contributor": "contributor",
}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_DAY = re.compile(r"\d{4}(?![0-9])")
_FREE = "http://opds-spec.org/acquisition/open-access"
_LENT = ("http://opds-spec.org/acquisition/borrow", "http://opds-spec.org/acquisition")
_AUDIO = re.compile(r"audio", re.IGNORECASE)


def publications_of(document: Any) -> list[Any] | None:
    """The publications of a feed, of its groups, or the only one; None for another document."""
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("publications"), list) or isinstance(document.get("groups"), list):
        groups = [one for one in document.get("groups") or [] if isinstance(one, dict)]
        return [row for one in (document, *groups) for row in one.get("publications") or []]
    if "navigation" in document:
        return []
    is_one = isinstance(document.get("metadata"), dict) and "title" in document["metadata"]
    return [document] if is_one and ("licenses" in document or "links" in document) else None


def is_of_lending(document: Any) -> bool:
    """A licence, a loan or a problem: documents of the same services that tell no title."""
    marks = ("terms", "protection", "encryption", "potential_rights", "detail", "authentication")
    return isinstance(document, dict) and any(mark in document for mark in marks)


def next_of(document: dict[str, Any]) -> str | None:
    """The address of the page after this one."""
    for link in document.get("links") or []:
        if isinstance(link, dict) and "next" in _list(link.get("rel")) and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def count_of(document: dict[str, Any]) -> int:
    """How many publications the feed says it has; 0 where it does not say."""
    head = document.get("metadata")
    count = head.get("numberOfItems") if isinstance(head, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 0


def publication_changes(row: Any, connector: str, account: str, *, now: datetime, seen: set[str]) -> Iterator[Change]:
    """The product and its stock; nothing for one that was told already in this reading."""
    head = row.get("metadata") if isinstance(row, dict) else None
    if not isinstance(head, dict):
        yield Reject("publication sans metadata", raw(row), Kind.PRODUCT)
        return
    key = key_of(head.get("identifier")) or key_of(_own_address(row))
    if key is None:
        yield Reject("publication sans identifiant", raw(row), Kind.PRODUCT)
        return
    if key in seen:
        return
    seen.add(key)
    ref = SourceRef(connector=connector, account=account, key=key)
    title = plain(in_french(head.get("title")), longest=1000)
    if title is None:
        yield Reject("titre manquant", raw(row), Kind.PRODUCT, ref)
        return
    notes: list[str] = []
    pages = head.get("numberOfPages")
    yield Upsert(
        Product(
            ref=ref,
            title=title,
            subtitle=plain(in_french(head.get("subtitle")), longest=1000),
            subcategory=_subcategory(row, head),
            identifiers=_names(head, notes),
            contributors=list(_contributors(head))[:100],
            publisher=next(_people(head.get("publisher")), None) or next(_people(head.get("imprint")), None),
            collection=_series(head),
            language=_language(head, notes),
            published_on=_day(head.get("published")),
            page_count=pages if isinstance(pages, int) and 0 < pages <= 50_000 else None,
            genres=list(_subjects(head)),
            description=plain(in_french(head.get("description")), longest=2000),
        ),
        tuple(notes),
    )
    if (lent := _left(row, now)) is not None:
        available = None if lent < 0 else lent
        yield Upsert(Stock(ref=ref, product_key=key, available=available, price_cents=0, price_label=LABEL))


def _left(row: dict[str, Any], now: datetime) -> int | None:
    """Loans that can begin now, less than nothing for without limit; None where it is not lent at all."""
    licences = [one for one in _list(row.get("licenses")) if isinstance(one, dict)]
    if licences:
        return sum(_of_licence(one, now) for one in licences)
    for link in _list(row.get("links")):
        if not isinstance(link, dict):
            continue
        properties = link.get("properties")
        told = properties if isinstance(properties, dict) else {}
        rels = _list(link.get("rel"))
        if _FREE in rels:
            return -1
        if any(rel in _LENT for rel in rels):
            state, copies = told.get("availability"), told.get("copies")
            if isinstance(copies, dict) and isinstance(copies.get("available"), int):
                return max(int(copies["available"]), 0)
            return 0 if isinstance(state, dict) and state.get("state") not in (None, "available", "ready") else -1
    return None


def _of_licence(licence: dict[str, Any], now: datetime) -> int:
    """Loans that one licence allows at once, as far as the feed tells: its own count of what is out is elsewhere."""
    head = licence.get("metadata")
    head = head if isinstance(head, dict) else licence
    state = head.get("availability")
    if isinstance(state, dict) and state.get("state") not in (None, "available"):
        return 0
    terms = head.get("terms")
    terms = terms if isinstance(terms, dict) else {}
    try:
        if isinstance(terms.get("expires"), str) and instant(terms["expires"]) <= now:
            return 0
    except ValueError:
        pass  # a licence without an end
    limits = [terms.get(name) for name in ("concurrency", "checkouts")]
    counts = [limit for limit in limits if isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0]
    return min(counts) if counts else 1


def _subcategory(row: dict[str, Any], head: dict[str, Any]) -> str:
    told = " ".join(str(one) for one in (*_list(head.get("@type")), *_list(head.get("schema:encodingFormat"))))
    links = " ".join(str(link.get("type", "")) for link in _list(row.get("links")) if isinstance(link, dict))
    is_audio = _AUDIO.search(told) or (not head.get("@type") and _AUDIO.search(links))
    return "TELECHARGEMENT_LIVRE_AUDIO" if is_audio else "LIVRE_NUMERIQUE"


def _names(head: dict[str, Any], notes: list[str]) -> list[Identifier]:
    for told in (head.get("identifier"), *_list(head.get("isbn")), *_list(head.get("altIdentifier"))):
        text = told.get("value") if isinstance(told, dict) else told
        found = (
            re.fullmatch(r"(?:urn:)?(?:isbn:)?([0-9][0-9 -]{8,16}[0-9Xx])", text, re.I)
            if isinstance(text, str)
            else None
        )
        if found is not None:
            try:
                return [identifier("isbn", found[1])]
            except InvalidIdentifier as fault:
                notes.append(str(fault))
    return []


def _contributors(head: dict[str, Any]) -> Iterator[Contributor]:
    for field, role in _ROLES.items():
        for name in _people(head.get(field)):
            yield Contributor(name=name, role=role)


def _people(value: Any) -> Iterator[str]:
    """Names of people and companies, written as texts, as objects, or as texts by language."""
    for one in _list(value):
        told = one.get("name") if isinstance(one, dict) and "name" in one else one
        if (name := tidy(plain(in_french(told), longest=300))) is not None:
            yield name


def _series(head: dict[str, Any]) -> str | None:
    holder = head.get("belongsTo")
    if not isinstance(holder, dict):
        return None
    return next(_people(holder.get("series")), None) or next(_people(holder.get("collection")), None)


def _language(head: dict[str, Any], notes: list[str]) -> str | None:
    for one in _list(head.get("language")):
        if isinstance(one, str) and _LANGUAGE.fullmatch(one) and len(one) <= 35:
            primary, dash, rest = one.partition("-")
            return primary.lower() + dash + rest
        notes.append(f"langue illisible : « {str(one)[:30]} »")
    return None


def _subjects(head: dict[str, Any]) -> Iterator[str]:
    for one in _list(head.get("subject"))[:10]:
        told = (one.get("name") or one.get("code")) if isinstance(one, dict) else one
        if (name := tidy(plain(in_french(told), longest=100))) is not None:
            yield name


def _own_address(row: dict[str, Any]) -> str | None:
    for link in _list(row.get("links")):
        if isinstance(link, dict) and "self" in _list(link.get("rel")) and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def _day(text: Any) -> str | None:
    """The date that a text begins with, as precise as it is sound: a month 99 leaves the year."""
    found = _DAY.match(text) if isinstance(text, str) else None
    for length in (10, 7, 4) if found is not None else ():
        told = str(text)[:length]
        try:
            datetime.fromisoformat(f"{told}-01-01"[:10])
        except ValueError:
            continue
        return told
    return None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
