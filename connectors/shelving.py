"""What a shop's articles are in our subcategories. A shop has shelves of its own; an ISBN tells a book anywhere."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import Field, field_validator

from connectors.remembered import remembered
from connectors.settings import Settings
from schemas.taxonomy import SUBCATEGORIES

LEFT_OUT = "-"
_WORDS: tuple[tuple[str, str], ...] = (
    (r"e-?books?|livres? num[ée]riques?|epub", "LIVRE_NUMERIQUE"),
    (r"livres? audio|audio ?books?", "LIVRE_AUDIO_PHYSIQUE"),
    (r"vinyles?|vinyls?|33 ?t(?:ours)?|45 ?t(?:ours)?|\blps?\b", "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE"),
    (r"\bcds?\b|albums?\b|disques?", "SUPPORT_PHYSIQUE_MUSIQUE_CD"),
    (r"\bdvds?\b|blu-?rays?", "SUPPORT_PHYSIQUE_FILM"),
    (r"partitions?|sheet music|scores?\b", "PARTITION"),
    (r"instruments?|guitares?|pianos?|violons?", "ACHAT_INSTRUMENT"),
    (r"beaux-arts|dessin|peinture|art supplies|loisirs? cr[ée]atifs?", "MATERIEL_ART_CREATIF"),
    (r"livres?|books?|romans?|bandes? dessin[ée]es?|\bbd\b|mangas?|po[ée]sie|polars?|essais?", "LIVRE_PAPIER"),
)


class Filed(NamedTuple):
    """Where an article is filed."""

    subcategory: str
    is_supposed: bool = False
    """Nothing says what it is, and the source has no word for such things: not to be sold before somebody says it."""


SUPPOSED = (
    "rien ne dit ce qu'est l'article : supposé LIVRE_PAPIER, non vendu (réglages subcategories, default_subcategory)"
)


class ShelfSettings(Settings):
    """How the articles of a shop are filed."""

    default_subcategory: str | None = Field(
        default=None,
        title="Sous-catégorie des articles",
        description="Ce qu'est un article dont rien ne dit la sorte ; sans elle il n'est pas vendu, « - » l'écarte.",
    )
    subcategories: str | None = Field(
        default=None,
        title="Sous-catégories par rayon",
        description="Par exemple : vinyles=SUPPORT_PHYSIQUE_MUSIQUE_VINYLE; mugs=- (écartés)",
    )

    @field_validator("default_subcategory")
    @classmethod
    def _of_goods(cls, name: str) -> str:
        return _goods(name)

    @field_validator("subcategories")
    @classmethod
    def _shelves(cls, text: str) -> str:
        return "; ".join(f"{word}={name}" for word, name in _by_shelf(text).items())

    def filed(self, ean: str | None, shelves: Iterable[str]) -> Filed | None:
        """What an article is: by the source's word for its shelf, its ISBN, the shelf's own word, else the default.

        None for what the source leaves out.
        """
        told = [shelf.strip().lower() for shelf in shelves if shelf.strip()]
        declared = _by_shelf(self.subcategories or "")
        for shelf in told:
            if shelf in declared:
                return None if declared[shelf] == LEFT_OUT else Filed(declared[shelf])
        found = next((name for shelf in told if (name := _by_word(shelf))), None)
        if ean is not None and ean.startswith(("978", "9791")):
            # A book by its number; on which carrier the shelf may say.
            return Filed(found if found in ("LIVRE_NUMERIQUE", "LIVRE_AUDIO_PHYSIQUE") else "LIVRE_PAPIER")
        if ean is not None and ean.startswith("9790"):
            return Filed("PARTITION")
        if found or self.default_subcategory not in (None, LEFT_OUT):
            return Filed(found or str(self.default_subcategory))
        return None if self.default_subcategory == LEFT_OUT else Filed("LIVRE_PAPIER", is_supposed=True)


@remembered
def _by_word(shelf: str) -> str | None:
    """What the words of a shelf's name say, in lower case."""
    return next((name for pattern, name in _WORDS if re.search(pattern, shelf)), None)


@functools.lru_cache(maxsize=256)
def _by_shelf(text: str) -> Mapping[str, str]:
    """`vinyles=…; mugs=-` by shelf in lower case. Raises ValueError."""
    found: dict[str, str] = {}
    for pair in filter(None, (piece.strip() for piece in text.split(";"))):
        word, equals, name = (side.strip() for side in pair.partition("="))
        if not equals or not word:
            raise ValueError("il faut rayon=SOUS_CATEGORIE, séparés par des points-virgules")
        found[word.lower()] = _goods(name)
    return found


def _goods(name: str) -> str:
    known = SUBCATEGORIES.get(name)
    if name != LEFT_OUT and (known is None or known.is_event):
        allowed = ", ".join(key for key, one in SUBCATEGORIES.items() if not one.is_event)
        raise ValueError(f"sous-catégorie de bien inconnue : {name[:60]} (connues : {allowed})")
    return name
