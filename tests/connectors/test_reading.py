"""Changes as lines of NDJSON: the stable form of `passerelle read`."""

from __future__ import annotations

import json

import pytest

from connectors.base import Checkpoint, Cursor, Delete, Reject, Upsert
from connectors.reading import to_line
from connectors.registry import REGISTRY
from schemas.records import Kind, SourceRef, Stock

REF = SourceRef(connector="stocks_api", account="1", key="k")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            Upsert(Stock(ref=REF, available=2, ean="9782070360024"), ("une note",)),
            {
                "change": "upsert",
                "kind": "stock",
                "record": {
                    "kind": "stock",
                    "ref": {"connector": "stocks_api", "account": "1", "key": "k"},
                    "available": 2,
                    "ean": "9782070360024",
                },
                "notes": ["une note"],
            },
        ),
        (
            Delete(Kind.STOCK, REF),
            {"change": "delete", "kind": "stock", "ref": {"connector": "stocks_api", "account": "1", "key": "k"}},
        ),
        (
            Delete(Kind.STOCK, REF, frozenset({"b", "a"})),
            {
                "change": "delete",
                "kind": "stock",
                "ref": {"connector": "stocks_api", "account": "1", "key": "k"},
                "partsKept": ["a", "b"],
            },
        ),
        (Reject("parce que", "été".encode("cp1252")), {"change": "reject", "why": "parce que", "raw": "été"}),
        (
            Reject("parce que", b"{}", Kind.STOCK, REF),
            {
                "change": "reject",
                "why": "parce que",
                "kind": "stock",
                "ref": {"connector": "stocks_api", "account": "1", "key": "k"},
                "raw": "{}",
            },
        ),
        (Checkpoint(Cursor("c"), complete=True), {"change": "checkpoint", "cursor": "c", "complete": True}),
    ],
)
def test_each_change_is_one_object(change, expected) -> None:
    """upsert, delete, reject (with why and raw), checkpoint: nothing else, and JSON."""
    line = to_line(change)
    assert expected == line
    assert json.loads(json.dumps(line)) == line


@pytest.mark.parametrize("name", REGISTRY)
async def test_every_recorded_source_is_read_without_a_connection(name, gather, fixtures) -> None:
    """`path=` alone reads each connector's own fixtures, to a checkpoint."""
    found = [to_line(change) for change in await gather(name, fixtures / name)]
    assert found[-1]["change"] == "checkpoint"
    assert {"upsert", "reject"} <= {line["change"] for line in found}
