"""A row of WooCommerce's export into an article: its columns by their names in English or French."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.money import cents
from connectors.rows import whole_number
from connectors.shop_articles import Article

_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "type": ("type",),
    "sku": ("sku", "ugs"),
    "gtin": ("gtinupceanorisbn", "gtinupceanouisbn", "ean", "isbn", "metaean", "metaisbn", "metaglobaluniqueid",
             "metawpmgtincode", "metaalgwcean"),
    "name": ("name", "nom"),
    "published": ("published", "publie"),
    "short": ("shortdescription", "descriptioncourte"),
    "description": ("description",),
    "sale_from": ("datesalepricestarts", "datededebutdepromo", "datededebutdelapromo"),
    "sale_until": ("datesalepriceends", "datedefindepromo", "datedefindelapromo"),
    "in_stock": ("instock", "enstock"),
    "stock": ("stock",),
    "sale": ("saleprice", "tarifpromo", "prixpromo"),
    "price": ("regularprice", "tarifregulier", "tarifnormal", "prixregulier"),
    "shelves": ("categories",),
    "tags": ("tags", "etiquettes"),
    "brand": ("brands", "marques", "marque"),
    "attributes": ("attribute1values", "valeursdelattribut1"),
}  # fmt: skip
_NOT_SOLD = ("variable", "grouped", "external")


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Places by our name of a column."""
    bare = [_bare(name) for name in header]
    return {
        field: bare.index(found)
        for field, names in _NAMES.items()
        if (found := next((name for name in names if name in bare), None)) is not None
    }


def article_of(cells: Mapping[str, str], key: str, now: datetime) -> Article:
    """Raises ValueError for an amount or a quantity that is none."""
    kinds = [kind.strip().lower() for kind in cells.get("type", "").split(",")]
    shelves = [part for path in cells.get("shelves", "").split(",") for part in path.split(">")]
    carrier = ["ebook"] if "downloadable" in kinds else []
    is_variation = "variation" in kinds
    return Article(
        key=key,
        title=cells.get("name"),
        subtitle=cells.get("attributes") if is_variation else None,
        numbers=[cells.get("gtin"), cells.get("sku")],
        shelves=[*shelves, *cells.get("tags", "").split(","), *carrier],
        available=_copies(cells),
        price_cents=_price(cells, now),
        is_sold=cells.get("published", "1") == "1" and not any(kind in _NOT_SOLD for kind in kinds),
        publisher=cells.get("brand"),
        description=cells.get("description") or cells.get("short"),
    )


def _copies(cells: Mapping[str, str]) -> int | None:
    stock, state = cells.get("stock", ""), cells.get("in_stock", "").lower()
    if stock and stock.lower() != "parent":
        whole = stock.partition(".")[0]
        return 0 if whole.startswith("-") else whole_number(whole, "Stock")
    return None if state in ("1", "yes", "oui", "true", "instock") else 0


def _price(cells: Mapping[str, str], now: datetime) -> int | None:
    """The sale price while it lasts, else the regular one; an end without a time is that day's."""
    sale, day = cells.get("sale"), now.date().isoformat()
    begins, ends = (cells.get(name, "")[:10] or None for name in ("sale_from", "sale_until"))
    if sale and (begins is None or begins <= day) and (ends is None or day <= ends):
        return cents(sale)
    regular = cells.get("price")
    return cents(regular) if regular else None


def _bare(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())
