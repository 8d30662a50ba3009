"""Connectors that other packages add, by the entry point group `passerelle.connectors`.

In such a package's pyproject.toml:

    [project.entry-points."passerelle.connectors"]
    ma_caisse = "ma_caisse:ENTRY"

where `ENTRY` is a `connectors.entries.Entry` of that very name. `passerelle connectors new` writes one that works. A
package that cannot be loaded is left out and named; it takes no other with it, and no name of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points

from connectors.entries import Entry

GROUP = "passerelle.connectors"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Added:
    """What the installed packages give."""

    entries: Mapping[str, Entry] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    """By connector, the package and version it comes with."""
    refused: tuple[str, ...] = ()
    """One sentence for each that could not be used, in French."""


def added(ours: Mapping[str, Entry]) -> Added:
    """The connectors of installed packages. Asked once, when the registry is read: commands and forms list names."""
    entries: dict[str, Entry] = {}
    packages: dict[str, str] = {}
    refused: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: (one.name, one.value)):
        package = f"{point.dist.name} {point.dist.version}" if point.dist is not None else "paquet inconnu"
        try:
            one = _loaded(point)
            if one.name in ours or one.name in entries:
                raise ValueError(f"le nom {one.name} est déjà pris")
        except Exception as error:  # noqa: BLE001  whatever a foreign package raises when it is imported
            refused.append(f"{point.name} ({package}) : {type(error).__name__} : {str(error)[:200]}")
            continue
        entries[one.name], packages[one.name] = one, package
    return Added(entries, packages, tuple(refused))


def _loaded(point: EntryPoint) -> Entry:
    found = point.load()
    if not isinstance(found, Entry):
        raise TypeError(f"{point.value} n'est pas un connectors.entries.Entry")
    if not _NAME.fullmatch(found.name) or found.name != point.name:
        raise ValueError(f"le point d'entrée {point.name} donne le connecteur {found.name[:60]}")
    return found
