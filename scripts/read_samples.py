"""Reads every real file under $PASSERELLE_SAMPLES with the connector it is for, and prints what came of it.

`python scripts/read_samples.py [FOLDER…]`: file, connector, records, rejects, seconds, and how the reading ended, one a
line, then the sums by connector. Which connector a folder is for stands in `tests/connectors/samples.json`. Exit 1
where a reading ended by anything but a checkpoint or a named failure, or where a record is not valid.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from connectors.base import Reject, Upsert  # noqa: E402
from connectors.reading import read  # noqa: E402
from connectors.registry import REGISTRY  # noqa: E402
from net.errors import SourceFailure  # noqa: E402
from schemas.validation import check  # noqa: E402

TABLE = ROOT / "tests" / "connectors" / "samples.json"
NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one file gave."""

    records: int
    rejects: int
    seconds: float
    ended: str
    is_handled: bool = True


async def outcome(connector: str, file: Path) -> Outcome:
    """Reads one file to its end, whatever that is."""
    records = rejects = invalid = 0
    ended, is_handled = "lu", True
    began = time.perf_counter()
    try:
        async for change in read(connector, {"path": str(file)}, None, clock=lambda: NOW):
            if isinstance(change, Upsert):
                records += 1
                invalid += bool(check(change.record))
            rejects += isinstance(change, Reject)
    except SourceFailure as failure:
        ended = f"{type(failure).__name__} : {failure}"
    except Exception as error:  # noqa: BLE001  that is what this script looks for
        ended, is_handled = f"NON PRÉVU {type(error).__name__} : {error}", False
    if invalid:
        ended, is_handled = f"{invalid} enregistrements invalides", False
    return Outcome(records, rejects, time.perf_counter() - began, " ".join(ended.split())[:100], is_handled)


def files(root: Path, folders: list[str]) -> Iterator[tuple[Path, str | None]]:
    """Every file with its connector, None where no connector is for its folder."""
    table = json.loads(TABLE.read_text("utf-8"))
    connector_of = {folder: name for name, told in table.items() if name in REGISTRY for folder in told}
    for file in sorted(file for file in root.rglob("*") if file.is_file() and file.parent != root):
        place = file.relative_to(root).as_posix()
        if not folders or place.startswith(tuple(folders)):
            owner = next(
                (connector_of[str(up)] for up in file.relative_to(root).parents if str(up) in connector_of), None
            )
            yield file, owner


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", help="onix, agenda, cinema/boost… ; sans eux, tout")
    asked = parser.parse_args()
    root = Path(os.environ.get("PASSERELLE_SAMPLES", ROOT.parent / "shared"))
    root = root / "samples" if (root / "samples").is_dir() else root
    if not root.is_dir():
        print(f"{root} : aucun fichier ; dire leur dossier par PASSERELLE_SAMPLES", file=sys.stderr)
        return 2
    sums: dict[str, Counter[str]] = {}
    unread, is_handled = 0, True
    print("fichier\tconnecteur\tenregistrements\trejets\tsecondes\tfin")
    for file, connector in files(root, asked.folders):
        if connector is None:
            unread += 1
            continue
        told = await outcome(connector, file)
        is_handled = is_handled and told.is_handled
        place = file.relative_to(root)
        print(f"{place}\t{connector}\t{told.records}\t{told.rejects}\t{told.seconds:.3f}\t{told.ended}")
        by = sums.setdefault(connector, Counter())
        by["files"] += 1
        by["records"] += told.records
        by["rejects"] += told.rejects
        by["ms"] += round(told.seconds * 1000)
        by["failed"] += told.ended != "lu"
    for connector, by in sorted(sums.items()):
        seconds = by["ms"] / 1000
        print(
            f"# {connector} : {by['files']} fichiers, {by['records']} enregistrements, {by['rejects']} rejets, "
            f"{by['failed']} illisibles, {seconds:.1f} s"
        )
    print(f"# {unread} fichiers d'aucun connecteur de la table")
    return 0 if is_handled else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
