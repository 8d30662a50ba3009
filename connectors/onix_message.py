"""An ONIX file into its products: `xml_items` with the names of ONIX, reference or short."""

from __future__ import annotations

from connectors.xml_items import MAX_ITEM as MAX_PRODUCT
from connectors.xml_items import MAX_PROLOGUE, Fragment, Splitter

__all__ = ["MAX_PRODUCT", "MAX_PROLOGUE", "Fragment", "Splitter", "splitter"]


def splitter() -> Splitter:
    """Cuts at products; the root is an ONIX message, or there is none."""
    return Splitter((b"Product", b"product"), (b"ONIXMessage", b"ONIXmessage"), noun="produit")
