"""What UNIMARC and MARC 21 share on the way from a notice to a product, and the changes one notice means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from connectors import marc21, unimarc
from connectors.base import Change, Delete, Reject, Upsert
from connectors.copies import lending
from connectors.marc_copies import copies_of
from connectors.marc_notice import Dialect, Notice, dialect_of
from connectors.rows import key_of
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Identifier, Kind, Product, SourceRef

_ARK = re.compile(r"ark:/\d{5}/[0-9a-z]+", re.IGNORECASE)
_KEYS = (("090", "9"), ("090", "a"), ("999", "c"))
"""Where Koha keeps a notice's number when it has no 001."""


def notice_changes(
    notice: Notice,
    connector: str,
    account: str,
    *,
    raw: Callable[[], bytes],
    key: str | None = None,
    dialect: Dialect | None = None,
    lends: bool = True,
    prices: bool = False,
    notes: Iterable[str] = (),
) -> Iterator[Change]:
    """The product of a notice and, where it lists copies and the source `lends`, what can be borrowed now.

    `key` is the envelope's name for it (OAI identifier); else 001, else Koha's number, ARK or ISBN. `prices`: the
    amounts in euros of ISBN fields, which are those of the day the notice was made. `raw` is what the quarantine keeps.
    Never raises.
    """
    told = list(notes)
    names = list(_identifiers(notice, dialect, told))
    key = key_of(key or _key(notice, names))
    ref = None if key is None else SourceRef(connector=connector, account=account, key=key)
    if ref is None:
        yield Reject("ni numéro de notice (001) ni ISBN", raw(), Kind.PRODUCT)
        return
    if notice.is_deleted:
        yield Delete(Kind.PRODUCT, ref)
        yield Delete(Kind.STOCK, ref)
        return
    try:
        record = _product(notice, ref, names, dialect or dialect_of(notice), prices=prices)
    except ValueError as error:
        yield Reject(str(error), raw(), Kind.PRODUCT, ref)
        return
    yield Upsert(record, tuple(told))
    if lends and (copies := copies_of(notice)) is not None:
        yield lending(ref, copies)


def _product(notice: Notice, ref: SourceRef, names: list[Identifier], dialect: Dialect, *, prices: bool) -> Product:
    said = (unimarc if dialect == "unimarc" else marc21).said(notice)
    if said.title is None:
        raise ValueError("titre manquant")
    return Product(
        ref=ref,
        title=said.title,
        subtitle=said.subtitle,
        subcategory=said.subcategory(),
        identifiers=names,
        contributors=said.contributors[:100],
        publisher=said.publisher,
        collection=said.collection,
        volume=said.volume,
        language=said.language,
        published_on=said.published_on,
        price_cents=said.price_cents if prices else None,
        page_count=said.page_count,
        genres=said.genres[:10],
        description=said.description,
    )


def _key(notice: Notice, names: list[Identifier]) -> str | None:
    if (number := notice.control.get("001", "").strip()) or (number := notice.first("001", "a") or ""):
        return number
    for tag, code in _KEYS:
        if (found := notice.first(tag, code)) is not None:
            return found
    by_scheme = {name.scheme: name.value for name in names}
    return by_scheme.get("ark") or by_scheme.get("ean")


def _identifiers(notice: Notice, dialect: Dialect | None, notes: list[str]) -> Iterator[Identifier]:
    """One EAN, the first that is sound, and the record's own ARK. What is unsound is noted."""
    try:
        kind = dialect or dialect_of(notice)
    except ValueError:
        return
    found: dict[str, Identifier] = {}
    for scheme, value in (unimarc if kind == "unimarc" else marc21).numbers(notice):
        try:
            name = identifier(scheme, value)
        except InvalidIdentifier as fault:
            notes.append(str(fault))
        else:
            found.setdefault(name.value, name)
    if len(found) > 1:
        notes.append(f"plusieurs EAN ({', '.join(list(found)[:5])}) : le premier est gardé")
    yield from list(found.values())[:1]
    ark = _ARK.search(notice.ark or notice.control.get("003", ""))
    if ark is not None:
        try:
            yield identifier("ark", ark[0])
        except InvalidIdentifier as fault:
            notes.append(str(fault))
