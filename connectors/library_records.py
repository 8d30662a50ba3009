"""A record in its envelope, as library protocols hand it over: Dublin Core, MARC of either dialect, or neither."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from connectors.base import Change, Reject, Upsert
from connectors.dublin_core import product_of
from connectors.marc_notice import Dialect, from_element
from connectors.marc_product import notice_changes
from connectors.rows import MAX_RAW
from connectors.xml_elements import Element, local, raw_of
from schemas.records import Kind, SourceRef

_CORES = ("{*}dc", "{*}simpledc", "{*}qualifieddc", "{*}qdc")
_TITLE = "{http://purl.org/dc/elements/1.1/}title"


def _bare_cores(record: Element) -> Iterator[Element]:
    """What holds a title of Dublin Core, whatever its wrapper is called."""
    for title in record.iter(_TITLE):
        parent = title.getparent()
        if parent is not None:
            yield parent


def record_changes(
    record: Element,
    connector: str,
    account: str,
    *,
    key: str | None,
    dialect: Dialect | None = None,
    lends: bool = True,
    prices: bool = False,
) -> Iterator[Change]:
    """What the first element of a known format in `record` says, under the envelope's `key` where it has one."""
    ref = None if key is None else SourceRef(connector=connector, account=account, key=key)
    for one in itertools.chain(record.iter("{*}record", *_CORES), _bare_cores(record)):
        if local(one) == "record":
            if next(one.iterchildren("{*}datafield"), None) is None:
                continue
            notice = from_element(one)
            yield from notice_changes(
                notice,
                connector,
                account,
                raw=lambda: raw_of(record)[:MAX_RAW],
                key=key,
                dialect=dialect,
                lends=lends,
                prices=prices,
            )
            return
        notes: list[str] = []
        try:
            if ref is None:
                raise ValueError("notice Dublin Core sans identifiant")
            yield Upsert(product_of(one, ref, notes), tuple(notes))
        except ValueError as error:
            yield Reject(str(error), raw_of(record)[:MAX_RAW], Kind.PRODUCT, ref)
        return
    names = ", ".join(sorted({local(one) for one in record.iter() if local(one)})[:5])
    yield Reject(f"ni Dublin Core ni MARC dans la notice ({names})", raw_of(record)[:MAX_RAW], Kind.PRODUCT, ref)
