"""MARC 21: what a notice of it says.

Source: Library of Congress, MARC 21 Format for Bibliographic Data (update 37, 2023), MARC Code List for Relators.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.marc_notice import Field, Notice
from connectors.marc_words import Said, euros_of, language_of, name_of, pages_of, tidy, year_of
from connectors.texts import line
from schemas.records import Contributor

_ROLES = {
    "act": "performer", "adp": "adapter", "art": "illustrator", "aui": "preface", "aut": "author", "clr": "colorist",
    "cmp": "composer", "cre": "author", "drt": "director", "edt": "editor", "fmd": "director", "ill": "illustrator",
    "nrt": "narrator", "pht": "photographer", "prf": "performer", "sng": "performer", "trl": "translator",
}  # fmt: skip
_IN_WORDS = {
    "author": "author", "auteur": "author", "translator": "translator", "traducteur": "translator",
    "trad": "translator",
    "illustrator": "illustrator", "illustrateur": "illustrator", "ill": "illustrator", "editor": "editor",
    "éditeur scientifique": "editor", "composer": "composer", "narrator": "narrator", "director": "director",
    "photographer": "photographer", "performer": "performer", "actor": "performer", "préfacier": "preface",
}  # fmt: skip
_NOT_OF_THE_THING = frozenset({"bsl", "dte", "fmo", "pbl", "prt", "bkd", "col", "dnr"})
_ISBN = re.compile(r"[0-9][0-9 -]{8,16}[0-9Xx]|97[89][0-9 -]{10,14}")


def numbers(notice: Notice) -> Iterator[tuple[str, str]]:
    """(scheme, value) of what may be an EAN, the best first; qualifiers such as « (broché) : 12 EUR » gone."""
    for one in notice.fields("020"):
        if (value := one.first("a")) is not None:
            found = _ISBN.match(value)
            yield "isbn", found[0].strip() if found else value.split("(")[0].split(":")[0].strip()
    for one in notice.fields("024"):
        scheme = {"2": "ismn", "3": "ean"}.get(one.indicators[:1])
        if scheme is not None and (value := one.first("a")) is not None:
            yield scheme, value.split("(")[0].strip()


def said(notice: Notice) -> Said:
    """What the notice says. Raises nothing: what it does not say is None."""
    title = next(notice.fields("245"), Field("  ", []))
    published = [one for one in notice.fields("264") if one.indicators[1:] == "1"]
    imprint = next(iter([*published, *notice.fields("260", "264")]), Field("  ", []))
    series = next(notice.fields("490", "440", "830", "800"), Field("  ", []))
    fixed = notice.control.get("008", "")
    part = tidy(title.first("n"), longest=100)
    extents = [one.first("a") for one in notice.fields("300")]
    carrier = " ".join(text for one in notice.fields("300", "500", "344") for text in one.all("a", "b", "c")).lower()
    named = tidy(". ".join(filter(None, (tidy(title.first("a")), tidy(title.first("p"))))))
    return Said(
        kind=notice.leader_at(6),
        level=notice.leader_at(7),
        title=named or tidy(notice.first("245", "a") or title.first("k")),
        subtitle=tidy(title.first("b")),
        contributors=list(_contributors(notice)),
        publisher=tidy(imprint.first("b"), longest=300),
        collection=tidy(series.first("a", "t"), longest=300),
        volume=part or tidy(series.first("v"), longest=100),
        language=language_of(fixed[35:38], notice.first("041", "a")),
        published_on=year_of(fixed[7:11], imprint.first("c")),
        price_cents=euros_of(*(told for one in notice.fields("020") for told in (one.first("c"), one.first("a")))),
        page_count=pages_of(*extents),
        genres=list(_genres(notice)),
        description=line(notice.first("520", "a"), longest=2000),
        is_online=_is_online(notice, fixed, title),
        is_vinyl="vinyl" in carrier or "33 1/3" in carrier,
    )


def _contributors(notice: Notice) -> Iterator[Contributor]:
    seen: set[tuple[str, str]] = set()
    for tag in ("100", "110", "111", "700", "710", "711", "720"):
        for one in notice.fields(tag):
            codes = [code.rpartition("/")[2][:3] for code in one.all("4")]
            if one.first("t") is not None or (codes and all(code in _NOT_OF_THE_THING for code in codes)):
                continue  # an added entry for another work, or somebody who did not make the thing
            name = name_of(one.first("a")) if tag in ("100", "700", "720") else tidy(one.first("a"), longest=300)
            if name is None:
                continue
            roles = [_ROLES[code] for code in codes if code in _ROLES]
            roles += [_IN_WORDS[word] for told in one.all("e") if (word := told.lower().strip(" .,;")) in _IN_WORDS]
            role = roles[0] if roles else "author" if tag.startswith("1") else "contributor"
            if (name, role) not in seen:
                seen.add((name, role))
                yield Contributor(name=name[:300], role=role)


def _genres(notice: Notice) -> Iterator[str]:
    if (dewey := notice.first("082", "a")) is not None:
        yield f"dewey:{dewey}"[:100]
    seen: set[str] = set()
    for one in notice.fields("655", "650"):
        name = tidy(one.first("a"), longest=100)
        if name is not None and (bare := name.rstrip(".")) and bare not in seen:
            seen.add(bare)
            yield bare


def _is_online(notice: Notice, fixed: str, title: Field) -> bool:
    if notice.control.get("007", "").startswith("cr") or notice.first("338", "b") == "cr":
        return True
    return fixed[23:24] in ("o", "s", "q") or "electronic resource" in " ".join(title.all("h")).lower()
