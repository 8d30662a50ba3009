"""A town library over HTTP: OAI-PMH 2.0, SRU 1.2, Koha's ILS-DI, DAIA 1.0, an exchange file, an OPDS 2 catalogue.

Documents: as the connectors of the same names. DAIA and OPDS ask for `Authorization: Bearer`; pages are small, so that
readers have to turn them.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.library import TOKEN, Library, Title
from sandbox.library_notices import dublin_core, ilsdi, iso2709, marcxml

OAI = "http://www.openarchives.org/OAI/2.0/"
SRW = "http://www.loc.gov/zing/srw/"
PAGE, SRU_CAP = 20, 25
_VERBS = {"Identify", "ListRecords"}
_FORMATS = {"oai_dc": dublin_core, "marcxml": marcxml}


class _Refused(Exception):
    """An error of the protocol: its code."""


def build(library: Library, clock: Clock, faults: Faults) -> web.Application:
    """Returns the application over a library."""

    async def oai(request: web.Request) -> web.Response:
        root = ET.Element("OAI-PMH", {"xmlns": OAI})
        ET.SubElement(root, "responseDate").text = _zulu(clock())
        verb = request.query.get("verb", "")
        try:
            if verb not in _VERBS:
                raise _Refused("badVerb")
            root.append(_identify(library) if verb == "Identify" else _list(library, request))
        except _Refused as refused:
            ET.SubElement(root, "error", {"code": str(refused)}).text = "Refusé."
        return _xml(root)

    async def sru(request: web.Request) -> web.Response:
        return _xml(_searched(library.kept(), request))

    async def koha(request: web.Request) -> web.Response:
        if request.query.get("service") != "GetRecords":
            return _text("<GetRecords><code>NotAllowed</code></GetRecords>")
        told: list[str] = []
        for text in request.query.get("id", "").split():
            title = library.titles.get(int(text)) if text.isdecimal() else None
            if title is None or title.is_deleted:
                told.append("<record><code>RecordNotFound</code></record>")
            else:
                told.append(ilsdi(title, is_reserved=title.number in library.reserved))
        return _text(f'<?xml version="1.0" encoding="UTF-8"?><GetRecords>{"".join(told)}</GetRecords>')

    async def daia(request: web.Request) -> web.Response:
        _check(request)
        by_ean = {title.book.ean: title for title in library.kept()}
        asked = request.query.get("id", "").split("|")
        found = [(name, by_ean[name]) for name in asked if name in by_ean]
        return web.json_response(
            {"document": [_document(name, title) for name, title in found], "timestamp": _zulu(clock())}
        )

    async def export(request: web.Request) -> web.Response:
        body = b"".join(iso2709(title) for title in library.titles.values())
        return web.Response(body=body, content_type="application/marc", charset="utf-8")

    async def opds(request: web.Request) -> web.Response:
        _check(request)
        titles, number = library.kept(), int(request.query.get("page", "1"))
        links = [{"rel": "self", "href": str(request.url), "type": "application/opds+json"}]
        if number * PAGE < len(titles):
            links.append({"rel": "next", "href": f"{request.path}?page={number + 1}", "type": "application/opds+json"})
        page = titles[(number - 1) * PAGE : number * PAGE]
        content = {
            "metadata": {"title": "Prêt numérique", "numberOfItems": len(titles), "itemsPerPage": PAGE},
            "links": links,
            "publications": [_publication(title) for title in page],
        }
        return web.json_response(content)

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/oai", oai)
    app.router.add_get("/sru", sru)
    app.router.add_get("/ilsdi.pl", koha)
    app.router.add_get("/daia", daia)
    app.router.add_get("/export.mrc", export)
    app.router.add_get("/opds", opds)
    return app


def _identify(library: Library) -> ET.Element:
    who = ET.Element("Identify")
    told = {"repositoryName": "Bibliothèque d'essai", "protocolVersion": "2.0", "deletedRecord": library.deletions}
    for name, text in (told | {"granularity": "YYYY-MM-DDThh:mm:ssZ" if library.has_seconds else "YYYY-MM-DD"}).items():
        ET.SubElement(who, name).text = text
    return who


def _list(library: Library, request: web.Request) -> ET.Element:
    """A page of records. A token is `format!from!offset`, and the only argument beside the verb."""
    query = dict(request.query)
    if (token := query.get("resumptionToken")) is not None:
        if set(query) != {"verb", "resumptionToken"}:
            raise _Refused("badArgument")
        parts = token.split("!")
        if len(parts) != 3 or parts[0] not in _FORMATS or not parts[2].isdecimal():
            raise _Refused("badResumptionToken")
        prefix, since, offset = parts[0], parts[1], int(parts[2])
    else:
        prefix, since, offset = query.get("metadataPrefix", ""), query.get("from", ""), 0
        if not prefix:
            raise _Refused("badArgument")
        if prefix not in _FORMATS:
            raise _Refused("cannotDisseminateFormat")
    if since and ("T" in since) is not library.has_seconds:
        raise _Refused("badArgument")
    titles = library.since(_instant(since) if since else None)
    if library.deletions == "no":
        titles = [title for title in titles if not title.is_deleted]
    page = titles[offset : offset + PAGE]
    if not page:
        raise _Refused("noRecordsMatch")
    found = ET.Element("ListRecords")
    for title in page:
        record = ET.SubElement(found, "record")
        header = ET.SubElement(record, "header", {"status": "deleted"} if title.is_deleted else {})
        ET.SubElement(header, "identifier").text = f"oai:bibliotheque.example:{title.number}"
        ET.SubElement(header, "datestamp").text = _zulu(title.modified_at)
        if not title.is_deleted:
            ET.SubElement(record, "metadata").append(_FORMATS[prefix](title))
    following = offset + PAGE
    end = ET.SubElement(found, "resumptionToken", {"completeListSize": str(len(titles)), "cursor": str(offset)})
    end.text = f"{prefix}!{since}!{following}" if following < len(titles) else None
    return found


def _searched(titles: list[Title], request: web.Request) -> ET.Element:
    root = ET.Element("srw:searchRetrieveResponse", {"xmlns:srw": SRW})
    ET.SubElement(root, "srw:version").text = "1.2"
    start, size = int(request.query.get("startRecord", "1")), int(request.query.get("maximumRecords", "10"))
    if not request.query.get("query"):
        return _diagnosed(root, "7", "Paramètre manquant : query")
    ET.SubElement(root, "srw:numberOfRecords").text = str(len(titles))
    if start > len(titles):
        return _diagnosed(root, "61", "Premier enregistrement au-delà du dernier")
    page = titles[start - 1 : start - 1 + min(size, SRU_CAP)]
    records = ET.SubElement(root, "srw:records")
    for position, title in enumerate(page, start):
        record = ET.SubElement(records, "srw:record")
        ET.SubElement(record, "srw:recordSchema").text = "marcxchange"
        ET.SubElement(record, "srw:recordData").append(marcxml(title))
        ET.SubElement(record, "srw:recordPosition").text = str(position)
    if start + len(page) <= len(titles):
        ET.SubElement(root, "srw:nextRecordPosition").text = str(start + len(page))
    return root


def _diagnosed(root: ET.Element, number: str, words: str) -> ET.Element:
    holder = ET.SubElement(ET.SubElement(root, "srw:diagnostics"), "diagnostic")
    holder.set("xmlns", "http://www.loc.gov/zing/srw/diagnostic/")
    ET.SubElement(holder, "uri").text = f"info:srw/diagnostic/1/{number}"
    ET.SubElement(holder, "message").text = words
    return root


def _document(name: str, title: Title) -> dict[str, Any]:
    items = []
    for copy in title.copies:
        service: dict[str, Any] = {"service": "loan"}
        if copy.due is not None:
            service["expected"] = copy.due.isoformat()
        usual = [{"service": "presentation"}]
        if copy.state != "0":
            items.append({"id": copy.barcode, "available": usual})
        elif copy.is_free:
            items.append({"id": copy.barcode, "available": [*usual, service]})
        else:
            items.append({"id": copy.barcode, "unavailable": [service]})
    about = f"{title.book.title}, {', '.join(title.book.authors)}"
    return {"id": f"http://bibliotheque.example/{title.number}", "requested": name, "about": about, "item": items}


def _publication(title: Title) -> dict[str, Any]:
    book = title.book
    return {
        "metadata": {
            "@type": "http://schema.org/Book",
            "identifier": f"urn:isbn:{book.ean}",
            "title": book.title,
            "author": [{"name": name} for name in book.authors],
            "publisher": {"name": book.publisher},
            "language": "fr",
        },
        "links": [
            {
                "rel": "http://opds-spec.org/acquisition/borrow",
                "href": f"/loans/{title.number}",
                "type": "application/vnd.readium.lcp.license.v1.0+json",
                "properties": {
                    "availability": {"state": "available" if title.free else "unavailable"},
                    "copies": {"total": len(title.copies), "available": title.free},
                },
            }
        ],
    }


def _check(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise web.HTTPUnauthorized(text="Jeton absent ou refusé.")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused("badArgument") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _xml(root: ET.Element) -> web.Response:
    return web.Response(
        body=ET.tostring(root, encoding="utf-8", xml_declaration=True), content_type="text/xml", charset="utf-8"
    )


def _text(content: str) -> web.Response:
    return web.Response(text=content, content_type="text/xml")
