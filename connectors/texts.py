"""Texts as providers write them, into plain text: entities read, markup gone, white space made one space."""

from __future__ import annotations

import html
import re
from typing import Any

_BLOCK = re.compile(r"</?(?:p|br|div|li|ul|ol|dl|dd|dt|tr|td|th|table|h[1-6]|hr|blockquote)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--|\?[^<>]*)>", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_MOST_READ = 20_000
_WEB = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")


def line(text: object, *, longest: int) -> str | None:
    """`text` on one line without control characters, cut at `longest`; None when nothing is left."""
    if not isinstance(text, str):
        return None
    if not text.isprintable():
        text = _CONTROL.sub("", text)
    elif len(text) <= longest and "  " not in text:
        return text.strip(" ") or None  # as most are: any other white space is not printable
    return cut(" ".join(text.split()), longest) or None


def plain(text: object, *, longest: int) -> str | None:
    """`text` without markup, whether it was raw, escaped once or escaped twice; None when nothing is left.

    By content, not by the declared format: providers' declarations contradict what they send.
    """
    if not isinstance(text, str):
        return None
    if "<" not in text and "&" not in text:
        return line(text, longest=longest)
    # What is cut off would not be shown, and unclosed comments cost the square of their number.
    text = text[:_MOST_READ]
    for _ in range(3):
        bare = _TAG.sub("", _BLOCK.sub(" ", text)) if "<" in text else text
        bare = html.unescape(bare)
        if bare == text:
            break
        text = bare
        if "<" not in text and "&" not in text:
            break
    return line(text, longest=longest)


def cut(text: str, longest: int) -> str:
    """`text`, or its beginning up to a word's end and an ellipsis."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    space = head.rfind(" ")
    return (head[:space] if space > longest // 2 else head).rstrip() + "…"


def in_french(value: Any) -> Any:
    """The French of a text by language; any other language where French misses; a bare text as it is."""
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("fr"), str) and value["fr"].strip():
        return value["fr"]
    return next((text for text in value.values() if isinstance(text, str) and text.strip()), None)


def web_address(text: Any) -> str | None:
    """An http(s) address people may follow; None for anything else."""
    if not isinstance(text, str) or len(text) > 2000:
        return None
    found = text.strip()
    return found if _WEB.fullmatch(found) else None
