"""An article of a shop, whatever shop software told it, into a product and its stock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from connectors.base import Change, Reject, Upsert
from connectors.marc_words import tidy
from connectors.remembered import remembered
from connectors.rows import MAX_RAW
from connectors.shelving import SUPPOSED, ShelfSettings
from connectors.texts import plain
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Identifier, Kind, Product, SourceRef, Stock


@dataclass(slots=True)
class Article:
    """One thing that is sold, as its shop tells it."""

    key: str
    title: str | None
    numbers: Sequence[object]
    """What may be an EAN or ISBN, the best first."""
    shelves: Sequence[str]
    available: int | None
    price_cents: int | None
    is_sold: bool = True
    """Published and on sale; else it is not told."""
    subtitle: str | None = None
    publisher: str | None = None
    description: str | None = None
    notes: list[str] = field(default_factory=list)
    has_stock: bool = True
    """The file tells of its stock."""


def article_changes(
    article: Article, connector: str, account: str, shelf: ShelfSettings, *, raw: Callable[[], bytes]
) -> Iterator[Change]:
    """The product, then its stock. Nothing for what is not sold or was left out: a whole reading then withdraws it."""
    if not article.is_sold:
        return
    ref = SourceRef(connector=connector, account=account, key=article.key)
    title = plain(article.title, longest=1000)
    if title is None:
        yield Reject("titre manquant", raw()[:MAX_RAW], Kind.PRODUCT, ref)
        return
    name = _name(article)
    filed = shelf.filed(name.value if name else None, article.shelves)
    if filed is None:
        return
    if filed.is_supposed:
        article.notes.append(SUPPOSED)
    yield Upsert(
        Product(
            ref=ref,
            title=title,
            subtitle=tidy(article.subtitle),
            subcategory=filed.subcategory,
            identifiers=[name] if name else [],
            publisher=_publisher(article.publisher) if article.publisher else None,
            genres=[genre for text in article.shelves[:10] if (genre := _genre(text))],
            description=plain(article.description, longest=2000),
            sellable=False if filed.is_supposed else None,
        ),
        tuple(article.notes),
    )
    if article.has_stock:
        yield Upsert(Stock(ref=ref, product_key=ref.key, available=article.available, price_cents=article.price_cents))


@remembered
def _genre(shelf: str) -> str | None:
    return tidy(shelf, longest=100)


@remembered
def _publisher(name: str) -> str | None:
    return tidy(name, longest=300)


def _name(article: Article) -> Identifier | None:
    """The first number that is an EAN. What a shop writes there instead is noted, and does not hinder the sale."""
    for number in article.numbers:
        text = str(number).strip() if isinstance(number, str | int) and not isinstance(number, bool) else ""
        bare = text.replace("-", "").replace(" ", "")
        if not bare.strip("0"):
            continue
        try:
            return identifier("isbn" if len(bare) == 10 else "ean", text)
        except InvalidIdentifier as fault:
            if bare.isdigit() and len(bare) in (10, 13):
                article.notes.append(str(fault))
    return None
