"""MARC files: dialects, charsets that lie, broken records among sound ones, copies, and places to go on from."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors import marc_charsets
from connectors.base import Change, Checkpoint, Cursor, Delete, Reject, Upsert
from connectors.marc_charsets import decoder_of
from connectors.marc_copies import copies_of
from connectors.marc_iso2709 import from_iso2709
from connectors.marc_notice import Field, Notice, dialect_of
from connectors.marc_words import euros_of, name_of, pages_of, tidy, year_of
from connectors.registry import build
from net.errors import FeedChanged
from schemas.records import Product, Stock

TITLE = "L'été à Besançon, où naît l'œuvre"


def record(*fields: tuple[str, bytes], leader: bytes = b"nam  22", order: int = 1, slack: int = 0) -> bytes:
    """An ISO 2709 record; `order` -1 writes the directory backwards, `slack` makes its lengths lie."""
    data, entries = b"", []
    for tag, body in fields:
        entries.append(f"{tag}{len(body) + 1 + slack:04d}{len(data):05d}".encode())
        data += body + b"\x1e"
    directory = b"".join(entries[::order]) + b"\x1e"
    base = 24 + len(directory)
    return b"%05d%s%05d   450 " % (base + len(data) + 1, leader, base) + directory + data + b"\x1d"


def unimarc(title: bytes, *, number: bytes = b"1", more: tuple[tuple[str, bytes], ...] = (), **told: Any) -> bytes:
    return record(("001", number), ("200", b"1 \x1fa" + title), *more, **told)


def told(changes: list[Change], kind: type) -> dict[str, Any]:
    return {
        one.record.ref.key: one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)
    }


def written(text: str, accents: dict[int, str], letters: dict[int, str]) -> bytes:
    """`text` in a charset that writes accents before their letters."""
    by_accent, by_letter = ({value: key for key, value in table.items()} for table in (accents, letters))
    found = bytearray()
    for letter in text:
        base, *marks = unicodedata.normalize("NFD", letter)
        found += bytes(by_accent[mark] for mark in marks)
        found.append(by_letter[base] if base in by_letter else ord(base))
    return bytes(found)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("utf-8", TITLE.encode()),
        ("cp1252", TITLE.encode("cp1252")),
        ("marc-8", written(TITLE, marc_charsets._ANSEL, {0xB6: "œ"})),
        ("iso-5426", written(TITLE, marc_charsets._ISO_5426, marc_charsets._ISO_5426_LETTERS)),
    ],
)
def test_a_charset_is_known_by_its_bytes(name: str, body: bytes) -> None:
    """Whatever the leader says, a French title is read alike in the four charsets libraries export."""
    for leader in (b"nam  22", b"nam a22"):
        if leader[4:5] == b"a" and name not in ("utf-8", "cp1252"):
            continue  # who claims UTF-8 never was in an older charset of libraries
        notice, charset = from_iso2709(unimarc(body, leader=leader))
        assert notice.first("200", "a") == TITLE
        assert charset == (name if leader[4:5] == b" " else "utf-8")


@pytest.mark.parametrize(
    "text", ["Prosper Mérimée", "garçon", "évêché", "Âme, Çà et là", "père", "Noël à Nîmes", "Zoé, à São Paulo"]
)
def test_windows_1252_is_not_taken_for_an_older_charset(text: str) -> None:
    """Some of its accented letters stand before letters that an accent of MARC-8 could go with."""
    assert decoder_of(text.encode("cp1252"), None)[0] == "cp1252"


def test_a_charset_that_is_declared_wins() -> None:
    assert decoder_of("Основы".encode("cp1251"), "cp1251")[1]("Основы".encode("cp1251")) == "Основы"


@pytest.mark.parametrize("told", [{"order": -1}, {"slack": 3}, {}])
def test_a_directory_that_lies_is_read_all_the_same(told: dict[str, int]) -> None:
    """Entries out of order and lengths too long: fields follow each other as their starts do."""
    more = (("210", b"  \x1fcGallimard\x1fd1998"), ("700", b" 1\x1faCamus\x1fbAlbert"))
    notice, _ = from_iso2709(unimarc(b"La Peste", more=more, **told))
    assert (notice.control["001"], notice.first("200", "a"), notice.first("210", "c")) == ("1", "La Peste", "Gallimard")


@pytest.mark.parametrize(
    ("control", "data", "expected"),
    [
        (["008"], ["245"], "marc21"),
        ([], ["200", "801"], "unimarc"),
        ([], ["200", "210", "700"], "unimarc"),
        (["008"], ["245", "260", "200"], "marc21"),
    ],
)
def test_the_dialect_is_told_by_fields_that_only_one_has(control, data, expected) -> None:
    """100, 200 and 700 are in both, for other things."""
    notice = Notice(" " * 24, dict.fromkeys(control, ""), {tag: [] for tag in data})
    assert dialect_of(notice) == expected
    with pytest.raises(ValueError, match="ni titre"):
        dialect_of(Notice(" " * 24, {}, {"100": [], "700": []}))


async def test_notices_become_products_and_copies_stocks(fixtures: Path, gather) -> None:
    """UNIMARC, MARC 21 in MARC-8 and MARCXML side by side; what has no place in the list is refused by name."""
    changes = await gather("marc", fixtures / "marc", prices=True)
    products, stocks = told(changes, Product), told(changes, Stock)
    camus = products["1001"]
    assert (camus.title, camus.subtitle, camus.publisher, camus.collection, camus.volume) == (
        "L'Étranger", "roman", "Gallimard", "Collection Folio", "2",
    )  # fmt: skip
    assert (camus.published_on, camus.page_count, camus.language, camus.price_cents) == ("1996", 185, "fre", 690)
    assert [(one.name, one.role) for one in camus.contributors] == [("Albert Camus", "author")]
    assert camus.genres == ["dewey:843", "Absurde (philosophie)"]
    rowling = products["m-1"]
    assert (rowling.title, rowling.price_cents) == ("Harry Potter à l'école des sorciers", 1200)
    assert [(one.name, one.role) for one in rowling.contributors] == [
        ("J. K. Rowling", "author"),
        ("Jean-François Ménard", "translator"),
    ]
    assert (products["x-1"].title, products["x-1"].subcategory) == ("Les contemplations. Autrefois", "LIVRE_NUMERIQUE")
    assert products["1005"].subcategory == "LIVRE_AUDIO_PHYSIQUE"
    assert {key: (one.available, one.price_cents) for key, one in stocks.items()} == {"1001": (1, 0), "m-1": (1, 0)}
    assert [one.ref.key for one in changes if isinstance(one, Delete)] == ["1004", "1004"]
    whys = [one.why for one in changes if isinstance(one, Reject)]
    assert any("périodique" in why for why in whys)
    assert any("répertoire sans fin (a-unimarc.mrc, notice 5)" in why for why in whys)
    assert any("« carte »" in why for why in whys)
    assert changes[-1] == Checkpoint(changes[-1].cursor, complete=False)  # a broken record may be any


@pytest.mark.parametrize(
    ("tag", "subfields", "free"),
    [
        ("995", {"o": "0"}, True),
        ("995", {"o": "0", "n": "2026-12-01"}, False),
        ("995", {"o": "2"}, False),
        ("995", {"o": "0", "2": "1"}, False),
        ("952", {"a": "B", "y": "BK"}, True),
        ("952", {"a": "B", "y": "BK", "q": "2026-12-01"}, False),
        ("952", {"a": "B", "y": "BK", "7": "1"}, False),
        ("952", {"a": "B", "y": "BK", "4": "1"}, False),
    ],
)
def test_a_copy_is_free_when_nothing_speaks_against_it(tag, subfields, free) -> None:
    """No state but nought, and nobody has it."""
    notice = Notice(" " * 24, {}, {tag: [Field("  ", list(subfields.items()))], "245": [Field("  ", [])]})
    assert copies_of(notice) == [free]


@pytest.mark.parametrize("changed", [False, True])
async def test_a_file_at_an_address_goes_on_where_it_stopped(changed, serve, http, clock, pull) -> None:
    """What was told passes again without being told; where it is not the same any more, all of it is read."""
    notices = [unimarc(b"Livre %d" % number, number=b"n%d" % number) for number in range(1100)]

    async def export(request: web.Request) -> web.Response:
        return web.Response(body=b"".join(notices))

    app = web.Application()
    app.router.add_get("/export.mrc", export)
    connector = build("marc", {"url": f"{await serve(app)}/export.mrc"}, http, clock=clock, account="a")
    whole = await pull(connector)
    places = [one.cursor for one in whole if isinstance(one, Checkpoint) and one.midway]
    if changed:
        notices[0] = unimarc(b"Un autre", number=b"autre")
    rest = await pull(connector, places[1])
    assert len(told(rest, Product)) == (1100 if changed else 100)
    assert rest[-1] == whole[-1]


async def test_prices_of_notices_are_read_only_when_asked(fixtures: Path, gather) -> None:
    """They are those of the day the notice was made: a shop without a price would sell at them."""
    products = told(await gather("marc", fixtures / "marc", lends=False), Product)
    assert {one.price_cents for one in products.values()} == {None}
    assert told(await gather("marc", fixtures / "marc", lends=False), Stock) == {}


@pytest.mark.parametrize(
    ("body", "records", "why"),
    [
        (unimarc(b"La Peste") + unimarc(b"La Chute", number=b"2")[:-20], 1, "fichier coupé après 1 notices"),
        (b"<collection><record><controlfield tag='001'>1</controlfield><datafield tag='200'><subfield code='a'>Un"
         b"</subfield></datafield></record><record><leader>", 1, "fichier coupé : le fichier s'arrête"),
        (b"<collection><record><controlfield tag='001'>1</controlfield><datafield tag='200'><subfield code='a'>Un"
         b"</subfield></datafield></record>\n", 1, "la collection n'a pas de fin"),
        (b"bonjour, ceci n'est pas une notice du tout", 0, "ni notices ISO 2709"),
        (b"<html><body>Erreur 500</body></html>", 0, "XML sans notice MARC"),
        (b"[{]", 0, "JSON mal formé"),
        (b"  \r\n", 0, "fichier vide"),
    ],
)  # fmt: skip
async def test_a_cut_file_gives_what_was_whole_then_says_where(body, records, why, tmp_path, clock) -> None:
    """What stands before the cut is told; the error names the file."""
    (tmp_path / "export.mrc").write_bytes(body)
    connector = build("marc", {"path": str(tmp_path)}, None, clock=clock)
    found: list[Change] = []

    async def reading() -> None:
        async for change in connector.pull(None):
            found.append(change)

    with pytest.raises(FeedChanged, match=why) as failure:
        await reading()
    assert "export.mrc" in str(failure.value)
    assert len(told(found, Product)) == records


PMB = """<?xml version="1.0" encoding="iso-8859-1"?><unimarc><notice><rs>n</rs><dt>a</dt><bl>m</bl>
<f c="001">7</f><f c="010" ind="  "><s c="a">2-07-036002-4</s></f><f c="200" ind="1 "><s c="a">L'Été</s></f>
<f c="995" ind="  "><s c="f">12</s></f></notice></unimarc>"""
OAI = """<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header/><metadata>
<record xmlns="http://www.loc.gov/MARC21/slim"><controlfield tag="001">7</controlfield><datafield tag="200" ind1="1"
ind2=" "><subfield code="a">L'Été</subfield></datafield></record></metadata></record></ListRecords></OAI-PMH>"""


