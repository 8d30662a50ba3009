"""Files to measure connectors with: the sandbox's facts, over and over, and the bare parser of each format."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import orjson
from lxml import etree
from lxml.html import document_fromstring

import sandbox.world
from bench import connector_feeds
from bench.connector_feeds import dumped, written
from sandbox import calendars, portal, ticket_shop, tourism
from sandbox.listings import Agenda, Listing
from sandbox.onix_message import message

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Input:
    """How a file of so many rows is made, and parsed without being understood."""

    parser: str
    make: Callable[[Path, int], Path]
    bare: Callable[[Path], int]
    """Returns something that depends on the parse, so that none is skipped."""


def agenda(rows: int) -> Agenda:
    """An agenda of so many events: the sandbox's, with other numbers and days."""
    told = list(sandbox.world.build(NOW.date(), lambda: NOW).agenda.listings.values())
    many = Agenda(1, "clé")
    for number in range(rows):
        one = told[number % len(told)]
        later = timedelta(minutes=number)
        timings = [(begin + later, end + later) for begin, end in one.timings[:3]]
        many.listings[number] = Listing(
            number, one.title, one.description, one.keywords, one.location, one.zone, timings, one.updated_at
        )
    return many


def _jsonl(folder: Path, rows: int) -> Path:
    file = folder / "export.jsonl"
    with file.open("w", encoding="utf-8") as opened:
        for one in agenda(rows).listings.values():
            opened.write(json.dumps(portal.fields(one), ensure_ascii=False) + "\n")
    return file


def _zip(folder: Path, rows: int) -> Path:
    (file := folder / "flux.zip").write_bytes(tourism.archive(agenda(rows)))
    return file


def _ics(folder: Path, rows: int) -> Path:
    (file := folder / "a.ics").write_bytes(calendars.export(agenda(rows)))
    return file


def _html(folder: Path, rows: int) -> Path:
    scripts = []
    for number, one in enumerate(agenda(rows).listings.values()):
        event = {"@type": "MusicEvent", "@id": f"https://exemple.fr/{number}", "name": next(iter(one.title.values()))}
        event |= {"startDate": one.timings[0][0].isoformat(), "location": {"@type": "Place", "name": "Salle"}}
        scripts.append(f'<script type="application/ld+json">{json.dumps(event)}</script><p>Texte de la page</p>')
    (file := folder / "page.html").write_text(f"<!DOCTYPE html><html><body>{''.join(scripts)}</body></html>", "utf-8")
    return file


def _discovery(folder: Path, rows: int) -> Path:
    placed = [one for one in agenda(rows).listings.values() if one.location is not None]
    shown = [ticket_shop.shown(one, one.timings[0][0], 0) for one in placed]
    page = {"_embedded": {"events": shown}, "page": {"size": rows, "totalElements": rows, "totalPages": 1, "number": 0}}
    (file := folder / "page.json").write_text(json.dumps(page, ensure_ascii=False), "utf-8")
    return file


def _openagenda(folder: Path, rows: int) -> Path:
    events = [
        {
            "uid": one.uid,
            "title": one.title,
            "description": one.description,
            "state": 2,
            "status": 1,
            "timings": [{"begin": begin.isoformat(), "end": end.isoformat()} for begin, end in one.timings],
            "location": {"uid": one.location.uid, "name": one.location.name} if one.location else None,
        }
        for one in agenda(rows).listings.values()
    ]
    (file := folder / "events.json").write_text(json.dumps({"events": events}, ensure_ascii=False), "utf-8")
    return file


def _stocks(folder: Path, rows: int) -> Path:
    told = [{"ref": f"978207{number:06d}", "available": number % 9, "price": 7.2} for number in range(rows)]
    for one in told:
        digits = [int(digit) for digit in str(one["ref"])]
        one["ref"] = f"{one['ref']}{-sum(d * (3 if at % 2 else 1) for at, d in enumerate(digits)) % 10}"
    (file := folder / "stocks.json").write_text(json.dumps({"total": rows, "stocks": told}), "utf-8")
    return file


def _onix(folder: Path, rows: int) -> Path:
    imprint = sandbox.world.build(NOW.date(), lambda: NOW).imprint
    whole = message(imprint.whole(), sent_at=NOW, number=1)
    head, _, rest = whole.partition(b"<Product>")
    body, _, tail = (b"<Product>" + rest).rpartition(b"</Product>")
    products = [b"<Product>" + one for one in (body + b"</Product>").split(b"<Product>")[1:]]
    with (file := folder / "message.xml").open("wb") as opened:
        opened.write(head)
        for number in range(rows):
            product = products[number % len(products)]
            opened.write(product.replace(b"<RecordReference>", b"<RecordReference>%d-" % number, 1))
        opened.write(tail)
    return file


def _lines(file: Path) -> int:
    with file.open("rb") as opened:
        rows = map(orjson.loads, opened)
        # JSON inside texts is a part of the format.
        return sum(len(orjson.loads(row[name])) for row in rows for name in ("timings", "status", "attendancemode"))


def _document(file: Path) -> int:
    return len(orjson.loads(file.read_bytes()))


def _packed(file: Path) -> int:
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as archive:
        return sum(len(orjson.loads(archive.read(name))) for name in archive.namelist())


def _calendar(file: Path) -> int:
    return len(list(icalendar.Calendar.from_ical(file.read_bytes()).walk("VEVENT")))


def _page(file: Path) -> int:
    page = document_fromstring(file.read_bytes())
    return sum(len(orjson.loads(script.text)) for script in page.iter("script"))


def _elements(file: Path) -> int:
    return sum(1 for _ in etree.iterparse(str(file), huge_tree=True))


def _inside(file: Path) -> int:
    return sum(len(orjson.loads(one.text)) for one in etree.parse(str(file)).iter("GetSeancesPassCultureResult"))


def _rows(file: Path) -> int:
    with file.open(newline="", encoding="utf-8") as opened:
        return sum(1 for _ in csv.reader(opened, delimiter=";"))


def _xml(file: Path) -> int:
    count = 0
    for _, element in etree.iterparse(str(file), events=("end",), tag="{*}Product", huge_tree=True):
        count += 1
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return count


INPUTS: dict[str, Input] = {
    "opendatasoft": Input("orjson", _jsonl, _lines),
    "datatourisme": Input("orjson", _zip, _packed),
    "icalendar": Input("icalendar", _ics, _calendar),
    "schema_org": Input("lxml.html", _html, _page),
    "ticketmaster": Input("orjson", _discovery, _document),
    "openagenda": Input("orjson", _openagenda, _document),
    "stocks_api": Input("orjson", _stocks, _document),
    "onix": Input("lxml iterparse", _onix, _xml),
    "boost": Input("orjson", dumped(connector_feeds.boost), _document),
    "allocine": Input("orjson", dumped(connector_feeds.allocine), _document),
    "cgr": Input("lxml, orjson", written("programme.xml", connector_feeds.cgr), _inside),
    "ems": Input("orjson", dumped(connector_feeds.ems), _document),
    "webedia": Input("orjson", dumped(connector_feeds.webedia), _document),
    "shopify": Input("orjson", dumped(connector_feeds.shopify), _document),
    "prestashop": Input("lxml iterparse", written("boutique.xml", connector_feeds.prestashop), _elements),
    "oai_pmh": Input("lxml iterparse", written("page.xml", connector_feeds.oai), _elements),
    "pos_csv": Input("csv", written("caisse.csv", connector_feeds.pos), _rows),
}
"""By connector."""
