"""`passerelle match`: spreadsheets matched with no database; what is the same thing, how sure that is, and why."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.running import err, named, out
from service.french import counted

if TYPE_CHECKING:
    from matching.whole import Judged
    from matching.words import Interned, Ints
    from service.spreadsheets import Spreadsheet

# The numerical libraries take a third of a second to import: only these commands do.
app = typer.Typer(no_args_is_help=True, help="Rapproche des tableurs, sans base de données.")

Out = Annotated[Path | None, typer.Option("--out", help="Le CSV à écrire.", show_default=False)]
Explain = Annotated[
    tuple[str, str] | None,
    typer.Option("--explain", metavar="ID_A ID_B", help="Explique une paire, en JSON.", show_default=False),
]
Processes = Annotated[int, typer.Option(min=1, help="Processus à employer.")]
_HERE = os.cpu_count() or 1


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
        found = list(_judged([one, other], sides, one_to_one, answers, processes))
        if target is not None:
            written = _write_pairs(target, found, [*one.ids, *other.ids], len(one.ids), one_to_one)
            err.print(f"{target} : {counted(written['same'], 'paire sûre')}, {written['ask']} à vérifier.")
        if explain is not None:
            _explain(found, one.row(explain[0]), len(one.ids) + other.row(explain[1]))


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
        found = list(_judged([sheet], _sources(sheet), False, None, processes))
        if target is not None:
            joined = _write_clusters(target, found, sheet.ids)
            err.print(f"{target} : {counted(len(sheet.ids), 'fiche')}, {joined} en double.")
        if explain is not None:
            _explain(found, sheet.row(explain[0]), sheet.row(explain[1]))


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
    one_to_one: bool,
    answers: dict[tuple[int, int], bool] | None,
    processes: int,
) -> Iterator[Judged]:
    from matching.hands import hands
    from matching.whole import judge_all

    for note in (note for sheet in sheets for note in sheet.notes):
        err.print(note)
    columns = {name: _both(name, sheets) for name in dict.fromkeys(name for sheet in sheets for name in sheet.columns)}
    kinds = [kind for sheet in sheets for kind in sheet.kinds]
    return judge_all(columns, kinds, sources, one_to_one=one_to_one, answers=answers, spread=hands(processes))


def _both(name: str, sheets: list[Spreadsheet]) -> Interned | list[str]:
    """A column of all tables, one after the other."""
    if len(sheets) == 1:
        return sheets[0].columns[name]
    return [
        cell
        for sheet in sheets
        for cell in (sheet.columns[name].listed() if name in sheet.columns else [""] * len(sheet.ids))
    ]


def _write_pairs(target: Path, found: list[Judged], ids: list[str], ours: int, one_to_one: bool) -> dict[str, int]:
    import numpy as np

    from matching.reasons import levels_of
    from matching.whole import ASK, best_of_each

    written = {"same": 0, "ask": 0}
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id_a", "id_b", "verdict", "score", "levels"))
        for judged in found:
            asked = np.flatnonzero(judged.scores >= ASK)
            order = asked[np.argsort(-judged.odds[asked], kind="stable")]
            for pair in (best_of_each(judged) if one_to_one else order).tolist():
                outcome = judged.outcome(pair)
                if outcome not in written:
                    continue
                a, b = judged.rows[judged.matched.left[pair]], judged.rows[judged.matched.right[pair]]
                levels = json.dumps(levels_of(judged, pair), separators=(",", ":"))
                writer.writerow((ids[a], ids[b], outcome, int(judged.scores[pair]), levels))
                written[outcome] += 1
    return written


def _write_clusters(target: Path, found: list[Judged], ids: list[str]) -> int:
    from matching.whole import gathered

    cluster = list(range(len(ids)))
    for judged in found:
        rows = judged.rows.tolist()
        for row, first in zip(rows, gathered(judged).tolist(), strict=True):
            cluster[row] = rows[first]
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "cluster"))
        writer.writerows((id_, ids[first]) for id_, first in zip(ids, cluster, strict=True))
    return sum(first != row for row, first in enumerate(cluster))


def _explain(found: list[Judged], one: int, other: int) -> None:
    from matching.reasons import explained

    for judged in found:
        if one in judged.rows and other in judged.rows:
            told: dict[str, Any] = explained(judged, one, other)
            out.print_json(json.dumps(told, ensure_ascii=False))
            return
    raise ValueError("Ces deux fiches ne sont pas de la même sorte (kind) : elles ne se comparent pas.")