@pytest.mark.parametrize("body", [PMB.encode("iso-8859-1"), PMB.encode(), OAI.encode()])
async def test_other_xml_of_libraries_is_read_too(body: bytes, tmp_path: Path, gather) -> None:
    """PMB's own form, whatever charset it says, and records in another protocol's envelope."""
    (tmp_path / "export.xml").write_bytes(body)
    changes = await gather("marc", tmp_path)
    assert {key: one.title for key, one in told(changes, Product).items()} == {"7": "L'Été"}
    assert not [one for one in changes if isinstance(one, Reject)]


async def test_a_record_without_its_end_takes_no_neighbour(tmp_path: Path, gather) -> None:
    """The next one's beginning ends it: it is rejected, the rest is read."""
    title = "<datafield tag='200'><subfield code='a'>T</subfield></datafield>"
    one = "<record><controlfield tag='001'>{}</controlfield>" + title
    body = f"<collection>{one.format(1)}{one.format(2)}</record>{one.format(3)}</record></collection>"
    (tmp_path / "a.xml").write_text(body, "utf-8")
    changes = await gather("marc", tmp_path)
    assert sorted(told(changes, Product)) == ["2", "3"]
    assert [one.why.startswith("XML mal formé") for one in changes if isinstance(one, Reject)] == [True]


