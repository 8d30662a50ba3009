"""What others wrote is shown, and commands no terminal."""

from __future__ import annotations

import io

from rich.table import Table
from rich.text import Text

from service.commands.running import err, out
from service.terminal import Terminal

NASTY = "L'Avare\x1b]52;c;ZXZpbA==\x07\x1b[2J\x9b31m\u202efin\r\n"


def test_a_title_commands_no_terminal() -> None:
    """Printed alone, in a table or beside our own colours, which stay."""
    said = io.StringIO()
    terminal = Terminal(file=said, force_terminal=True, color_system="standard", highlight=False, markup=False)
    table = Table("titre")
    table.add_row(NASTY)
    for one in (NASTY, Text.assemble(("rouge", "red"), NASTY), table):
        terminal.print(one)
    shown = said.getvalue()
    assert shown.count("L'Avare") == 3
    for command in ("\x1b]", "\x1b[2J", "\x9b", "\x07", "\r", "\u202e"):
        assert command not in shown
    assert "\x1b[31mrouge" in shown


def test_commands_print_through_it() -> None:
    """Both of their ways out."""
    assert all(isinstance(one, Terminal) for one in (out, err))
