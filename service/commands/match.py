"""`passerelle match`: spreadsheets matched with no database; what is the same thing, how sure that is, and why.

`match rebuild`, which works on the database, stands in `rebuild.py`.
"""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from service.commands.rebuild import rebuild
from service.commands.running import err, named, out
from service.french import counted

if TYPE_CHECKING:
    from matching.whole import Judged
    from matching.words import Interned, Ints
    from service.spreadsheets import Spreadsheet

# The numerical libraries take a third of a second to import: only these commands do.
app = typer.Typer(
    no_args_is_help=True, help="Rapproche des tableurs, sans base de données, ou tout ce qu'elle contient."
)
app.command("rebuild")(rebuild)

Out = Annotated[Path | None, typer.Option("--out", help="Le CSV à écrire.", show_default=False)]
Explain = Annotated[
    tuple[str, str] | None,
    typer.Option("--explain", metavar="ID_A ID_B", help="Explique une paire, en JSON.", show_default=False),
]
Processes = Annotated[int, typer.Option(min=1, help="Processus à employer.")]
_HERE = os.cpu_count() or 1
Wanted = TypeVar("Wanted")


@app.command("link")
def link(
    table_a: Annotated[Path, typer.Argument(metavar="A.csv")],
    table_b: Annotated[Path, typer.Argument(metavar="B.csv")],
    target: Out = None,
    one_to_one: Annotated[bool, typer.Option("--one-to-one", help="Chaque fiche en a au plus une autre.")] = False,
    labels: Annotated[
        Path | None, typer.Option(help="CSV id_a,id_b,label (1 ou 0) : réponses dont apprendre.", show_default=False)
    ] = None,
    explain: Explain = None,
    processes: Processes = _HERE,
) -> None:
    """Relie les fiches de deux tableurs : id_a, id_b, verdict (same ou ask), score, niveaux."""
    import numpy as np

    from service.spreadsheets import read_spreadsheet

    with named():
        _asked(target, explain)
        one, other = read_spreadsheet(table_a), read_spreadsheet(table_b)
        answers = _answers(labels, one, other) if labels else None
        sides = np.repeat([0, 1], [len(one.ids), len(other.ids)])
        asked = (one.row(explain[0]), len(one.ids) + other.row(explain[1])) if explain else None
        wanted = partial(_linked, [*one.ids, *other.ids], one_to_one, asked)
        found = _judged([one, other], sides, wanted, processes, one_to_one=one_to_one, answers=answers)
        if target is not None:
            written = _write_pairs(target, found)
            err.print(f"{target} : {counted(written['same'], 'paire sûre')}, {written['ask']} à vérifier.")
        if asked is not None:
            _explain([one.explained for one in found])


@app.command("dedupe")
def dedupe(
    table: Annotated[Path, typer.Argument(metavar="FICHIER.csv")],
    target: Out = None,
    explain: Explain = None,
    processes: Processes = _HERE,
) -> None:
    """Rassemble les fiches d'un tableur qui disent la même chose : id, cluster (l'id de la première)."""
    from service.spreadsheets import read_spreadsheet

    with named():
        _asked(target, explain)
        sheet = read_spreadsheet(table)
        asked = (sheet.row(explain[0]), sheet.row(explain[1])) if explain else None
        found = _judged([sheet], _sources(sheet), partial(_gathered, asked), processes)
        if target is not None:
            joined = _write_clusters(target, found, sheet.ids)
            err.print(f"{target} : {counted(len(sheet.ids), 'fiche')}, {joined} en double.")
        if asked is not None:
            _explain([one.explained for one in found])


def _asked(target: Path | None, explain: tuple[str, str] | None) -> None:
    if target is None and explain is None:
        raise ValueError("Que faire du résultat ? Donner --out FICHIER.csv ou --explain ID_A ID_B.")


def _sources(sheet: Spreadsheet) -> Ints:
    """A number for each source; where none is told, or all are one, every record stands alone."""
    import numpy as np

    rows = np.arange(len(sheet.ids))
    told = sheet.columns.get("source")
    if told is None or len(told.values) < 3:
        return rows
    return np.where(told.of > 0, told.of - 1, len(told.values) + rows)


