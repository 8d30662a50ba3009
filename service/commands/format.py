"""`passerelle format`: the open offer format for whoever implements it: its schemas, and what is wrong with records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.faults import explain
from schemas.records import Kind
from schemas.trees import lines, tree
from schemas.validation import KINDS, InvalidRecord, bundle, errors, read
from service.commands.running import named, out

app = typer.Typer(no_args_is_help=True, help="Le format ouvert des offres : ses schémas, et ce qui ne va pas.")


@app.command()
def show(kind: Annotated[str, typer.Argument(help=f"Parmi : {', '.join(KINDS)}.")]) -> None:
    """Imprime le schéma JSON d'une sorte, en un seul document qui se suffit."""
    with named():
        if kind not in KINDS:
            raise LookupError(f"sorte inconnue : « {kind[:60]} » (connues : {', '.join(KINDS)})")
        typer.echo(json.dumps(bundle(kind), ensure_ascii=False, indent=2))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Un enregistrement, une liste, ou un par ligne (NDJSON).")],
) -> None:
    """Vérifie des enregistrements ; pour chacun qui n'est pas valide, l'arbre de ses erreurs."""
    wrong = 0
    with named():
        documents = _documents(file)
        for place, document in documents:
            kind = document.get("kind") if isinstance(document, dict) else None
            if kind not in KINDS:
                wrong += 1
                out.print(f"{place} : kind manque, ou n'est pas parmi {', '.join(KINDS)}", soft_wrap=True)
            elif errors(kind, document):
                wrong += 1
                out.print(f"{place} : {kind}", soft_wrap=True)
                for line in lines(tree(kind, document)):
                    out.print(f"  {line}", soft_wrap=True)
            elif kind != "offer" and (why := _meaning(Kind(kind), document)):
                wrong += 1
                out.print(f"{place} : {kind} : {why}", soft_wrap=True)
    out.print(f"{len(documents)} enregistrement(s), {wrong} à corriger")
    if wrong:
        raise typer.Exit(1)


def _meaning(kind: Kind, document: Any) -> str:
    """What no schema can say: check digits, the order of times, real zones."""
    try:
        read(kind, document)
    except InvalidRecord as invalid:
        return explain(invalid.faults)
    return ""


def _documents(file: Path) -> list[tuple[str, Any]]:
    """Each with its place. Raises ValueError for what is no JSON."""
    text = file.read_text("utf-8")
    try:
        whole = json.loads(text)
    except ValueError:
        rows = [(f"ligne {number}", line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(rows) < 2:
            raise
        return [(place, json.loads(line)) for place, line in rows]
    listed = whole if isinstance(whole, list) else [whole]
    return [(f"n° {number}", one) for number, one in enumerate(listed, 1)]
