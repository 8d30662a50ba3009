"""Recorded answers damaged at random: named errors, rejects and valid records, never anything else."""

from __future__ import annotations

import copy
import html
import json
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, Upsert
from connectors.onix_reading import MessageReader
from connectors.reading import to_line
from net.errors import SourceFailure
from schemas.validation import check

ROUNDS = 150
JUNK: list[Any] = [
    None, True, -1, 10**30, 1.5, "", "x" * 3000, "\x00", "\ud800é", [], {}, [None], {"fr": 5}, {"a": {}}, [[[]]],
    "2026-99-99", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
]  # fmt: skip
SPLINTERS = [
    b"<Product>",
    b"</Product>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"&foo;",
    b"&#0;",
    b"\xff\xfe",
    b"<a:b>",
    b"9" * 20,
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*path, key))


def damage(document: Any, chance: random.Random) -> None:
    """Replaces or removes something, somewhere."""
    left = list(places(document))
    if not left:
        return
    *path, last = chance.choice(left)
    for key in path:
        document = document[key]
    if isinstance(document, dict) and chance.random() < 0.15:
        del document[last]
    else:
        document[last] = copy.deepcopy(chance.choice(JUNK))


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Bytes changed, cut out, doubled, cut off, or with a splinter in them."""
    found = bytearray(body)
    for _ in range(chance.randint(1, 5)):
        here = chance.randrange(len(found)) if found else 0
        match chance.randrange(5):
            case 0:
                found[here : here + 1] = bytes([chance.randrange(256)])
            case 1:
                del found[here : here + chance.randint(1, 200)]
            case 2:
                found[here:here] = found[: chance.randint(1, 300)]
            case 3:
                del found[here + len(found) // 2 :]
            case _:
                found[here:here] = chance.choice(SPLINTERS)
    return bytes(found)


def promised(changes: list[Change]) -> None:
    for change in changes:
        json.dumps(to_line(change))
        if isinstance(change, Upsert):
            assert [] == check(change.record)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("stocks_api", "events.json"),
        ("stocks_api", "../stocks_api_finished/films-sessions.json"),
        ("boost", "programme.json"),
        ("openagenda", "page-1.json"),
        ("openagenda", "page-2.json"),
        ("allocine", "showtimes.json"),
        ("cds", "shows.json"),
        ("cds", "media.json"),
        ("ems", "programme.json"),
        ("vista", "by-business-date-2026-12-01.json"),
        ("webedia", "schedule.json"),
        ("webedia", "movies.json"),
        ("daia", "a-documents.json"),
        ("titelive", "a-search.json"),
        ("shopify", "a-products.json"),
        ("opds", "a-catalogue.json"),
        ("opendatasoft", "a-v2.1.json"),
        ("opendatasoft", "b-v1.json"),
        ("datatourisme", "objects/a/ab/48-ab000000-0000-4000-8000-000000000000.json"),
        ("datatourisme", "objects/a/ab/48-ab010000-0000-4000-8000-000000000001.json"),
        ("schema_org", "b-graphe.jsonld"),
        ("ticketmaster", "page-0.json"),
    ],
)
async def test_damaged_json_gives_valid_records_or_named_errors(name, file, fixtures, tmp_path: Path, gather) -> None:
    """Any value of any type anywhere in a page: what is told is valid, what fails is named."""
    chance = random.Random(20261123)
    whole = json.loads((fixtures / name / file).read_text("utf-8"))
    for _ in range(ROUNDS):
        document = copy.deepcopy(whole)
        for _ in range(chance.randint(1, 4)):
            damage(document, chance)
        (tmp_path / "damaged.json").write_text(json.dumps(document), "utf-8")
        try:
            promised(await gather(name, tmp_path / "damaged.json"))
        except SourceFailure:
            continue


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("icalendar", "a-salle.ics"),
        ("icalendar", "b-autre.ics"),
        ("schema_org", "a-programme.html"),
        ("opendatasoft", "c-export.csv"),
        ("opendatasoft", "d-export.jsonl"),
    ],
)
async def test_damaged_bytes_give_valid_records_or_named_errors(name, file, fixtures, tmp_path: Path, gather) -> None:
    """Any damage to the bytes of a calendar, a page or an export: what is told is valid, what fails is named."""
    chance = random.Random(20261123)
    whole = (fixtures / name / file).read_bytes()
    for _ in range(ROUNDS // 2):
        (tmp_path / file).write_bytes(damaged(whole, chance))
        try:
            promised(await gather(name, tmp_path / file))
        except SourceFailure:
            continue


@pytest.mark.parametrize("file", ["a-full-3.0.xml", "b-bare-2.1.xml"])
def test_damaged_xml_gives_valid_records_or_named_errors(file, fixtures) -> None:
    """Any damage to the bytes of a message: what is told is valid, what fails is named."""
    chance = random.Random(20261123)
    whole = (fixtures / "onix" / file).read_bytes()
    for _ in range(ROUNDS):
        body = damaged(whole, chance)
        reader = MessageReader("onix", "essai", place="f.xml", today=date(2026, 11, 23))
        size = chance.choice([97, 100_000])
        try:
            for start in range(0, len(body), size):
                promised(list(reader.feed(body[start : start + size])))
            promised(list(reader.finish(recorded=True)))
        except SourceFailure:
            continue


async def test_damaged_soap_gives_valid_records_or_named_errors(fixtures, tmp_path: Path, gather) -> None:
    """Any damage to the bytes of an answer, or to the JSON inside: what is told is valid, what fails is named."""
    chance = random.Random(20261123)
    whole = (fixtures / "cgr" / "programme.xml").read_bytes()
    head, begin, rest = whole.partition(b"<GetSeancesPassCultureResult>")
    inside, end, tail = rest.partition(b"</GetSeancesPassCultureResult>")
    programme = json.loads(html.unescape(inside.decode()))
    for number in range(ROUNDS):
        body = damaged(whole, chance)
        if number % 2:
            document = copy.deepcopy(programme)
            for _ in range(chance.randint(1, 4)):
                damage(document, chance)
            body = head + begin + html.escape(json.dumps(document), quote=False).encode() + end + tail
        (tmp_path / "programme.xml").write_bytes(body)
        try:
            promised(await gather("cgr", tmp_path / "programme.xml"))
        except SourceFailure:
            continue


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("marc", "a-unimarc.mrc"),
        ("marc", "b-marc21-marc8.mrc"),
        ("marc", "c-collection.xml"),
        ("oai_pmh", "page-1.xml"),
        ("oai_pmh", "page-2.xml"),
        ("sru", "a-marcxchange.xml"),
        ("koha_ilsdi", "a-notices.xml"),
        ("prestashop", "a-products.xml"),
        ("titelive_flat", "Quotidien22.tit"),
        ("pos_csv", "a-caisse.csv"),
        ("woocommerce", "a-export.csv"),
    ],
)
async def test_damaged_files_give_valid_records_or_named_errors(name, file, fixtures, tmp_path: Path, gather) -> None:
    """Any damage to the bytes of a catalogue, an answer or an export: what is told is valid, what fails is named."""
    chance = random.Random(20261123)
    whole = (fixtures / name / file).read_bytes()
    for _ in range(ROUNDS // 2):
        (tmp_path / file).write_bytes(damaged(whole, chance))
        try:
            promised(await gather(name, tmp_path / file))
        except SourceFailure:
            continue
