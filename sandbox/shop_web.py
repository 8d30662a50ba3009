"""A bookshop's online shop over HTTP: PrestaShop's webservice, Shopify's Admin API, a WooCommerce export, a till's CSV.

Documents: as the connectors of the same names. All show one and the same shelf. PrestaShop takes the key as the name of
a Basic authorisation, Shopify a token in a header; both turn small pages.
"""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ET
from base64 import b64encode
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from aiohttp import web

from sandbox.clock import draw
from sandbox.facts.reading import Book
from sandbox.faults import Faults

KEY = "boutique-bac-a-sable"
PAGE_CAP = 15


@dataclass(slots=True)
class Article:
    """One thing on the shelf; `copies` None is not counted."""

    number: int
    title: str
    ean: str
    shelf: str
    cents: int
    copies: int | None


def shelved(books: tuple[Book, ...]) -> list[Article]:
    """Returns one book in nine, one of them sold below zero, and a mug."""
    chosen = [book for book in books if book.form != "ED"][::9]
    found = [
        Article(10 + place, book.title, book.ean, "Livres", book.price_cents, draw("shop", book.ean) % 6 - (place == 3))
        for place, book in enumerate(chosen)
    ]
    return [*found, Article(10 + len(found), "Mug « Les Misérables »", "", "Cadeaux", 1200, 4)]


def build(articles: list[Article], faults: Faults) -> web.Application:
    """Returns the application over a shelf."""

    async def stock_availables(request: web.Request) -> web.Response:
        _basic(request)
        rows = "".join(
            f"<stock_available><id>{one.number}</id><id_product><![CDATA[{one.number}]]></id_product>"
            f"<id_product_attribute>0</id_product_attribute><quantity>{one.copies or 0}</quantity></stock_available>"
            for one in articles
        )
        return _prestashop(f"<stock_availables>{rows}</stock_availables>")

    async def products(request: web.Request) -> web.Response:
        _basic(request)
        offset, _, size = request.query.get("limit", "0,1000").partition(",")
        page = articles[int(offset) : int(offset) + min(int(size), PAGE_CAP)]
        with_tax = "price[ttc][use_tax]" in request.query
        return _prestashop(f"<products>{''.join(_product(one, with_tax=with_tax) for one in page)}</products>")

    async def shopify(request: web.Request) -> web.Response:
        if request.headers.get("X-Shopify-Access-Token") != KEY:
            raise web.HTTPUnauthorized(text='{"errors": "Invalid API key or access token"}')
        asked = request.query.get("page_info", "0")
        if not asked.isdecimal() or ("page_info" in request.query and "status" in request.query):
            raise web.HTTPBadRequest(text='{"errors": {"page_info": "Invalid value."}}')
        start, size = int(asked), min(int(request.query.get("limit", "50")), PAGE_CAP)
        page, following = articles[start : start + size], start + size
        link = f'<{request.url.origin()}{request.path}?limit={size}&page_info={following}>; rel="next"'
        headers = {"Link": link} if following < len(articles) else {}
        return web.json_response({"products": [_variant(one) for one in page]}, headers=headers)

    async def count(request: web.Request) -> web.Response:
        return web.json_response({"count": len(articles)})

    async def woocommerce(request: web.Request) -> web.Response:
        header = ["ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "In stock?", "Stock",
                  "Regular price", "Categories"]  # fmt: skip
        rows = [
            [one.number, "simple", f"A{one.number}", one.ean, one.title, 1, int((one.copies or 0) > 0), one.copies,
             f"{Decimal(one.cents) / 100}", one.shelf]
            for one in articles
        ]  # fmt: skip
        return _csv([header, *rows], ",")

    async def till(request: web.Request) -> web.Response:
        rows = [[one.ean, one.title, one.copies, f"{one.cents // 100},{one.cents % 100:02d} €"] for one in articles]
        return _csv([["Code barre", "Désignation", "Stock", "Prix TTC"], *rows], ";")

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/api/stock_availables", stock_availables)
    app.router.add_get("/api/products", products)
    app.router.add_get("/admin/api/2024-10/products.json", shopify)
    app.router.add_get("/admin/api/2024-10/products/count.json", count)
    app.router.add_get("/export.csv", woocommerce)
    app.router.add_get("/caisse.csv", till)
    return app


def _product(one: Article, *, with_tax: bool) -> str:
    product = ET.Element("product")
    bare = (Decimal(one.cents) / Decimal("105.5")).quantize(Decimal("0.000001"))
    told = {
        "id": str(one.number),
        "ean13": one.ean or "0",
        "price": str(bare),
        "id_tax_rules_group": "1",
        "active": "1",
    }
    told |= {"ttc": f"{Decimal(one.cents) / 100}"} if with_tax else {}
    for name, text in told.items():
        ET.SubElement(product, name).text = text
    names = ET.SubElement(product, "name")
    ET.SubElement(names, "language", {"id": "1"}).text = one.title
    return ET.tostring(product, encoding="unicode")


def _variant(one: Article) -> dict[str, Any]:
    variant = {
        "id": one.number * 10,
        "title": "Default Title",
        "price": f"{Decimal(one.cents) / 100}",
        "barcode": one.ean,
        "inventory_item_id": one.number * 100,
        "inventory_management": None if one.copies is None else "shopify",
        "inventory_quantity": one.copies or 0,
    }
    return {"id": one.number, "title": one.title, "product_type": one.shelf, "status": "active", "variants": [variant]}


def _basic(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Basic {b64encode(f'{KEY}:'.encode()).decode()}":
        raise web.HTTPUnauthorized(text="<prestashop><errors/></prestashop>", content_type="text/xml")


def _prestashop(content: str) -> web.Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<prestashop>{content}</prestashop>'
    return web.Response(text=text, content_type="text/xml")


def _csv(rows: list[list[Any]], delimiter: str) -> web.Response:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return web.Response(text=out.getvalue(), content_type="text/csv", charset="utf-8")
