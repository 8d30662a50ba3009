"""Writes what a released version of the format had into `tests/schemas/released/MAJOR.MINOR/`, once.

For each kind its schema, and examples: those of the schema, and one with every field. A version that is there is never
written again: what was released stays as it was.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from schemas.validation import KINDS, errors, schema  # noqa: E402
from schemas.versions import FORMAT  # noqa: E402


def whole(kind: str) -> dict[str, Any]:
    """An example with every field that may stand beside the others."""
    stated = schema(kind)
    choices = [choice["required"][0] for choice in stated.get("oneOf", ())]
    document = {name: field["examples"][0] for name, field in stated["properties"].items() if name not in choices[1:]}
    return document | ({choices[0]: stated["properties"][choices[0]]["examples"][0]} if choices else {})


def main() -> int:
    folder = ROOT / "tests" / "schemas" / "released" / FORMAT.rpartition(".")[0]
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} : cette version est déjà publiée", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*KINDS, "common"):
        _write(folder / f"{name}.schema.json", schema(name))
    for kind in KINDS:
        examples = [*schema(kind)["examples"], whole(kind)]
        assert not [fault for example in examples for fault in errors(kind, example)], (
            kind,
            errors(kind, examples[-1]),
        )
        _write(folder / f"{kind}.examples.json", examples)
    return 0


def _write(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
