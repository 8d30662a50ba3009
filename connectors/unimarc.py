"""UNIMARC, the format of French libraries: what a notice of it says.

Source: IFLA, UNIMARC Manual, Bibliographic format (updates to 2022), and its French use (BnF, Abes, Koha).
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.marc_notice import Field, Notice
from connectors.marc_words import Said, euros_of, language_of, name_of, pages_of, tidy, year_of
from connectors.texts import line
from schemas.records import Contributor

_ROLES = {
    "005": "performer",
    "010": "adapter",
    "070": "author",
    "072": "author",
    "075": "afterword",
    "080": "preface",
    "090": "author",
    "100": "author",
    "205": "contributor",
    "230": "composer",
    "300": "director",
    "340": "editor",
    "440": "illustrator",
    "550": "narrator",
    "590": "performer",
    "600": "photographer",
    "651": "editor",
    "690": "author",
    "721": "performer",
    "730": "translator",
}
_NOT_OF_THE_THING = frozenset({"160", "280", "310", "320", "390", "610", "650", "700", "723"})
"""Booksellers, dedicatees, former owners, printers, publishers, copyists, sponsors."""
_PERSONS = ("700", "701", "702", "710", "711", "712", "716", "720", "721", "722")


def numbers(notice: Notice) -> Iterator[tuple[str, str]]:
    """(scheme, value) of what may be an EAN, the best first."""
    for tag, scheme in (("010", "isbn"), ("073", "ean"), ("013", "ismn")):
        for one in notice.fields(tag):
            if (value := one.first("a")) is not None:
                yield scheme, value.split("(")[0].split(":")[0].strip()


def said(notice: Notice) -> Said:
    """What the notice says. Raises nothing: what it does not say is None."""
    title = next(notice.fields("200"), Field("  ", []))
    imprint = next((one for one in notice.fields("214") if one.indicators[1] == "0"), None)
    imprint = imprint or next(notice.fields("210", "214"), Field("  ", []))
    coded = notice.first("100", "a") or ""
    material = " ".join(title.all("b")).lower()
    extent = notice.first("215", "a")
    collection = next(notice.fields("225", "410"), Field("  ", []))
    return Said(
        kind=notice.leader_at(6),
        level=notice.leader_at(7),
        title=_title(title),
        subtitle=tidy(" : ".join(title.all("e"))),
        contributors=list(_contributors(notice, title)),
        publisher=tidy(imprint.first("c"), longest=300),
        collection=tidy(collection.first("a", "t"), longest=300),
        volume=tidy(title.first("h") or notice.first("461", "v") or collection.first("v"), longest=100),
        language=language_of(notice.first("101", "a"), coded[22:25]),
        published_on=year_of(imprint.first("d"), notice.first("210", "d"), notice.first("214", "d"), coded[9:13]),
        price_cents=euros_of(*(one.first("d") for one in notice.fields("010"))),
        page_count=pages_of(extent, notice.first("215", "c")),
        genres=list(_genres(notice)),
        description=line(notice.first("330", "a"), longest=2000),
        is_online=_is_online(notice, material),
        is_vinyl=any(word in f"{material} {extent}".lower() for word in ("vinyl", "microsillon", "33 t")),
    )


def _title(field: Field) -> str | None:
    """The title proper and, of a part that has a name of its own, that name: « Le Cycle. L'Épée »."""
    titles = field.all("a")
    parts = field.all("i")
    return tidy(". ".join([" ; ".join(titles), *parts]) if titles else ". ".join(parts))


def _contributors(notice: Notice, title: Field) -> Iterator[Contributor]:
    seen: set[tuple[str, str]] = set()
    for tag in _PERSONS:
        for one in notice.fields(tag):
            codes = [code[:3] for code in one.all("4")]
            if codes and all(code in _NOT_OF_THE_THING for code in codes):
                continue
            # A corporate body's subdivision stands in $b, and is no first name.
            name = name_of(one.first("a"), None if tag.startswith("71") else one.first("b"))
            roles = [_ROLES[code] for code in codes if code in _ROLES]
            main = tag in ("700", "701", "710", "720", "721")
            role = roles[0] if roles else "author" if main and not codes else "contributor"
            if name is not None and (name, role) not in seen:
                seen.add((name, role))
                yield Contributor(name=name[:300], role=role)
    if not seen and (told := tidy(title.first("f"), longest=120)) is not None:
        for name in told.split(";")[0].split(" et "):
            if (bare := name_of(name.removeprefix("par ").strip(" []."))) is not None:
                yield Contributor(name=bare)


def _genres(notice: Notice) -> Iterator[str]:
    if (dewey := notice.first("676", "a")) is not None:
        yield f"dewey:{dewey}"[:100]
    seen: set[str] = set()
    for one in notice.fields("608", "606"):
        name = tidy(one.first("a"), longest=100)
        if name is not None and name not in seen:
            seen.add(name)
            yield name


def _is_online(notice: Notice, material: str) -> bool:
    if any(word in material for word in ("électronique", "numérique", "electronic")):
        return True
    media = {value.strip() for one in notice.fields("182") for value in one.all("a", "c")}
    return "c" in media or notice.first("106", "a") == "s"
