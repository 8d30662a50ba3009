"""A title as a notice: UNIMARC in MARCXML and in ISO 2709, and Dublin Core."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from sandbox.library import Title

SLIM = "http://www.loc.gov/MARC21/slim"
_LEADER = "     nam  22        450 "
_Fields = list[tuple[str, list[tuple[str, str]]]]


def fields(title: Title) -> _Fields:
    """Returns the data fields of a notice, copies last (995)."""
    book = title.book
    last, _, first = reversed_name(book.authors[0]) if book.authors else ("", "", "")
    told: _Fields = [
        ("010", [("a", book.ean)]),
        ("101", [("a", "fre")]),
        ("200", [("a", book.title), *([("h", book.volume)] if book.volume else [])]),
        ("214", [("c", book.publisher), ("d", f"DL {book.edition_year}" if book.edition_year else "")]),
        ("700", [("a", last), ("b", first), ("4", "070")]),
    ]
    for copy in title.copies:
        due = [("n", copy.due.isoformat())] if copy.due else []
        told.append(("995", [("b", "CENTRE"), ("f", copy.barcode), ("o", copy.state), *due]))
    return [(tag, [pair for pair in pairs if pair[1]]) for tag, pairs in told if any(value for _, value in pairs)]


def reversed_name(name: str) -> tuple[str, str, str]:
    """Returns the last word, a space, and what stands before it."""
    before, _, last = name.rpartition(" ")
    return last, " ", before


def marcxml(title: Title) -> ET.Element:
    """Returns the notice as MARCXML."""
    record = ET.Element("record", {"xmlns": SLIM})
    ET.SubElement(record, "leader").text = _LEADER
    ET.SubElement(record, "controlfield", {"tag": "001"}).text = str(title.number)
    for tag, pairs in fields(title):
        one = ET.SubElement(record, "datafield", {"tag": tag, "ind1": " ", "ind2": "0" if tag == "214" else " "})
        for code, value in pairs:
            ET.SubElement(one, "subfield", {"code": code}).text = value
    return record


def dublin_core(title: Title) -> ET.Element:
    """Returns the notice as simple Dublin Core in OAI's wrapper."""
    dc = ET.Element(
        "oai_dc:dc",
        {
            "xmlns:oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
        },
    )
    book = title.book
    told = [("title", book.title), *(("creator", name) for name in book.authors), ("publisher", book.publisher)]
    told += [
        ("date", book.edition_year),
        ("type", "texte imprimé"),
        ("language", "fre"),
        ("identifier", f"ISBN {book.ean}"),
    ]
    for name, value in told:
        if value:
            ET.SubElement(dc, f"dc:{name}").text = value
    return dc


def iso2709(title: Title) -> bytes:
    """Returns the notice as an exchange record in UTF-8; a deleted one says so in its leader."""
    data, directory = b"", b""
    parts = [("001", str(title.number).encode() + b"\x1e")]
    for tag, pairs in fields(title):
        indicators = b" 0" if tag == "214" else b"  "
        body = indicators + b"".join(b"\x1f" + code.encode() + value.encode() for code, value in pairs) + b"\x1e"
        parts.append((tag, body))
    for tag, body in parts:
        directory += f"{tag}{len(body):04d}{len(data):05d}".encode()
        data += body
    base = 24 + len(directory) + 1
    status = "d" if title.is_deleted else "n"
    leader = f"{base + len(data) + 1:05d}{status}am  22{base:05d}   450 "
    return leader.encode() + directory + b"\x1e" + data + b"\x1d"


def ilsdi(title: Title, *, is_reserved: bool) -> str:
    """Returns the record of Koha's `GetRecords`, its notice escaped."""
    items = "".join(
        f"<item><itemnumber>{number}</itemnumber><barcode>{copy.barcode}</barcode>"
        f"<notforloan>{copy.state}</notforloan><itemlost>0</itemlost><withdrawn>0</withdrawn><damaged>0</damaged>"
        + (f"<date_due>{copy.due}</date_due>" if copy.due else "")
        + "</item>"
        for number, copy in enumerate(title.copies, 1)
    )
    notice = escape(ET.tostring(marcxml(title), encoding="unicode"))
    reserves = (
        "<reserves><reserve><reservedate>2026-11-01</reservedate></reserve></reserves>"
        if is_reserved
        else "<reserves/>"
    )
    return (
        f"<record><biblionumber>{title.number}</biblionumber><marcxml>{notice}</marcxml>"
        f"{reserves}<items>{items}</items></record>"
    )
