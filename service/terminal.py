"""What is printed for people: in colours of our own, and with no command to the terminal that somebody else wrote.

A title may hold anything. Escape sequences would set a window's name, fill the clipboard or hide what was printed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

_HIDDEN: Final = {
    number: "\ufffd"
    for number in [*range(0x20), *range(0x7F, 0xA0), *range(0x200E, 0x2070), 0x061C]
    if chr(number) not in "\n\t" and unicodedata.category(chr(number)) in ("Cc", "Cf")
}
"""Control characters, and those that turn the direction of what follows."""


class Terminal(Console):
    """A console that shows such characters as U+FFFD."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(plain(segment.text), segment.style)


def plain(text: str) -> str:
    """The text without commands to a terminal."""
    return text.translate(_HIDDEN)
