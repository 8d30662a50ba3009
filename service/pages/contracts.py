"""A contract in API Blueprint as Markdown for people: its keywords in French, its forms linked, its routes in sight.

Tools read the file as it is; this is only how a browser is shown it.
"""

from __future__ import annotations

import re

SUFFIX = ".apib"
_METADATA = re.compile(r"\A(?:[A-Z]+: .*\n)+")
"""The first lines: `FORMAT: 1A`."""
_KEYWORDS = (
    (re.compile(r"^# Data Structures$", re.MULTILINE), "## Formes"),
    (re.compile(r"^## (\w+) \(object\)$", re.MULTILINE), r"### \1"),
    (re.compile(r"^### (.+?) \[([^\]]+)\]$", re.MULTILINE), r"#### \1\n\n`\2`"),
    (re.compile(r"^## (.+?) \[[^\]]+\]$", re.MULTILINE), r"### \1"),
    (re.compile(r"^# Group (.+)$", re.MULTILINE), r"## \1"),
    (re.compile(r"^\+ Request (.+?)(?: \([\w/+.-]+\))?$", re.MULTILINE), r"+ **Demande** : \1"),
    (re.compile(r"^\+ Response (\d+)(?: \(([\w/+.-]+)\))?$", re.MULTILINE), r"+ **Réponse \1** \2"),
    (re.compile(r"^( *\+) Parameters$", re.MULTILINE), r"\1 Paramètres"),
    (re.compile(r"^( *\+) Headers$", re.MULTILINE), r"\1 En-têtes"),
    (re.compile(r"^( *\+) Body$", re.MULTILINE), r"\1 Corps"),
    (re.compile(r"^( *\+) Default: ", re.MULTILINE), r"\1 Par défaut : "),
)
_FORM = re.compile(r"^( *\+) Attributes \((\w+)(?:, fixed-type)?\)$", re.MULTILINE)
_MEMBER = re.compile(r"^( *\+ \w+(?:: `[^`]*`)?) \(([^)]+)\)", re.MULTILINE)
_DOCUMENT = re.compile(r"`docs/([\w/.-]+\.md)`")
_WORDS = {
    "string": "texte",
    "number": "nombre",
    "boolean": "oui ou non",
    "object": "objet",
    "required": "requis",
    "optional": "facultatif",
    "nullable": "ou null",
    "fixed-type": "",
}


def for_people(text: str) -> str:
    """The contract as Markdown with headings of levels 1 to 4."""
    text = _METADATA.sub("", text)
    for keyword, french in _KEYWORDS:
        text = keyword.sub(french, text)
    text = _FORM.sub(lambda found: f"{found[1]} Forme : {_link(found[2])}", text)
    text = _DOCUMENT.sub(r"[`docs/\1`](/docs/\1)", text)
    return _MEMBER.sub(lambda found: f"{found[1]} ({_in_french(found[2])})", text)


def _in_french(words: str) -> str:
    told = (_type(word.strip()) for word in words.split(","))
    return ", ".join(word for word in told if word)


def _type(word: str) -> str:
    if many := re.fullmatch(r"array\[(\w+)\]", word):
        return f"liste de {_type(many[1])}"
    return _WORDS[word] if word in _WORDS else _link(word)


def _link(form: str) -> str:
    return f"[{form}](#{form.lower()})"
