"""Products of Shopify's Admin API into articles, one for each variant, and stock levels by inventory item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.base import Change, Reject
from connectors.money import cents
from connectors.rows import key_of, raw, whole_number
from connectors.shelving import ShelfSettings
from connectors.shop_articles import Article, article_changes
from schemas.records import Kind, SourceRef

_MARKS = {"products": "variants", "inventory_levels": "inventory_item_id"}
"""A field that only rows of that listing have."""


def rows_of(document: Any, what: str) -> list[Any] | None:
    """The rows of a listing, in its envelope or bare, or the only one; None for anything else."""
    if isinstance(document, dict):
        if isinstance(document.get(what), list):
            return list(document[what])
        one = document.get(what.removesuffix("s"), document)
        if what == "products" and "title" not in document:
            variants = document.get("variants", [document["variant"]] if "variant" in document else None)
            if isinstance(variants, list):
                return [{"id": None, "title": None, "variants": variants}]
        return [one] if isinstance(one, dict) and _MARKS[what] in one else None
    if (
        isinstance(document, list)
        and document
        and all(isinstance(row, dict) and _MARKS[what] in row for row in document)
    ):
        return document
    return None


def levels_of(rows: Sequence[Any], location: str | None) -> dict[str, int | None]:
    """Copies by inventory item, over all places or at one; None where they are not counted."""
    found: dict[str, int | None] = {}
    for row in rows:
        key = key_of(row.get("inventory_item_id")) if isinstance(row, dict) else None
        if key is None or (location is not None and key_of(row.get("location_id")) != location):
            continue
        available = row.get("available")
        if available is None:
            found.setdefault(key, None)
        elif isinstance(available, int):
            found[key] = (found.get(key) or 0) + max(available, 0)
    return found


def product_changes(
    row: Any,
    levels: dict[str, int | None],
    connector: str,
    account: str,
    shelf: ShelfSettings,
    *,
    at_place: bool,
) -> Iterator[Change]:
    """The articles of a product's variants. A broken variant is rejected alone."""
    variants = row.get("variants") if isinstance(row, dict) else None
    if not isinstance(variants, list):
        yield Reject("produit sans variants", raw(row), Kind.PRODUCT)
        return
    for variant in variants:

        def kept(variant: Any = variant) -> bytes:
            return raw({**{name: value for name, value in row.items() if name != "variants"}, "variants": [variant]})

        key = key_of(variant.get("id")) if isinstance(variant, dict) else None
        if key is None:
            yield Reject("variante sans id", kept(), Kind.PRODUCT)
            continue
        try:
            article = _article(row, variant, key, levels, at_place=at_place)
        except ValueError as error:
            yield Reject(str(error), kept(), Kind.PRODUCT, SourceRef(connector=connector, account=account, key=key))
            continue
        yield from article_changes(article, connector, account, shelf, raw=kept)


def _article(
    row: dict[str, Any], variant: dict[str, Any], key: str, levels: dict[str, int | None], *, at_place: bool
) -> Article:
    told = variant.get("title") if isinstance(variant.get("title"), str) else None
    tags = row.get("tags")
    shelves = [
        row.get("product_type"),
        *(tags.split(",") if isinstance(tags, str) else tags if isinstance(tags, list) else []),
    ]
    price = variant.get("price")
    return Article(
        key=key,
        title=row.get("title") or told,
        subtitle=None if told in (None, "Default Title", row.get("title")) or not row.get("title") else told,
        numbers=[variant.get("barcode"), variant.get("sku")],
        shelves=[one for one in shelves if isinstance(one, str)],
        available=_copies(variant, levels, at_place=at_place),
        price_cents=None if price is None else cents(price),
        is_sold=row.get("status", "active") == "active" and ("published_at" not in row or bool(row["published_at"])),
        publisher=row.get("vendor") if isinstance(row.get("vendor"), str) else None,
        description=row.get("body_html") if isinstance(row.get("body_html"), str) else None,
    )


def _copies(variant: dict[str, Any], levels: dict[str, int | None], *, at_place: bool) -> int | None:
    """What is left of a variant; None where nobody counts. Raises ValueError for a quantity that is none."""
    item = key_of(variant.get("inventory_item_id"))
    # Old versions called the item by the variant's own number.
    for name in (item, key_of(variant.get("id"))):
        if name is not None and name in levels:
            return levels[name]
    if at_place:
        return 0
    quantity = variant.get("inventory_quantity")
    if variant.get("inventory_management") is None and "inventory_management" in variant:
        return None
    if isinstance(quantity, int) and quantity < 0:
        return 0
    return whole_number(quantity, "inventory_quantity")
