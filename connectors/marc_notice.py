"""A bibliographic record of the MARC family, whichever form it came in: ISO 2709, MARCXML or JSON.

A "notice" is what French libraries call it. Texts are as the record has them; `texts.line` cleans them where they
are used.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from connectors.xml_elements import Element

Dialect = Literal["unimarc", "marc21"]


_PMB_LEADER = {"rs": 5, "dt": 6, "bl": 7}
"""PMB tells these places of the leader apart."""


class Field(NamedTuple):
    """Two indicators, and (code, value) in their order."""

    indicators: str
    subfields: list[tuple[str, str]]

    def first(self, *codes: str) -> str | None:
        """The first value of the first of `codes` that has one that is not blank."""
        for wanted in codes:
            for code, value in self.subfields:
                if code == wanted and (bare := value.strip()):
                    return bare
        return None

    def all(self, *codes: str) -> list[str]:
        """Values of these codes in the record's order."""
        return [bare for code, value in self.subfields if code in codes and (bare := value.strip())]


@dataclass(slots=True)
class Notice:
    """One record: 24 characters of leader, control fields, data fields by tag."""

    leader: str
    control: dict[str, str] = field(default_factory=dict)
    data: dict[str, list[Field]] = field(default_factory=dict)
    dialect: Dialect | None = None
    """Where the record or its envelope says it."""
    ark: str | None = None
    """The record's own ARK where its envelope tells it (marcxchange `id`)."""

    def add(self, tag: str, one: Field) -> None:
        self.data.setdefault(tag, []).append(one)

    def fields(self, *tags: str) -> Iterator[Field]:
        for tag in tags:
            yield from self.data.get(tag, ())

    def first(self, tag: str, *codes: str) -> str | None:
        """The first value in any field of that tag."""
        for one in self.data.get(tag, ()):
            if (found := one.first(*codes)) is not None:
                return found
        return None

    def leader_at(self, place: int) -> str:
        """One character of the leader in lower case, blank where it is not told."""
        return self.leader[place : place + 1].lower().strip("|#") or " "

    @property
    def is_deleted(self) -> bool:
        return self.leader_at(5) == "d"


def dialect_of(notice: Notice) -> Dialect:
    """UNIMARC or MARC 21: as declared, else by the fields that only one of them has.

    Both use 100, 200 and 700, for other things; the title (200, 245) and the source (801, 008) tell them apart.
    Raises ValueError where nothing does.
    """
    if notice.dialect is not None:
        return notice.dialect
    votes = {
        "marc21": ("245" in notice.data) * 2 + ("008" in notice.control) + ("260" in notice.data),
        "unimarc": ("200" in notice.data) * 2 + ("801" in notice.data) + ("210" in notice.data),
    }
    if votes["marc21"] == votes["unimarc"]:
        raise ValueError("ni titre UNIMARC (200) ni titre MARC 21 (245)")
    return "marc21" if votes["marc21"] > votes["unimarc"] else "unimarc"


def from_element(record: Element) -> Notice:
    """A `record` of MARCXML or marcxchange, in any namespace, or a `notice` of PMB's own XML.

    Raises ValueError without a single field.
    """
    notice = Notice(leader=" " * 24)
    for one in record.iterchildren("{*}*"):
        name = str(one.tag).rpartition("}")[2]
        if name == "datafield":
            subfields = [(part.get("code") or "", part.text or "") for part in one.iterchildren("{*}subfield")]
            indicators = (one.get("ind1") or " ") + (one.get("ind2") or " ")
            notice.add((one.get("tag") or "").rjust(3, "0"), Field(indicators, subfields))
        elif name == "controlfield":
            notice.control.setdefault(one.get("tag") or "", one.text or "")
        elif name == "leader":
            notice.leader = one.text or notice.leader
        elif name == "f":
            _add_pmb(notice, one)
        elif name in _PMB_LEADER and one.text:
            notice.leader = notice.leader.ljust(24)
            place = _PMB_LEADER[name]
            notice.leader = notice.leader[:place] + one.text[:1] + notice.leader[place + 1 :]
    if not notice.data:
        raise ValueError("notice sans aucun champ")
    told = (record.get("format") or "").upper()
    notice.dialect = "unimarc" if told == "UNIMARC" else "marc21" if told in ("MARC21", "USMARC") else None
    notice.ark = record.get("id")
    return notice


def _add_pmb(notice: Notice, one: Element) -> None:
    """A field of PMB: `<f c="200" ind="1 "><s c="a">…</s></f>`, control fields with a text of their own."""
    tag = one.get("c") or ""
    parts = [(part.get("c") or "", part.text or "") for part in one.iterchildren("{*}s")]
    if parts:
        notice.add(tag, Field((one.get("ind") or "").ljust(2)[:2], parts))
    elif one.text:
        notice.control.setdefault(tag, one.text)
    notice.dialect = "unimarc"


def from_json(document: Any) -> Notice:
    """A record of MARC-in-JSON. Raises ValueError for anything else."""
    if not isinstance(document, Mapping) or not isinstance(document.get("fields"), list):
        raise ValueError("notice MARC-in-JSON sans fields")
    notice = Notice(leader=str(document.get("leader") or " " * 24))
    for entry in document["fields"]:
        if not isinstance(entry, Mapping):
            continue
        for tag, content in entry.items():
            if isinstance(content, str):
                notice.control.setdefault(tag, content)
            elif isinstance(content, Mapping) and isinstance(content.get("subfields"), list):
                pairs = [pair for part in content["subfields"] if isinstance(part, Mapping) for pair in part.items()]
                subfields = [(str(code), value) for code, value in pairs if isinstance(value, str)]
                indicators = f"{content.get('ind1') or ' '}{content.get('ind2') or ' '}"
                notice.add(tag, Field(indicators, subfields))
    if not notice.data:
        raise ValueError("notice sans aucun champ")
    return notice


def json_notices(body: bytes) -> Any:
    """MARC-in-JSON as it is found, raw control characters in its texts included. Raises ValueError."""
    return json.loads(body.decode("utf-8", "replace"), strict=False)
