"""What an ONIX product is in the pass Culture's list: by its form, list 150 in 3.x and list 7 in 2.1.

The lists share a code or two that mean different things (DG, DO), never two that would be filed apart here.
"""

from __future__ import annotations

from connectors.onix_elements import Element, all_of, content, text

_PAPER, _EBOOK = "LIVRE_PAPIER", "LIVRE_NUMERIQUE"
_AUDIO_DISC, _AUDIO_FILE = "LIVRE_AUDIO_PHYSIQUE", "TELECHARGEMENT_LIVRE_AUDIO"
_AUDIO_FILES = frozenset({"AJ", "AN", "AO"})
_DIGITAL = frozenset({"EA", "EB", "EC", "ED", "DG", "DH"})
"""Delivered electronically: E* of list 150; DG, electronic book text, and DH, online, of list 7."""
_MUSIC = frozenset({"03", "04"})
"""Content types of recorded music (list 81): not a book read aloud."""
_SPEECH = frozenset({"01", "02", "13"})
_VIDEO = frozenset({"VI", "VO", "VJ", "VN", "VK", "VL", "VM", "VF"})


def subcategory_of(block: Element, notes: list[str]) -> str:
    """The subcategory of a product by the block that holds its form; what has no form but pages is a book, with a note.

    Raises ValueError naming the form when the pass Culture has nothing for it: a map, a toy, stationery.
    """
    form = (text(block, "ProductForm") or "").upper()
    contents = {content(one) for name in ("PrimaryContentType", "ProductContentType") for one in all_of(block, name)}
    if form.startswith("S") or form == "WW":
        return _of_parts(block, form)
    found = _of_form(form, contents, {content(one) for one in all_of(block, "ProductFormDetail")})
    if found is None and not form and text(block, "EpubType") is not None:
        return _EBOOK
    if found is None and not form and (text(block, "NumberOfPages") or "").strip("0"):
        notes.append("forme du produit (ProductForm) absente : un livre, d'après ses pages")
        return _PAPER
    if found is None:
        raise ValueError(_unknown(form))
    return found


def _of_form(form: str, contents: set[str | None], details: set[str | None]) -> str | None:
    if form.startswith("B"):
        return _PAPER
    if form in _DIGITAL:
        spoken = contents & _SPEECH or (not contents and any((one or "").startswith("A1") for one in details))
        return _AUDIO_FILE if spoken else None if contents & _MUSIC else _EBOOK
    if form.startswith("A"):
        if contents & _MUSIC:
            return {"AC": "SUPPORT_PHYSIQUE_MUSIQUE_CD", "AM": "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE"}.get(form)
        return _AUDIO_FILE if form in _AUDIO_FILES else _AUDIO_DISC
    if form == "PI":
        return "PARTITION"
    return "SUPPORT_PHYSIQUE_FILM" if form in _VIDEO else None


def _of_parts(block: Element, form: str) -> str:
    """A set is what its parts are, when they are all the same; a book with a disc is a book."""
    parts = [*all_of(block, "ProductPart"), *all_of(block, "ContainedItem")]
    found = {_of_form((text(part, "ProductForm") or "").upper(), set(), set()) for part in parts}
    if _PAPER in found:
        return _PAPER
    if len(found) == 1 and (only := found.pop()) is not None:
        return only
    raise ValueError(_unknown(form))


def _unknown(form: str) -> str:
    if not form:
        return "forme du produit (ProductForm) absente"
    return f"forme de produit « {form[:10]} » : rien de tel dans les sous-catégories du pass Culture"
