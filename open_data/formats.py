"""The format itself, to validate with and to read as linked data: schemas, context, subcategories."""

from __future__ import annotations

from functools import cache

import msgspec
from aiohttp import hdrs, web

from edge.answers import answer
from edge.compression import compressed
from edge.errors import InvalidParameter
from edge.etags import kept_by_etag
from open_data.answers import Subcategories, SubcategoryAnswer
from schemas.taxonomy import SUBCATEGORIES, Subcategory
from schemas.validation import FOLDER, KINDS, bundle

AS_LINKED_DATA: dict[str, str] = {
    hdrs.LINK: '</open/v1/context.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
}
"""By this header a JSON-LD processor reads plain JSON as linked data (JSON-LD 1.1 §6.1)."""
CACHE = "public, max-age=86400"


async def schema(request: web.Request) -> web.Response:
    """The JSON Schema of a kind, in one document without references to others."""
    kind = request.match_info["kind"]
    if kind not in KINDS:
        raise InvalidParameter(f"Sorte inconnue. Il y a {', '.join(KINDS)}.", parameter="kind")
    return _said(request, _bundled(kind), "application/schema+json")


async def context(request: web.Request) -> web.Response:
    """The JSON-LD context of every document of the format."""
    return _said(request, _context(), "application/ld+json")


async def subcategories(request: web.Request) -> web.Response:
    """The subcategories with their French names."""
    said = answer(Subcategories(subcategories=[_shown(one) for one in SUBCATEGORIES.values()]))
    return compressed(request, kept_by_etag(request, said, CACHE))


def _shown(one: Subcategory) -> SubcategoryAnswer:
    return SubcategoryAnswer(
        id=one.id,
        label=one.label,
        category=one.category,
        is_event=one.is_event,
        is_digital=one.is_digital,
        can_be_duo=one.can_be_duo,
    )


def _said(request: web.Request, body: bytes, kind: str) -> web.Response:
    said = web.Response(body=body, headers={hdrs.CONTENT_TYPE: kind})
    return compressed(request, kept_by_etag(request, said, CACHE))


@cache
def _bundled(kind: str) -> bytes:
    return msgspec.json.format(msgspec.json.encode(bundle(kind)))


@cache
def _context() -> bytes:
    return (FOLDER / "context.jsonld").read_bytes()
