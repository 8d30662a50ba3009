"""Dublin Core, simple or in OAI's wrapper: what it says of a thing in its fifteen elements.

Source: DCMI Metadata Terms (2020); how the BnF, Gallica and library portals write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.marc_words import language_of, name_of, pages_of, tidy, year_of
from connectors.remembered import remembered
from connectors.texts import plain
from connectors.xml_elements import Element, local, text_of
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Contributor, Identifier, Product, SourceRef

_ISBN = re.compile(
    r"(?:isbn[:\s-]*(?:1[03][:\s]+)?)?((?:97[89][- ]?)?\d(?:[- ]?\d){8}[- ]?[\dXx])(?!\d)", re.IGNORECASE
)
_ARK = re.compile(r"ark:/\d{5}/[0-9a-z]+", re.IGNORECASE)
_DATES = re.compile(r"\s*[(,]?\s*\(?-?\d{3,4}\??\s*-\s*(?:\d{4}|\.{2,4})?\??\)?")
_ROLE = re.compile(r"\.\s+(Auteur[^.]*|Traducteur|Illustrateur|Éditeur scientifique|Préfacier|Compositeur)\s*$")
_ROLES = {"traducteur": "translator", "illustrateur": "illustrator", "éditeur scientifique": "editor"}
_ROLES |= {"préfacier": "preface", "compositeur": "composer"}
_PLACE = re.compile(r"\s*\([^()]*\)\s*$")
_OTHER = "-"
_KINDS: tuple[tuple[str, str], ...] = (
    (r"périodique|publication en série|serial|fascicule|journal|newspaper|revue", _OTHER),
    (r"partition|notated music|music score|musique (?:imprimée|notée)", "PARTITION"),
    (r"livre audio|audio ?book|spoken", "LIVRE_AUDIO_PHYSIQUE"),
    (r"vinyl", "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE"),
    (r"\bsound\b|\bson\b|sonore|audio|musi(?:c|que)", "SUPPORT_PHYSIQUE_MUSIQUE_CD"),
    (r"vid[ée]o|moving ?image|\bfilm|dvd|blu-?ray", "SUPPORT_PHYSIQUE_FILM"),
    (r"e-?book|livre num[ée]rique|electronic resource|ressource [ée]lectronique", "LIVRE_NUMERIQUE"),
    (r"text|livre|book|monograph|imprim|manuscri|roman|bande dessin|album|th[eè]s", "LIVRE_PAPIER"),
    (r"image|carte|\bmap|photo|estampe|affiche|objet|object|dataset|software|mod[eè]le", _OTHER),
)
_READ = frozenset({"title", "creator", "contributor", "publisher", "date", "issued", "type", "format", "identifier",
                   "source", "language", "subject", "description", "abstract"})  # fmt: skip
_FILES = re.compile(r"application/(?:pdf|epub)|text/html|epub", re.IGNORECASE)


def product_of(element: Element, ref: SourceRef, notes: list[str]) -> Product:
    """The product of a `dc` element. Raises ValueError for what has no title or no place in the list."""
    said: dict[str, list[str]] = {}
    for one in element.iter():
        if (name := local(one)) in _READ and (text := plain(text_of(one), longest=4000)):
            said.setdefault(name, []).append(text)
    titles = said.get("title", [])
    title = None if not titles else tidy(titles[0].split(" / ")[0])
    if title is None:
        raise ValueError("titre manquant")
    publisher = next(iter(said.get("publisher", [])), None)
    return Product(
        ref=ref,
        title=title,
        subcategory=_subcategory(said),
        identifiers=list(_identifiers(said, notes)),
        contributors=list(_contributors(said))[:100],
        publisher=tidy(_PLACE.sub("", publisher), longest=300) if publisher else None,
        language=language_of(*said.get("language", [])),
        published_on=year_of(*said.get("date", []), *said.get("issued", [])),
        page_count=pages_of(*(text for text in said.get("format", []) if not text.strip().isdecimal())),
        genres=[genre for told in said.get("subject", [])[:10] if (genre := tidy(told, longest=100))],
        description=plain(next(iter(said.get("description", said.get("abstract", []))), None), longest=2000),
    )


def _subcategory(said: dict[str, list[str]]) -> str:
    told = " | ".join(said.get("type", [])).lower()
    formats = " | ".join(said.get("format", [])).lower()
    for source in (told, formats):
        if (kind := _kind(source)) is not None:
            if kind == _OTHER:
                raise ValueError(f"type « {told[:60]} » : rien de tel dans les sous-catégories du pass Culture")
            return "LIVRE_NUMERIQUE" if kind == "LIVRE_PAPIER" and _FILES.search(formats) else kind
    if told:
        raise ValueError(f"type « {told[:60]} » : rien de tel dans les sous-catégories du pass Culture")
    return "LIVRE_NUMERIQUE" if _FILES.search(formats) else "LIVRE_PAPIER"


@remembered
def _kind(source: str) -> str | None:
    """The subcategory that the first known word tells, `_OTHER` for what has none; None where no word is known."""
    return next((found for pattern, found in _KINDS if re.search(pattern, source)), None)


def _identifiers(said: dict[str, list[str]], notes: list[str]) -> Iterator[Identifier]:
    seen: set[str] = set()
    for text in [*said.get("identifier", []), *said.get("source", [])]:
        for scheme, found in (("ark", _ARK.search(text)), ("isbn", _ISBN.search(text))):
            if found is None or scheme in seen or (scheme == "isbn" and "://" in text):
                continue
            try:
                name = identifier(scheme, found[0] if scheme == "ark" else found[1])
            except InvalidIdentifier as fault:
                if "isbn" in text.lower() or scheme == "ark":
                    notes.append(str(fault))
                continue
            seen.add(scheme)
            yield name


def _contributors(said: dict[str, list[str]]) -> Iterator[Contributor]:
    seen: set[str] = set()
    for element, usual in (("creator", "author"), ("contributor", "contributor")):
        for text in said.get(element, []):
            name, role = _named(text)
            if name and name not in seen:
                seen.add(name)
                yield Contributor(name=name[:300], role=role or usual)


@remembered
def _named(text: str) -> tuple[str | None, str | None]:
    """A person's name as it is read, and the role where the text tells one."""
    found = _ROLE.search(text)
    word = found[1].lower() if found else ""
    role = "author" if word.startswith("auteur") else _ROLES.get(word)
    return name_of(_DATES.sub("", _ROLE.sub("", text)).strip()), role
