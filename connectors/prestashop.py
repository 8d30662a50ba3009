"""Articles and stocks of a shop under PrestaShop, from its webservice.

Document: PrestaShop, Webservice (1.6 to 8), XML. The key is the name of a Basic authorisation. Stocks are asked whole
first, then products by pages of `limit=offset,count`.

- Cursor: the moment before the first request. A stock has no date of change: each reading is whole. After each page
  of products a place within the reading; stocks are then asked again, and are newer for it.
- Order: by id, ascending; ids never come back.
- It can repeat: no; a page that begins where the one before did is an error.
- Deletions: what is no longer there, inactive or not for order is gone at the end of a whole reading.
- Edits and sales appear with the next reading.
- `price` is without tax: the price with tax is asked (`price[ttc][use_tax]`). Of a recorded answer without it
  `vat_percent` says the tax; where nobody does, a book has its legal single price and the rest none.
- Quirks read: CDATA everywhere, texts by language, EAN `0` and empty, negative quantities (sold out), `out_of_stock`,
  products told by their number alone (rejected: `display=full` was missing), errors as `<errors>`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from decimal import Decimal
from typing import ClassVar

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers
from connectors.manifest import Manifest
from connectors.places import Place, checkpoint, place_of
from connectors.prestashop_products import levels_of, product_changes
from connectors.rows import MAX_RAW
from connectors.settings import address
from connectors.shelving import ShelfSettings
from connectors.times import Clock, zulu
from connectors.xml_elements import Element, document_of, local, raw_of, told
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Boutique PrestaShop",
    document="PrestaShop, Webservice, 1.6 à 8",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 200_000),
    guard=0.3,
)
_MAX_PAGES = 10_000


class PrestashopSettings(ShelfSettings):
    """One shop's webservice."""

    base_url: str | None = Field(default=None, title="Adresse de la boutique, sans /api")
    key: SecretStr | None = Field(default=None, title="Clé du webservice")
    vat_percent: Decimal | None = Field(default=None, ge=0, le=30, title="TVA, si la boutique ne dit que le hors taxe")
    page_size: int = Field(default=200, ge=1, le=1000, title="Produits par page")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> PrestashopSettings:
        self.require("base_url", "key")
        return self

    def account(self) -> str:
        return self.base_url or super().account()


class PrestashopPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """How many products were read."""

    offset: int = 0


class Prestashop:
    """Reads one shop. See the module for what it promises."""

    name: ClassVar[str] = "prestashop"

    def __init__(self, settings: PrestashopSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All products on sale with their stocks. Raises the failures of `net.errors`."""
        started = zulu(self._clock())
        if self._settings.path is not None:
            for change in self._recorded(self._clock()):
                yield change
            yield Checkpoint(Cursor(started), complete=True)
            return
        place = place_of(since, PrestashopPlace) or PrestashopPlace(started=started)
        levels = levels_of(await self._ask("stock_availables", {"display": "full"}))
        first: str | None = None
        size = self._settings.page_size
        for _ in range(_MAX_PAGES):
            params = {
                "display": "full",
                "sort": "[id_ASC]",
                "limit": f"{place.offset},{size}",
                "price[ttc][use_tax]": "1",
            }
            products = _products(await self._ask("products", params))
            if products and (begin := told(products[0], "id")) == first:
                raise FeedChanged("page déjà lue", place=f"{self._settings.base_url}, produit {place.offset}")
            elif products:
                first = begin
            for product in products:
                for change in self._changes(product, levels):
                    yield change
            place = replace(place, offset=place.offset + len(products))
            # A shorter page is no end: a shop may cap its pages below what is asked.
            if not products:
                # Each product has its row of stock: fewer products are a page emptied on its way.
                complete = place.offset >= len(levels)
                yield Checkpoint(Cursor(place.started), complete=complete, read=place.offset)
                return
            if (point := checkpoint(place, read=place.offset, expected=len(levels))) is not None:
                yield point
        raise FeedChanged(f"plus de {_MAX_PAGES} pages", place=self._settings.base_url)

    async def _ask(self, what: str, params: dict[str, str]) -> Element:
        settings = self._settings
        if self._http is None or settings.key is None:
            raise FeedChanged("ni connexion ni clé pour lire la boutique")
        url = f"{settings.base_url}/api/{what}"
        basic = b64encode(f"{settings.key.get_secret_value()}:".encode()).decode()
        headers = {"Accept": "application/xml", "Authorization": f"Basic {basic}"}
        answer = await self._http.get(url, params=params, headers=headers)
        return _document(answer.body, place=url)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A product, without its stock."""
        if kept.kind is Kind.PRODUCT and len(kept.raw) < MAX_RAW:
            try:
                product = document_of(kept.raw, place="quarantaine")
            except FeedChanged:
                return
            yield from self._changes(product, None)

    def _changes(self, product: Element, levels: dict[str, int | None] | None) -> Iterator[Change]:
        settings = self._settings
        return product_changes(product, levels, self.name, self.account, settings, vat=settings.vat_percent)

    def _recorded(self, now: datetime) -> Iterator[Change]:
        """Products and stocks, in one file or several; a stock whose product nobody tells is rejected."""
        assert self._settings.path is not None
        roots = [_document(answer.body, place=name) for name, answer in answers(self._settings.path, now=now)]
        levels: dict[str, int | None] = {}
        for root in roots:
            levels |= levels_of(root)
        known: set[str] = set()
        for root in roots:
            for product in _products(root):
                known.add(told(product, "id") or product.get("id") or "")
                yield from self._changes(product, levels)
        for key in sorted(levels.keys() - known):
            raw = f"<id_product>{key}</id_product>".encode()
            yield Reject("stock d'un produit que les fichiers ne disent pas", raw, Kind.STOCK)


def _document(body: bytes, *, place: str) -> Element:
    """Raises FeedChanged for an error of the webservice, and for what is no answer of it."""
    root = document_of(body, place=place)
    if local(root) != "prestashop":
        raise FeedChanged(f"ce n'est pas une réponse PrestaShop : <{local(root)[:40]}>", place=place)
    for error in root.iter("{*}error"):
        words = told(error, "message") or raw_of(error)[:200].decode("utf-8", "replace")
        raise FeedChanged(f"la boutique refuse : {words[:200]}", place=place)
    return root


def _products(root: Element) -> list[Element]:
    """The products of an answer: of a list, or the only one."""
    found = [one for one in root.iterchildren() if local(one) == "product"]
    return found or [one for group in root.iterchildren("{*}products") for one in group.iterchildren("{*}product")]
