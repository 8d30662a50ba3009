"""Records of ISO 2709 exchange files into notices.

By hand rather than by pymarc's reader: that one trusts the directory's lengths, which overflow and lie, stops a
file for one record, and knows a charset by the leader alone. Its tables of MARC-8 are used (`marc_charsets`).
"""

from __future__ import annotations

import itertools

from connectors.marc_charsets import decoder_of
from connectors.marc_notice import Field, Notice

_LEADER = 24


def from_iso2709(body: bytes, charset: str | None = None) -> tuple[Notice, str]:
    """The notice of one record's bytes, its end mark gone or not, and the charset that was read.

    Fields follow each other as the directory's starts do; where both disagree, the directory is believed.
    Raises ValueError for what is no record.
    """
    leader = body[:_LEADER]
    if len(leader) < _LEADER:
        raise ValueError("guide de moins de 24 caractères")
    end = body.find(b"\x1e", _LEADER)
    if end < 0:
        raise ValueError("répertoire sans fin")
    name, decode = decoder_of(body, charset)
    notice = Notice(leader=leader.decode("latin-1"))
    for tag, data in _fields(body, end):
        if tag.startswith("00") and b"\x1f" not in data:
            notice.control.setdefault(tag, decode(data))
        elif len(parts := data.split(b"\x1f")) > 1:
            pairs = [(chr(part[0]), decode(part[1:])) for part in parts[1:] if part]
            notice.add(tag, Field(parts[0][:2].decode("latin-1").ljust(2), pairs))
    if not notice.data:
        raise ValueError("notice sans aucun champ")
    return notice, name


def _fields(body: bytes, end: int) -> list[tuple[str, bytes]]:
    directory = body[_LEADER:end]
    parts = body[end + 1 :].rstrip(b"\x1d\r\n").split(b"\x1e")
    if parts and not parts[-1].strip():
        parts.pop()
    entries = [directory[at : at + 12] for at in range(0, len(directory) - 11, 12)]
    tags = [entry[:3].decode("latin-1") for entry in entries]
    if all(entry[7:].isdigit() for entry in entries):
        starts = [int(entry[7:]) for entry in entries]
        if any(after < before for before, after in itertools.pairwise(starts)):
            tags = [tag for _, tag in sorted(zip(starts, tags, strict=True), key=lambda pair: pair[0])]
        if len(tags) != len(parts):
            return [_at(body[end + 1 :], entry) for entry in entries if entry[3:7].isdigit()]
    if len(tags) != len(parts):
        raise ValueError(f"répertoire de {len(tags)} champs, notice de {len(parts)}")
    return list(zip(tags, parts, strict=True))


def _at(data: bytes, entry: bytes) -> tuple[str, bytes]:
    """A field where its entry says it is; a length too long is cut at the field's mark."""
    length, start = int(entry[3:7]), int(entry[7:])
    return entry[:3].decode("latin-1"), data[start : start + length].partition(b"\x1e")[0]
