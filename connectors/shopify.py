"""Articles and stocks of a shop under Shopify, from its Admin API (REST).

Document: Shopify, Admin API REST, 2018-05 to 2024-10: `products.json`, `inventory_levels.json`. An article is a
variant; its `barcode` is its EAN. Authorisation by `X-Shopify-Access-Token`.

- Cursor: the moment before the first request. What is deleted is told by webhooks only, so each reading is whole.
  After each page a place within the reading: the link to the next.
- Order: the shop's, stable within a listing; pages by `page_info` in the header `Link`, which is then the only filter.
- It can repeat: no; a link given twice is an error.
- Deletions: what is no longer there, a draft, or archived is gone at the end of a whole reading.
- Edits and sales appear with the next reading.
- Copies: `inventory_quantity` of the variant, over all places of the shop; with `location_id` those of that place.
  `inventory_management` null is a stock that nobody counts: unlimited. Less than nothing is nothing.
- Prices are those of the shop, taxes included as French shops have them.
- Quirks read: listings without their envelope, amounts as texts, `barcode` empty or a SKU.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers, json_of
from connectors.manifest import Manifest
from connectors.paging import Trail
from connectors.places import Place, checkpoint, place_of
from connectors.rows import raw, row_of
from connectors.settings import address
from connectors.shelving import ShelfSettings
from connectors.shopify_products import levels_of, product_changes, rows_of
from connectors.times import Clock, zulu
from net.client import Answer, Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Boutique Shopify",
    document="Shopify, Admin API (REST), 2018 à 2024",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 200_000),
    guard=0.3,
)
_MAX_PAGES = 10_000
_ASIDE = re.compile(r"inventory_|locations?$|shop$")
"""Answers about the shop that tell no article."""
_NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="?next"?')


class ShopifySettings(ShelfSettings):
    """One shop."""

    base_url: str | None = Field(
        default=None, title="Adresse de l'API", description="https://….myshopify.com/admin/api/2024-10"
    )
    token: SecretStr | None = Field(default=None, title="Jeton d'accès (Admin API)")
    location_id: str | None = Field(default=None, pattern=r"^[0-9]+$", title="Lieu dont on lit le stock")
    page_size: int = Field(default=250, ge=1, le=250, title="Produits par page")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> ShopifySettings:
        self.require("base_url", "token")
        return self

    def account(self) -> str:
        return self.base_url or super().account()


class ShopifyPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """Which page comes next."""

    page_info: str = ""
    products: int = 0


class Shopify:
    """Reads one shop. See the module for what it promises."""

    name: ClassVar[str] = "shopify"

    def __init__(self, settings: ShopifySettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All variants on sale with their stocks. Raises the failures of `net.errors`."""
        started = zulu(self._clock())
        if self._settings.path is not None:
            for change in self._recorded(self._clock()):
                yield change
            yield Checkpoint(Cursor(started), complete=True)
            return
        place = place_of(since, ShopifyPlace) or ShopifyPlace(started=started)
        announced, levels = await self._count(), await self._levels()
        async for rows, following in self._pages("products.json", {"status": "active"}, place.page_info):
            for row in rows:
                for change in self._changes(row, levels):
                    yield change
            place = replace(place, page_info=following, products=place.products + len(rows))
            if following and (point := checkpoint(place, read=place.products, expected=announced)) is not None:
                yield point
        yield Checkpoint(Cursor(place.started), complete=place.products >= announced, read=place.products)

    async def _count(self) -> int:
        """How many products there are: a page emptied on its way must not make the others look gone."""
        document = json_of(await self._get("products/count.json", {"status": "active"}), place="products/count.json")
        count = document.get("count") if isinstance(document, dict) else None
        if not isinstance(count, int):
            raise FeedChanged("réponse sans count", place="products/count.json")
        return count

    async def _levels(self) -> dict[str, int | None]:
        """Copies at one place by inventory item, where the source names the place."""
        found: dict[str, int | None] = {}
        if self._settings.location_id is not None:
            filters = {"location_ids": self._settings.location_id}
            async for rows, _ in self._pages("inventory_levels.json", filters, ""):
                found |= levels_of(rows, self._settings.location_id)
        return found

    async def _pages(self, what: str, filters: dict[str, str], page_info: str) -> AsyncIterator[tuple[list[Any], str]]:
        """Rows, and what leads to the page after them. Raises FeedChanged for a page told twice."""
        trail = Trail(_MAX_PAGES, at=page_info)
        for number in itertools.count(1):
            page = {"page_info": page_info} if page_info else filters
            answer = await self._get(what, {"limit": str(self._settings.page_size), **page})
            place = f"{what}, page {number}"
            rows = rows_of(json_of(answer, place=place), what.removesuffix(".json"))
            if rows is None:
                raise FeedChanged(f"réponse sans {what.removesuffix('.json')}", place=place)
            page_info = _following(answer)
            yield rows, page_info
            if not page_info:
                return
            trail.follow(page_info, place=place)

    async def _get(self, what: str, params: dict[str, str]) -> Answer:
        settings = self._settings
        if self._http is None or settings.token is None:
            raise FeedChanged("ni connexion ni jeton pour lire la boutique")
        headers = {"Accept": "application/json", "X-Shopify-Access-Token": settings.token.get_secret_value()}
        return await self._http.get(f"{settings.base_url}/{what}", params=params, headers=headers)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A product by itself."""
        row = row_of(kept.raw)
        if row is not None and kept.kind is Kind.PRODUCT:
            yield from self._changes(row, {})

    def _changes(self, row: Any, levels: dict[str, int | None]) -> Iterator[Change]:
        at_place = self._settings.location_id is not None
        return product_changes(row, levels, self.name, self.account, self._settings, at_place=at_place)

    def _recorded(self, now: datetime) -> Iterator[Change]:
        """Products and stock levels, in one file or several; what has neither says nothing of articles."""
        assert self._settings.path is not None
        products: list[Any] = []
        levels: dict[str, int | None] = {}
        for name, answer in answers(self._settings.path, now=now):
            document = json_of(answer, place=name)
            told = rows_of(document, "inventory_levels")
            if told is not None:
                for key, copies in levels_of(told, self._settings.location_id).items():
                    levels[key] = copies
            elif (rows := rows_of(document, "products")) is not None:
                products += rows
            elif not isinstance(document, dict) or not any(_ASIDE.match(mark) for mark in document):
                raise FeedChanged("ni produit ni stock Shopify dans le fichier", place=name)
        for row in products:
            yield from self._changes(row, levels)
        for key in () if products else levels:
            yield Reject(
                "stock d'un article que les fichiers ne disent pas", raw({"inventory_item_id": key}), Kind.STOCK
            )


def _following(answer: Answer) -> str:
    """The `page_info` of the link to the next page; empty after the last."""
    found = _NEXT.search(answer.headers.get("Link", ""))
    return parse_qs(urlsplit(found[1]).query).get("page_info", [""])[0] if found else ""