def _answers(path: Path, one: Spreadsheet, other: Spreadsheet) -> dict[tuple[int, int], bool]:
    from service.spreadsheets import SpreadsheetRefused, read_answers

    ours = {id_: row for row, id_ in enumerate(one.ids)}
    theirs = {id_: row for row, id_ in enumerate(other.ids)}
    found = {}
    for line, a, b, same in read_answers(path):
        for id_, known, sheet in ((a, ours, one), (b, theirs, other)):
            if id_ not in known:
                raise SpreadsheetRefused(f"{path.name}, ligne {line} : « {id_} » n'est pas dans {sheet.name}.")
        found[ours[a], len(one.ids) + theirs[b]] = same
    return found


def _judged(
    sheets: list[Spreadsheet],
    sources: Ints,
    wanted: Callable[[Judged], Wanted],
    processes: int,
    *,
    one_to_one: bool = False,
    answers: dict[tuple[int, int], bool] | None = None,
) -> list[Wanted]:
    from matching.hands import hands
    from matching.whole import judge_each

    for note in (note for sheet in sheets for note in sheet.notes):
        err.print(note)
    columns = {name: _both(name, sheets) for name in dict.fromkeys(name for sheet in sheets for name in sheet.columns)}
    kinds = [kind for sheet in sheets for kind in sheet.kinds]
    return judge_each(columns, kinds, sources, wanted, one_to_one=one_to_one, answers=answers, spread=hands(processes))


def _both(name: str, sheets: list[Spreadsheet]) -> Interned | list[str]:
    """A column of all tables, one after the other."""
    if len(sheets) == 1:
        return sheets[0].columns[name]
    return [
        cell
        for sheet in sheets
        for cell in (sheet.columns[name].listed() if name in sheet.columns else [""] * len(sheet.ids))
    ]


@dataclass(frozen=True, slots=True)
class _Linked:
    """What is written of one kind's pairs."""

    rows: list[tuple[str, str, str, int, str]]
    explained: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What is written of one kind's clusters."""

    rows: Ints
    first: Ints
    """The row of each cluster's first record."""
    explained: dict[str, Any] | None


def _linked(ids: list[str], one_to_one: bool, asked: tuple[int, int] | None, judged: Judged) -> _Linked:
    import numpy as np

    from matching.reasons import levels_of
    from matching.whole import ASK, best_of_each

    rows = []
    doubtful = np.flatnonzero(judged.scores >= ASK)
    order = doubtful[np.argsort(-judged.odds[doubtful], kind="stable")]
    for pair in (best_of_each(judged) if one_to_one else order).tolist():
        outcome = judged.outcome(pair)
        if outcome == "different":
            continue
        a, b = judged.rows[judged.matched.left[pair]], judged.rows[judged.matched.right[pair]]
        levels = json.dumps(levels_of(judged, pair), separators=(",", ":"))
        rows.append((ids[a], ids[b], outcome, int(judged.scores[pair]), levels))
    return _Linked(rows, _explained(judged, asked))


def _gathered(asked: tuple[int, int] | None, judged: Judged) -> _Gathered:
    from matching.whole import gathered

    return _Gathered(judged.rows, judged.rows[gathered(judged)], _explained(judged, asked))


def _explained(judged: Judged, asked: tuple[int, int] | None) -> dict[str, Any] | None:
    from matching.reasons import explained

    if asked is None or not set(asked) <= set(judged.rows.tolist()):
        return None
    return explained(judged, *asked)


def _write_pairs(target: Path, found: list[_Linked]) -> Counter[str]:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id_a", "id_b", "verdict", "score", "levels"))
        for linked in found:
            writer.writerows(linked.rows)
    return Counter(outcome for linked in found for _, _, outcome, _, _ in linked.rows)


def _write_clusters(target: Path, found: list[_Gathered], ids: list[str]) -> int:
    import numpy as np

    cluster = np.arange(len(ids))
    for one in found:
        cluster[one.rows] = one.first
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "cluster"))
        writer.writerows(zip(ids, map(ids.__getitem__, cluster.tolist()), strict=True))
    return int((cluster != np.arange(len(ids))).sum())


def _explain(explained: list[dict[str, Any] | None]) -> None:
    for told in filter(None, explained):
        out.print_json(json.dumps(told, ensure_ascii=False))
        return
    raise ValueError("Ces deux fiches ne sont pas de la même sorte (kind) : elles ne se comparent pas.")