async def test_a_reading_goes_on_where_it_stopped(tmp_path: Path, clock, pull) -> None:
    """From a place midway, the rest is told and no more; with another file there, all of it."""
    notices = [unimarc(b"Livre %d" % number, number=b"n%d" % number) for number in range(1100)]
    (tmp_path / "a.mrc").write_bytes(b"".join(notices))
    connector = build("marc", {"path": str(tmp_path)}, None, clock=clock)
    whole = await pull(connector)
    places = [one.cursor for one in whole if isinstance(one, Checkpoint) and one.midway]
    assert len(places) == 2
    rest = [change async for change in connector.pull(Cursor(places[1]))]
    assert (len(told(rest, Product)), rest[-1]) == (100, whole[-1])
    (tmp_path / "b.mrc").write_bytes(unimarc(b"Encore un", number=b"x"))
    assert len(told([change async for change in connector.pull(Cursor(places[1]))], Product)) == 1101


def test_cataloguers_words() -> None:
    """Punctuation that announces the next subfield, names, years, pages and prices as they are catalogued."""
    assert [tidy(text) for text in ("Titre /", ", Isaac", "Folio.", "J. K.", "L'après...")] == [
        "Titre", "Isaac", "Folio", "J. K.", "L'après...",
    ]  # fmt: skip
    assert name_of("Camus, Albert,") == "Albert Camus"
    assert name_of("Rowling", "J. K.") == "J. K. Rowling"
    assert [year_of(text) for text in ("DL 2009", "cop. 1999", "11/2001", "[s.d.]")] == ["2009", "1999", "2001", None]
    assert [pages_of(text) for text in ("1 vol. (306 p.)", "180", "XII-212 p. : ill.", "1 CD")] == [306, 180, 212, None]
    assert [euros_of(text) for text in ("br. : 12 EUR", "6,90 €", "84 F", "£ 9.99")] == [1200, 690, None, None]
