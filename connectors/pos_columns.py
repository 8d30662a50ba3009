"""Which column of a till's CSV is what: as the source declares it, by its header's words, or by what stands in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from schemas.identifiers import InvalidIdentifier, identifier

FIELDS = ("ean", "available", "price", "title", "author", "publisher", "key", "label", "until", "category")
_WORDS: dict[str, tuple[str, ...]] = {
    "ean": ("ean13", "ean", "isbn13", "isbn", "isbn10", "gencod", "gencode", "codebarre", "codebarres", "codeean",
            "gtin", "ean13isbn", "isbnean", "eanisbn", "barcode", "codearticle", "ref", "reference", "idproviders"),
    "available": ("available", "disponible", "dispo", "quantitedisponible", "stockdisponible", "stockdispo", "stock",
                  "qtestock", "stockreel", "quantitestock", "enstock", "quantite", "qte", "qty", "quantity",
                  "stockmagasin", "nbexemplaires", "exemplaires", "stockphysique"),
    "price": ("prixttc", "pvttc", "prixpublicttc", "prixventettc", "prixdeventettc", "prixdevente", "prixvente",
              "prixpublic", "pv", "ppttc", "prixeditettc", "prix", "price", "tarif", "tarifttc", "prixeuros",
              "prixediteur", "montant"),
    "title": ("titre", "title", "libelle", "designation", "intitule", "nom", "name", "libellearticle", "titrearticle"),
    "author": ("auteur", "auteurs", "author", "authors"),
    "publisher": ("editeur", "publisher", "marque", "label", "maisondedition"),
    "category": ("categorie", "rayon", "famille", "type", "support", "category", "genre"),
}  # fmt: skip


_PARTS: dict[str, re.Pattern[str]] = {
    "ean": re.compile(r"ean13|isbn|gencod|codebarre|^ean|ean$|gtin"),
    "available": re.compile(r"dispo|stock|qte|quantit|exemplaires"),
    "price": re.compile(r"prix|tarif|^pv|ttc"),
    "title": re.compile(r"titre|libelle|designation|intitule"),
    "author": re.compile(r"auteur"),
    "publisher": re.compile(r"editeur"),
}
"""Where no whole name is known, what a name holds."""
_NEVER = re.compile(r"achat|ht$|horstaxe|remise|minimum|mini$|maxi|alerte|commande|vendu|valeur|date|etat")
"""Columns that look like a stock or a price and are another."""


def declared(text: str) -> dict[str, str]:
    """`ean=Code barre; available=Stock; price=3` by field; a number is a column counted from 1. Raises ValueError."""
    found: dict[str, str] = {}
    for pair in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, column = (side.strip() for side in pair.partition("="))
        if not equals or not column:
            raise ValueError("il faut champ=colonne, séparés par des points-virgules")
        if name not in FIELDS:
            raise ValueError(f"champ inconnu : {name[:40]} (connus : {', '.join(FIELDS)})")
        found[name] = column
    if not {"ean", "key"} & found.keys():
        raise ValueError("il faut dire au moins la colonne ean ou key")
    return found


def by_header(header: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    """Places by field. Raises ValueError naming a declared column that is not in the header."""
    names = [_bare(name) for name in header]
    if wanted:
        return {field: _place(column, header, names) for field, column in wanted.items()}
    found: dict[str, int] = {}
    for field, words in _WORDS.items():
        for word in words:
            if field not in found and word in names and names.index(word) not in found.values():
                found[field] = names.index(word)
    for field, pattern in _PARTS.items():
        likely = [at for at, name in enumerate(names) if pattern.search(name) and not _NEVER.search(name)]
        if field not in found and (free := [at for at in likely if at not in found.values()]):
            found[field] = free[0]
    return found


def by_content(row: Sequence[str]) -> dict[str, int]:
    """Places by what stands in a row without a header: an EAN, a number of copies, an amount with a fraction."""
    found: dict[str, int] = {}
    for place, text in enumerate(row):
        bare = text.strip()
        if "ean" not in found and is_ean(bare):
            found["ean"] = place
        elif "price" not in found and re.fullmatch(r"\d{1,4}[.,]\d{1,2} ?€?", bare):
            found["price"] = place
        elif "available" not in found and re.fullmatch(r"-?\d{1,5}", bare):
            found["available"] = place
        elif "title" not in found and len(bare) > 3 and re.search(r"[^\W\d_]{3}", bare):
            found["title"] = place
    return found


def is_ean(text: str) -> bool:
    """Whether a cell holds an EAN-13 or an ISBN."""
    try:
        identifier("isbn" if len(text.replace("-", "").replace(" ", "")) == 10 else "ean", text)
    except InvalidIdentifier:
        return False
    return True


def _place(column: str, header: Sequence[str], names: Sequence[str]) -> int:
    if column in header:
        return list(header).index(column)
    if (bare := _bare(column)) in names:
        return names.index(bare)
    if column.isdecimal() and 1 <= int(column) <= len(header):
        return int(column) - 1
    shown = ", ".join(one.strip()[:30] for one in header[:20])
    raise ValueError(f"colonne absente : « {column[:40]} » (colonnes : {shown})")


def _bare(name: str) -> str:
    """Letters and digits only, without accents: « Qté. en stock » and « qte en stock » are one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())
