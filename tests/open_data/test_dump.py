"""The dump is a Data Package that others' tools accept, there whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import msgspec
import pytest
import storefront as s
from frictionless import validate
from storefront import Storefront

from catalogue.database import Pool
from open_data.dump import NotADump, dump
from schemas.offers import Offer

FILES = {
    "datapackage.json", "offers.ndjson", "offer.schema.json", "offers.csv", "venues.csv", "works.csv",
    "products.csv", "events.csv", "sessions.csv", "stocks.csv",
}  # fmt: skip


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def frictionless_errors(folder: Path) -> list[str]:
    report = validate(str(folder / "datapackage.json"))
    return [error.type for task in report.tasks for error in task.errors] + [error.type for error in report.errors]


async def test_frictionless_accepts_it(pool: Pool, shop: Storefront, tmp_path: Path) -> None:
    """Types, keys, references between tables, sizes and hashes are as the descriptor says."""
    manifest = await dump(pool, tmp_path / "out", at=s.NOW)
    assert frictionless_errors(manifest.folder) == []
    assert set(names(manifest.folder)) == FILES
    assert manifest.offers == 2
    assert manifest.licences == ("ODbL-1.0", "etalab-2.0")


async def test_frictionless_would_refuse_another(pool: Pool, shop: Storefront, tmp_path: Path) -> None:
    """A table altered after the fact no longer is what the descriptor says."""
    manifest = await dump(pool, tmp_path / "out", at=s.NOW)
    with (manifest.folder / "stocks.csv").open("a", encoding="utf-8") as file:
        file.write("k_x,o_nowhere,,douze,,\r\n")
    assert frictionless_errors(manifest.folder)


@pytest.mark.parametrize("table", ["venues", "works", "products", "events", "offers"])
async def test_references_between_tables_are_stated(pool: Pool, shop: Storefront, tmp_path: Path, table: str) -> None:
    """A key that another table holds, and that is no longer there, is seen by others' tools."""
    manifest = await dump(pool, tmp_path / "out", at=s.NOW)
    file = manifest.folder / f"{table}.csv"
    head, first, *others = file.read_bytes().split(b"\r\n")
    file.write_bytes(b"\r\n".join([head, b"x" + first[1:], *others]))
    assert "foreign-key" in frictionless_errors(manifest.folder)


async def test_an_empty_base_gives_an_empty_package(pool: Pool, tmp_path: Path) -> None:
    """No offer is no reason for a package nobody can read."""
    manifest = await dump(pool, tmp_path / "out", at=s.NOW)
    assert frictionless_errors(manifest.folder) == []
    assert manifest.offers == 0


async def test_tables_say_what_the_lines_say(pool: Pool, shop: Storefront, tmp_path: Path) -> None:
    """The CSV tables hold the same offers, each thing once."""
    folder = (await dump(pool, tmp_path / "out", at=s.NOW)).folder
    lines = (folder / "offers.ndjson").read_bytes().splitlines()
    offers = [msgspec.json.decode(line, type=Offer) for line in lines]
    assert sorted(offer.id for offer in offers) == sorted(row["id"] for row in rows(folder, "offers"))
    assert {s.STRANGER} == {row["ean"] for row in rows(folder, "products")}
    assert {s.BOOKSHOP, s.THEATRE} == {row["siret"] for row in rows(folder, "venues")}
    assert [row["beginsAt"] for row in rows(folder, "sessions")] == ["2026-12-03T12:00:00Z"]
    assert {"690", "1500"} == {row["priceCents"] for row in rows(folder, "stocks")}
    assert [row["title"] for row in rows(folder, "works")] == ["L'Étranger"]


async def test_nothing_closed_is_in_any_file(pool: Pool, shop: Storefront, tmp_path: Path) -> None:
    """No file of the package holds a word of a source that keeps its rights."""
    folder = (await dump(pool, tmp_path / "out", at=s.NOW)).folder
    whole = b"".join(file.read_bytes() for file in folder.iterdir())
    assert s.EXILE.encode() not in whole
    assert b"L'Exil" not in whole


async def test_the_descriptor_names_sizes_and_hashes(pool: Pool, shop: Storefront, tmp_path: Path) -> None:
    """What the manifest and the descriptor say of a file is true of it."""
    manifest = await dump(pool, tmp_path / "out", at=s.NOW)
    described = json.loads((manifest.folder / "datapackage.json").read_bytes())
    assert described["created"] == "2026-11-23T12:00:00+00:00"
    assert described["changesAfter"] == await pool.fetchval("select max(position) from change_log")
    by_path = {resource["path"]: resource for resource in described["resources"]}
    assert {resource.path for resource in manifest.resources} == set(by_path)
    for resource in manifest.resources:
        content = (manifest.folder / resource.path).read_bytes()
        assert len(content) == resource.bytes == by_path[resource.path]["bytes"]
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == by_path[resource.path]["hash"]


async def test_a_dump_takes_the_place_of_the_last_one(pool: Pool, shop: Storefront, tmp_path: Path) -> None:
    """The folder is replaced whole, and nothing is left beside it."""
    out = tmp_path / "out"
    first = await dump(pool, out, at=s.NOW)
    await pool.execute("update source set licence = 'tous-droits-reserves' where account = 'tickets'")
    second = await dump(pool, out, at=s.NOW)
    assert (first.offers, second.offers) == (2, 1)
    assert rows(out, "events") == []
    assert names(tmp_path) == ["out"]


async def test_what_is_no_dump_is_left_alone(pool: Pool, tmp_path: Path) -> None:
    """A folder that holds somebody's files is refused, and not touched."""
    kept = tmp_path / "thesis.txt"
    kept.write_text("ne pas perdre")
    with pytest.raises(NotADump):
        await dump(pool, tmp_path, at=s.NOW)
    with pytest.raises(NotADump):
        await dump(pool, kept, at=s.NOW)
    assert kept.read_text() == "ne pas perdre"


async def test_a_failure_leaves_the_last_one(pool: Pool, shop: Storefront, tmp_path: Path) -> None:
    """When the database goes away half-way, the folder holds the last whole dump and nothing lies beside it."""
    out = tmp_path / "out"
    await dump(pool, out, at=s.NOW)
    before = (out / "datapackage.json").read_bytes()
    await pool.execute("alter table offer rename to moved")
    with pytest.raises(Exception, match="offer"):
        await dump(pool, out, at=s.NOW)
    assert before == (out / "datapackage.json").read_bytes()
    assert names(tmp_path) == ["out"]
