"""A record of ILS-DI's `GetRecords`: its notice, its items and their states, in Koha's words or a relative's.

Sources: Koha, C4/ILSDI/Services.pm (3.0 to 23.11); DLF ILS-DI 1.1 (2008); Nanook's and BiblixNet's dialects.
Who borrowed or reserved a copy is told too by old versions: none of it is read or kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from connectors.base import Change, Reject, Upsert
from connectors.copies import lending
from connectors.marc_notice import Dialect, from_element
from connectors.marc_product import notice_changes
from connectors.marc_words import BOOK, name_of, pages_of, tidy, year_of
from connectors.rows import MAX_RAW, key_of
from connectors.xml_elements import Element, child, mended, parser, raw_of, told
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Contributor, Kind, Product, SourceRef

_ZERO_MEANS_FREE = ("notforloan", "itemlost", "withdrawn", "wthdrawn", "damaged", "restricted")
_DUE = ("date_due", "onloan", "dueDate", "datedue")
_OF_PEOPLE = ("issues", "reserves", "borrowernumber", "cardnumber", "surname", "firstname", "userid")


def record_changes(
    record: Element, connector: str, account: str, *, dialect: Dialect | None, prices: bool
) -> Iterator[Change]:
    """The product and the stock of its copies; nothing for a number that the library does not know."""
    if told(record, "code") == "RecordNotFound" or (record.text or "").strip() == "RecordNotFound":
        return
    copies = _copies(record)
    for name in _OF_PEOPLE:
        for one in list(record.iter(f"{{*}}{name}")):
            one.getparent().remove(one)  # type: ignore[union-attr]
    raw = raw_of(record)[:MAX_RAW]
    key = key_of(told(record, "biblionumber", "bibId", "biblioitemnumber", "id", "recordId"))
    if key is None:
        yield Reject("notice sans numéro (biblionumber)", raw, Kind.PRODUCT)
        return
    ref = SourceRef(connector=connector, account=account, key=key)
    try:
        notice = _notice(record)
    except ValueError as error:
        yield Reject(str(error), raw, Kind.PRODUCT, ref)
        return
    if notice is not None:
        changes = notice_changes(
            from_element(notice),
            connector,
            account,
            raw=lambda: raw,
            key=key,
            dialect=dialect,
            lends=False,
            prices=prices,
        )
    else:
        changes = iter([_plain(record, ref, raw)])
    for change in changes:
        yield change
        if isinstance(change, Upsert) and copies is not None:
            yield lending(ref, copies)


def is_free(item: Element) -> bool:
    """Whether a copy can be borrowed now: no state but zero, and nobody has it."""
    available = told(item, "available")
    if available is not None:
        # Nanook: 1, or why not (0, InTransit, AlreadyHold, Ordered).
        return available.lower() in ("1", "true", "yes") and told(item, "visible") not in ("0", "false")
    states = [told(item, name) for name in _ZERO_MEANS_FREE]
    return all(state in (None, "0") for state in states) and not any(told(item, name) for name in _DUE)


def _copies(record: Element) -> list[bool] | None:
    """What `lending` takes. Reservations of the title go before anybody new."""
    items = child(record, "items")
    if items is None:
        return None
    free = sum(is_free(item) for item in items.iterchildren("{*}item"))
    queue = sum(1 for reserves in record.iterchildren("{*}reserves") for _ in reserves.iterchildren("{*}reserve"))
    return [True] * max(free - queue, 0)


def _notice(record: Element) -> Element | None:
    """The MARC record, inline or as escaped text; None without one. Raises ValueError for one that is ill-formed."""
    holder = child(record, "marcxml")
    if holder is None:
        return None
    inline = next(holder.iter("{*}record"), None)
    text = (holder.text or "").strip()
    if inline is None and text.startswith("<"):
        text = text.partition("?>")[2] if text.startswith("<?xml") else text
        try:
            inline = etree.fromstring(mended(text)[0].strip().encode("utf-8", "replace"), parser())
        except etree.XMLSyntaxError as error:
            raise ValueError(f"marcxml mal formé : {error.msg}") from None
    if inline is not None and next(inline.iterchildren("{*}datafield"), None) is None:
        return None
    return inline


def _plain(record: Element, ref: SourceRef, raw: bytes) -> Change:
    """The product by the elements beside the notice, where there is none."""
    title = tidy(told(record, "title"))
    if title is None:
        return Reject("ni notice MARC ni titre", raw, Kind.PRODUCT, ref)
    names, notes = [], []
    if (isbn := told(record, "isbn")) is not None:
        try:
            names.append(identifier("isbn", isbn.split(" ")[0]))
        except InvalidIdentifier as fault:
            notes.append(str(fault))
    author = name_of(told(record, "author"))
    return Upsert(
        Product(
            ref=ref,
            title=title,
            subcategory=BOOK,
            identifiers=names,
            contributors=[Contributor(name=author)] if author else [],
            publisher=tidy(told(record, "publishercode", "publisher"), longest=300),
            published_on=year_of(told(record, "publicationyear", "copyrightdate", "year")),
            page_count=pages_of(told(record, "pages")),
        ),
        tuple(notes),
    )
