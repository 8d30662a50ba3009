"""Titelive over HTTP: the catalogue's API, `POST /login/{user}/token` and `GET /search`, and a daily file.

Document: as the connectors `titelive` and `titelive_flat`. A search gives the works of the days it is asked for, some
pages partly empty; articles come as a list or as an object, as they do in the wild.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from sandbox.clock import draw, seeded_at
from sandbox.facts.reading import Book
from sandbox.faults import Faults

USER, PASSWORD, TOKEN = "librairie", "titelive-bac-a-sable", "jeton-titelive"
_SUPPORTS = {"BB": ("T", "Grand format"), "BC": ("P", "Poche"), "ED": ("LE", "Livre numérique")}
ONE_IN = 4


def build(books: tuple[Book, ...], today: date, faults: Faults) -> web.Application:
    """Returns the application; each book was changed on some day of the last month."""
    listed = [(seeded_at(today, "titelive", book.ean).date(), book) for book in books[::ONE_IN]]

    async def login(request: web.Request) -> web.Response:
        content = await request.json()
        if request.match_info["user"] != USER or content.get("password") != PASSWORD:
            raise web.HTTPUnauthorized(text="Mot de passe refusé.")
        return web.json_response({"token": TOKEN})

    async def search(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPUnauthorized(text="Jeton absent ou refusé.")
        first, last = (_day(request.query[name]) for name in ("dateminm", "datemaxm"))
        number, size = int(request.query["page"]), int(request.query["nombre"])
        found = [book for day, book in listed if first <= day <= last]
        page = found[(number - 1) * size : number * size]
        content = {"nombre": size, "page": str(number), "nbreponses": 50_000, "result": [_work(book) for book in page]}
        return web.json_response(content)

    async def daily(request: web.Request) -> web.Response:
        body = "\r\n".join(_line(book) for _, book in listed).encode("iso-8859-1", "replace")
        return web.Response(body=body, content_type="text/plain", charset="iso-8859-1")

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_post("/login/{user}/token", login)
    app.router.add_get("/v1/search", search)
    app.router.add_get("/Quotidien22.tit", daily)
    return app


def _work(book: Book) -> dict[str, Any]:
    code, label = _SUPPORTS[book.form]
    article = {
        "gencod": book.ean,
        "prix": float(Decimal(book.price_cents) / 100),
        "dateparution": f"01/01/{book.edition_year}" if book.edition_year else "00/00/0000",
        "dispo": 1,
        "codesupport": code,
        "libellesupport": label,
        "editeur": book.publisher,
        "collection": book.collection,
        "scolaire": "0",
    }
    as_object = draw("article", book.ean) % 2
    return {
        "id": draw("work", book.ean),
        "titre": book.title.replace("é", "&eacute;"),
        "auteurs_multi": dict(enumerate(book.authors)) if as_object else list(book.authors),
        "article": {"1": article} if as_object else [article],
    }


def _line(book: Book) -> str:
    fields = [""] * 46
    fields[0], fields[2], fields[5], fields[10] = book.ean, book.title, "1", book.publisher
    fields[9] = f"{book.price_cents // 100},{book.price_cents % 100:02d}"
    fields[12] = f"01/01/{book.edition_year or '2070'}"
    fields[13], fields[23] = _SUPPORTS[book.form][0], "/".join(book.authors)
    return "~".join(field.replace("~", " ") for field in fields)


def _day(text: str) -> date:
    return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007  a day has no zone
