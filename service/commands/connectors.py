"""`passerelle connectors`: what can be read, writing one's own, and whether it keeps the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from connectors.contract import CHECKS, MAX_CHANGES, Fault, faults
from connectors.entries import Entry
from connectors.quality import LADDER, State, qualities
from connectors.registry import ADDED, REGISTRY, build, entry
from connectors.skeleton import files
from net.client import open_http
from service.commands.running import named, out
from service.commands.shown import KINDS
from service.commands.sources import assignments
from service.signals import until_stopped
from sync.runner import now

app = typer.Typer(no_args_is_help=True, help="Les connecteurs : ce qui se lit, comment, et à quel point c'est éprouvé.")
_LEVELS = {"bronze": "yellow", "silver": "white", "gold": "bright_yellow"}
_STATES = {State.DONE: "tenu", State.TODO: "à faire", State.EXEMPT: "sans objet"}
PROMISES = {
    "ends": "finit par un point de reprise",
    "resumes": "reprend à son point",
    "slices": "continue une lecture arrêtée",
    "repeats": "dit deux fois la même chose",
    "keys_unique": "ne dit un enregistrement qu'une fois",
    "refs": "nomme ses enregistrements",
    "valid": "enregistrements valides",
    "related": "ce qu'il nomme, il le dit",
    "rejects": "refuse au lieu de lever",
    "written": "s'écrit en JSON",
}


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Un objet JSON par connecteur.")] = False,
) -> None:
    """Liste les connecteurs : sortes, incréments, suppressions, vente, niveau de qualité."""
    if as_json:
        for one in _sorted():
            # Not through the console: it would fold a line for the terminal's width.
            typer.echo(json.dumps(_told(one), ensure_ascii=False))
    else:
        made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        for title in ("nom", "ce que c'est", "sortes", "incr.", "suppr.", "vend", "niveau"):
            made.add_column(title, no_wrap=title == "nom")
        for one in _sorted():
            told = _told(one)
            level = told["level"]
            made.add_row(
                one.name,
                one.manifest.title,
                ", ".join(KINDS[kind] for kind in told["kinds"]),
                *("oui" if told[name] else "—" for name in ("incremental", "deletions", "sells")),
                Text(level, _LEVELS[level]) if level else told["package"] or "—",
            )
        out.print(made)
    for why in ADDED.refused:
        out.print(Text.assemble(("laissé", "yellow"), f" : {why}"), soft_wrap=True)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Le nom du connecteur.")]) -> None:
    """Montre un connecteur : son document, ses réglages, et ce qui lui manque d'un niveau."""
    with named():
        one = entry(name)
    manifest = one.manifest
    out.print(f"{one.name} : {manifest.title}\n  document : {manifest.document}", soft_wrap=True)
    least, most = manifest.expected
    out.print(
        f"  attendus : {least} à {most} enregistrements ; retraits sans demander : {manifest.guard:.0%}", soft_wrap=True
    )
    if name in ADDED.packages:
        out.print(f"  vient du paquet {ADDED.packages[name]}", soft_wrap=True)
    out.print("réglages")
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    properties: dict[str, Any] = one.settings_schema["properties"]
    for field, told in properties.items():
        words = [told.get("title", ""), told.get("description", "")]
        if field in one.secret_fields:
            words.append("secret, scellé")
        elif told.get("default") is not None:
            words.append(f"par défaut {told['default']}")
        made.add_row(field, _kind(told), " · ".join(word for word in words if word))
    out.print(made)
    quality = qualities().get(name)
    if quality is None:
        out.print("qualité : non classé, ce connecteur vient d'un autre paquet")
        return
    out.print(f"qualité : {quality.level or 'pas encore bronze'}")
    rules = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for level, promises in LADDER.items():
        for rule, promise in promises.items():
            verdict = quality.rules[rule]
            rules.add_row(level, _STATES[verdict.state], promise + (f" ({verdict.why})" if verdict.why else ""))
    out.print(rules)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Le nom : minuscules, chiffres et _.")],
    folder: Annotated[Path, typer.Option("--out", help="Où écrire le dossier du paquet.")] = Path(),
) -> None:
    """Écrit un paquet à part avec un connecteur qui marche, sa réponse enregistrée et son test."""
    with named():
        texts = files(name)
        if name in REGISTRY:
            raise ValueError(f"le connecteur {name} existe déjà")
        root = folder / f"passerelle-{name}"
        if root.exists():
            raise ValueError(f"{root} existe déjà")
        for path, text in texts.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    out.print(f"{root} : {len(texts)} fichiers ; la suite est dans {root / 'README.md'}", soft_wrap=True)


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="Le nom du connecteur.")],
    settings: Annotated[list[str] | None, typer.Option("--set", help="Un réglage, nom=valeur ; répétable.")] = None,
    allow_private: Annotated[bool, typer.Option(help="Permettre des adresses privées.")] = False,
    most: Annotated[int, typer.Option("--limit", min=1, help="Une lecture plus longue ne finit pas.")] = MAX_CHANGES,
) -> None:
    """Passe le contrat à une source, enregistrée ou en direct : elle est lue plusieurs fois."""

    async def work() -> list[Fault]:
        async with open_http(allow_private=allow_private) as http:
            return await faults(lambda: build(name, given, http, clock=now, account="verification"), limit=most)

    with named():
        given = assignments(settings or [])
        build(name, given, None, clock=now) if "path" in given else entry(name).read_settings(given)
        found: list[Fault] = until_stopped(work())
    is_cut = any(fault.is_end for fault in found)
    for promise in CHECKS:
        whys = [fault.why for fault in found if fault.check == promise]
        told = Text("non", "red") if whys else Text("?  ", "yellow") if is_cut else Text("oui", "green")
        out.print(Text.assemble(told, f"  {PROMISES[promise]}"))
        for why in whys[:5]:
            out.print(f"     {why}", soft_wrap=True)
    if found:
        raise typer.Exit(1)


def _sorted() -> list[Entry]:
    return [REGISTRY[name] for name in sorted(REGISTRY)]


def _told(one: Entry) -> dict[str, Any]:
    quality = qualities().get(one.name)
    return {
        "name": one.name,
        "title": one.manifest.title,
        "kinds": sorted(one.manifest.kinds),
        "incremental": one.manifest.incremental,
        "deletions": one.manifest.deletions,
        "sells": one.manifest.sells,
        "level": quality.level if quality else None,
        "todo": quality.missing if quality else {},
        "package": ADDED.packages.get(one.name),
    }


def _kind(told: dict[str, Any]) -> str:
    """What a setting takes, in a word; what it may be where that is a list."""
    options = [one for one in told.get("anyOf", [told]) if one.get("type") != "null"]
    first = options[0] if options else told
    if "enum" in first:
        return " | ".join(map(str, first["enum"]))
    words = {"string": "texte", "integer": "nombre", "number": "nombre", "boolean": "oui/non"}
    kind = str(first.get("type", ""))
    return words.get(kind, kind)
