"""How commands name things of the référentiel, and say who decides about them."""

from __future__ import annotations

import getpass
from typing import Annotated, Final

import typer

from catalogue.kinds import KindCode
from schemas.ids import PREFIXES, internal_id

KINDS: Final = {"work": "œuvre", "product": "produit", "venue": "lieu", "event": "événement"}

KindArgument = Annotated[str, typer.Argument(metavar="SORTE", help="work, product, venue ou event.")]
EntityArgument = Annotated[str, typer.Argument(metavar="ID", help="Un numéro, ou l'identifiant public.")]
By = Annotated[str | None, typer.Option("--by", help="Qui décide ; sans cela, le nom de ce compte.")]


def kind_of(word: str) -> KindCode:
    """The kind of that name; `ValueError` with the names there are."""
    if word not in KINDS:
        raise ValueError(f"sorte inconnue : {word} ; possibles : {', '.join(KINDS)}")
    return KindCode[word.upper()]


def entity_of(kind: KindCode, text: str) -> int:
    """A row's number, from that number or from its public id."""
    if text.isdigit():
        return int(text)
    name = kind.name.lower()
    assert name in PREFIXES
    return internal_id(name, text)


def who(by: str | None) -> str:
    """Who is at the keyboard, as decisions name people."""
    return (by or getpass.getuser()).strip() or "inconnu"
