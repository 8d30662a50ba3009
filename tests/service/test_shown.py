"""What people read of readings: figures with their units, differences from old to new, where sources stand."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console, RenderableType

from service.commands import shown
from service.commands.providers import print_alerts
from sync.alerts import Alert
from sync.differences import Difference, FieldChange
from sync.runs import RunReport
from sync.sources import SourceRow

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def text(renderable: RenderableType) -> str:
    """As a wide terminal shows it, each line without what trails."""
    console = Console(width=200, record=True, file=io.StringIO(), highlight=False)
    console.print(renderable, soft_wrap=True)
    return "\n".join(line.rstrip() for line in console.export_text().splitlines())


def row(number: int, **more: object) -> SourceRow:
    given: dict[str, object] = {
        "id": number, "connector": "stocks_api", "account": "1", "label": f"Librairie {number}", "licence": "x",
        "venue": None, "paused_why": None, "stale_since": None, "due_at": NOW, "state": "done", "mode": "full",
        "started_at": NOW,
        "ended_at": NOW, "records": 10, "created": 1, "changed": 2, "unchanged": 7, "rejected": 0, "withdrawn": 0,
        "message": None, "is_partial": False, "rows_read": None, "rows_expected": None,
    }  # fmt: skip
    return SourceRow(**{**given, **more})  # type: ignore[arg-type]


def test_differences_are_told_from_old_to_new() -> None:
    """Prices in euros, quantities, a session's two times, what has no limit; brackets in titles are text."""
    said = text(
        shown.changes(
            [
                Difference(
                    "changed",
                    "stock",
                    "978",
                    "590",
                    "Tintin [1]",
                    [FieldChange("priceCents", 1099, 1159), FieldChange("available", 4, None)],
                ),
                Difference(
                    "changed",
                    "session",
                    "s",
                    "",
                    "Phèdre",
                    [FieldChange("beginsAt", "2026-12-03T19:30:00Z", "2026-12-03T20:00:00Z")],
                ),
                Difference("new", "stock", "979", "", None, [FieldChange("priceCents", None, 705)]),
                Difference("gone", "stock", "980", "", "Vendredi"),
            ]
        )
    )
    assert [" ".join(line.split()) for line in said.splitlines()] == [
        "changé stock 978 590 Tintin [1] prix 10,99 € → 11,59 € ; quantité 4 → sans limite",
        "changé séance s Phèdre début 03/12/2026 19:30 UTC → 03/12/2026 20:00 UTC",
        "nouveau stock 979 prix 7,05 €",
        "retiré stock 980 Vendredi",
    ]


def test_what_deserves_a_look_comes_first() -> None:
    """Those being read with how far they are, then failures; a pause is told, and the rest is counted."""
    rows = [
        row(1),
        row(2, state="failed"),
        row(3, state="running", rows_read=300, rows_expected=1200),
        row(4, is_partial=True, rows_read=77),
        row(5, state=None, paused_why="accès refusé"),
    ]
    said = text(shown.status(rows, 3, most=4)).splitlines()
    assert [line.split()[0] for line in said[1:5]] == ["3", "4", "2", "5"]
    assert "██░░░░░░░░ 25%" in said[1]
    assert "77 lignes" in said[2]
    assert said[5] == "5 sources, 1 en cours, 1 en partie, 1 en échec, 1 en pause ; 3 lignes en quarantaine"
    everything = text(shown.status(rows, 0)).splitlines()
    assert [line.split()[0] for line in everything[1:6]] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("count", "expected"), [(0, "0 octets"), (999, "999 octets"), (96_412, "96,4 ko"), (12_000_000, "12,0 Mo")]
)
def test_sizes(count, expected) -> None:
    assert expected == shown.size(count)


def test_a_report_tells_stages_moves_and_refusals() -> None:
    """Only what there is to tell."""
    plain = RunReport(
        id=9, source_id=1, mode="full", state="done", started_at=NOW, ended_at=NOW, records=3, created=1, changed=1,
        unchanged=0, repeated=0, rejected=1, withdrawn=0, zeroed=0, kept_sold=0,
        cancelled_bookings=0, moved_bookings=0, moved=0, is_partial=False, pages=2,
        bytes_read=2048, rows_read=None, rows_expected=None, seconds={}, first_errors=[], first_moves=[],
        failure=None, message=None,
    )  # fmt: skip
    assert len(text(shown.run_report(plain)).splitlines()) == 3
    said = text(
        shown.run_report(
            replace(
                plain,
                rows_read=3,
                rows_expected=4,
                seconds={"fetch": 1.25, "parse": 0.004, "merge": 0, "commit": 0, "sweep": 0},
                moved=1,
                first_moves=[{"key": "s", "title": "Le Cid", "from": NOW.isoformat(), "to": "2026-11-24T05:00:00Z"}],
                first_errors=[{"why": "prix [négatif]", "kind": "stock", "key": "978", "page": 2}],
            )
        )
    )
    assert "3 de ses lignes sur 4 annoncées" in said
    assert "attente du fournisseur 1,2 s · lecture et vérification 4 ms" in said
    assert "Le Cid 23/11/2026 05:00 UTC → 24/11/2026 05:00 UTC" in " ".join(said.split())
    assert "stock 978 réponse 2 prix [négatif]" in " ".join(said.split())


def test_an_alert_s_words_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """What is coloured on a terminal leaves no mark in a file, and a name may hold brackets."""
    print_alerts([Alert(1, "provider_down", "provider:boost@[rock]", NOW, "boost@[rock] ne répond plus")])
    assert capsys.readouterr().out.endswith(" UTC : boost@[rock] ne répond plus\n")
    print_alerts([Alert(1, "provider_down", "provider:x", NOW, "x")])
    assert "yellow" not in capsys.readouterr().out
