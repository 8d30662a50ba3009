"""What the demo promises, ticked off as it happens. One promise broken and it ends in failure, saying which."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape


@dataclass(slots=True)
class Promises:
    """The promises so far."""

    console: Console
    broken: list[str] = field(default_factory=list)
    kept: int = 0

    def check(self, promise: str, is_kept: object, seen: object = "") -> None:
        """Says whether a promise is kept; `seen` tells what was there instead, or the proof."""
        shown = f" [dim]{escape(str(seen))}[/]" if seen != "" else ""
        if is_kept:
            self.kept += 1
            self.console.print(f"  [green]✓[/] {promise}{shown}", soft_wrap=True)
        else:
            self.broken.append(f"{promise} (vu : {seen})")
            self.console.print(f"  [red]✗ {promise}[/]{shown}", soft_wrap=True)


def act(console: Console, title: str) -> None:
    """Opens an act."""
    console.print()
    console.rule(f"[bold]{title}[/]", align="left")
