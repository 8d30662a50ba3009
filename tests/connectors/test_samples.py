"""Real files read as the table says: a count per file, or the named error."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from connectors.base import Change
from connectors.reading import to_line
from net.errors import SourceFailure
from schemas.validation import check

TABLE = json.loads((Path(__file__).parent / "samples.json").read_text("utf-8"))
CASES = [
    pytest.param(connector, folder, name, expected, id=f"{connector}-{name}")
    for connector, folders in TABLE.items()
    for folder, files in folders.items()
    for name, expected in files.items()
]


@pytest.mark.parametrize(("connector", "folder", "name", "expected"), CASES)
async def test_a_real_file_reads_as_expected(connector, folder, name, expected, samples, gather) -> None:
    """Each real file gives the records, rejects and deletions of the table, all of them valid."""
    file = samples / folder / name
    if not file.is_file():
        pytest.skip(f"this file is not among the samples: {folder}/{name}")
    assert expected == await _told(connector, file, gather)


@pytest.mark.parametrize("folder", [(connector, folder) for connector in TABLE for folder in TABLE[connector]])
def test_every_sample_is_in_the_table(folder, samples) -> None:
    """A file that arrives among the samples must get its line."""
    connector, path = folder
    assert sorted(TABLE[connector][path]) == sorted(file.name for file in (samples / path).iterdir())


async def _told(connector: str, file: Path, gather) -> dict[str, int | str]:
    try:
        changes: list[Change] = await gather(connector, file)
    except SourceFailure as failure:
        return {"error": type(failure).__name__}
    lines = [to_line(change) for change in changes]
    assert [fault for change in changes if hasattr(change, "record") for fault in check(change.record)] == []
    counts = Counter(
        f"{line['change']} {line['kind']}" if "kind" in line else line["change"]
        for line in lines
        if line["change"] != "checkpoint"
    )
    return dict(sorted(counts.items()))
