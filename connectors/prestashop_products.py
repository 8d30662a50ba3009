"""A product of PrestaShop's webservice into an article, and stocks by product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from connectors.base import Change, Reject
from connectors.money import cents
from connectors.rows import MAX_RAW
from connectors.shelving import ShelfSettings
from connectors.shop_articles import Article, article_changes
from connectors.texts import line
from connectors.xml_elements import Element, all_told, child, raw_of
from schemas.records import Kind

_CENT = Decimal("0.01")
_OF_STOCK = ("{*}id_product", "{*}quantity", "{*}id_product_attribute")
_OF_PRODUCT = (
    "{*}id", "{*}isbn", "{*}ean13", "{*}reference", "{*}category_name", "{*}id_category_default", "{*}quantity",
    "{*}ttc", "{*}price", "{*}id_tax_rules_group", "{*}active", "{*}available_for_order", "{*}manufacturer_name",
)  # fmt: skip


def levels_of(root: Element) -> dict[str, int | None]:
    """Copies by product: its own row (`id_product_attribute` 0), which is the sum of its variants' where it has any.

    A product without that row has the sum of those there are. A row without `quantity` tells nothing.
    """
    whole: dict[str, int | None] = {}
    parts: dict[str, int] = {}
    for row in root.iter("{*}stock_available"):
        said = all_told(row, _OF_STOCK)
        key, text = said.get("id_product"), said.get("quantity")
        if key is None or text is None or not text.lstrip("-").isdecimal():
            continue
        copies = max(int(text), 0) if len(text) < 9 else 0
        if said.get("id_product_attribute", "0") == "0":
            whole[key] = copies
        else:
            parts[key] = parts.get(key, 0) + copies
    return {**parts, **whole}


def product_changes(
    product: Element,
    levels: dict[str, int | None] | None,
    connector: str,
    account: str,
    shelf: ShelfSettings,
    *,
    vat: Decimal | None,
) -> Iterator[Change]:
    """What a product says, with its stock where `levels` tells it. Never raises."""

    def raw() -> bytes:
        return raw_of(product)[:MAX_RAW]

    said = all_told(product, _OF_PRODUCT)
    key = said.get("id") or product.get("id")
    if key is None or not key.isdecimal():
        yield Reject("produit sans numéro", raw(), Kind.PRODUCT)
        return
    if child(product, "id") is None and child(product, "name") is None:
        yield Reject("produit sans contenu : display=full manque à la demande", raw(), Kind.PRODUCT)
        return
    notes: list[str] = []
    article = Article(
        key=key,
        title=_text(product, "name"),
        numbers=[said.get("isbn"), said.get("ean13"), said.get("reference")],
        shelves=[
            text
            for name in ("category_name", "id_category_default")
            if (text := said.get(name)) and not text.isdecimal()
        ],
        available=None if levels is None else levels.get(key, _own(said)),
        price_cents=_price(said, vat, notes),
        is_sold=said.get("active") != "0" and said.get("available_for_order") != "0",
        publisher=said.get("manufacturer_name"),
        description=_text(product, "description") or _text(product, "description_short"),
        notes=notes,
        has_stock=levels is not None and (key in levels or _own(said) is not None),
    )
    yield from article_changes(article, connector, account, shelf, raw=raw)


def _own(said: Mapping[str, str]) -> int | None:
    """The product's own `quantity`: shops of version 1.5 and later leave it at 0, so only more than that tells."""
    text = said.get("quantity")
    return int(text) if text and text.isdecimal() and 0 < int(text) < 10_000_000 else None


def _price(said: Mapping[str, str], vat: Decimal | None, notes: list[str]) -> int | None:
    """Cents with tax; None where only the price without tax is known."""
    try:
        if (whole := said.get("ttc")) is not None:
            return cents(_decimal(whole).quantize(_CENT, ROUND_HALF_UP))
        bare = said.get("price")
        if bare is None:
            return None
        if said.get("id_tax_rules_group") == "0":
            vat = Decimal(0)
        if vat is None:
            notes.append("prix hors taxe sans taux (réglage vat_percent) : non lu")
            return None
        return cents((_decimal(bare) * (100 + vat) / 100).quantize(_CENT, ROUND_HALF_UP))
    except ValueError as error:
        notes.append(str(error))
        return None


def _decimal(text: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise ValueError(f"montant illisible : {text[:40]}") from None
    if not found.is_finite() or abs(found) > 1_000_000:
        raise ValueError(f"montant illisible : {text[:40]}")
    return found


def _text(product: Element, name: str) -> str | None:
    """The text in the first language that has one: a shop's own comes first."""
    holder = child(product, name)
    if holder is None:
        return None
    texts = [one.text for one in holder.iterchildren("{*}language")] or [holder.text]
    return next((text for text in texts if text and line(text, longest=20_000)), None)
