"""How readings are put before people: where sources stand, one run's report, what a rehearsal would change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from service.french import FAILURES, STATES, counted
from sync.differences import Difference, FieldChange
from sync.runs import RunReport
from sync.sources import SourceRow

MODES = {"full": "complète", "incremental": "incrémentale"}
COLOURS = {
    "running": "cyan",
    "partial": "cyan",
    "done": "green",
    "failed": "red",
    "guarded": "yellow",
    "lost": "yellow",
    "paused": "yellow",
}
_FIRST = {state: place for place, state in enumerate(("running", "partial", "failed", "guarded", "lost", "paused"))}
STAGES = {
    "fetch": "attente du fournisseur",
    "parse": "lecture et vérification",
    "merge": "rapprochement",
    "commit": "écriture",
    "sweep": "retraits",
}
KINDS = {
    "work": "œuvre",
    "product": "produit",
    "venue": "lieu",
    "event": "événement",
    "session": "séance",
    "stock": "stock",
}
WHAT = {"new": Text("nouveau", "green"), "changed": Text("changé", "yellow"), "gone": Text("retiré", "red")}
FIELDS = {
    "available": "quantité",
    "priceCents": "prix",
    "priceLabel": "catégorie",
    "sellableUntil": "en vente jusqu'à",
    "beginsAt": "début",
    "endsAt": "fin",
    "title": "titre",
    "name": "nom",
    "hall": "salle",
    "version": "version",
    "cancelled": "annulée",
    "description": "description",
    "subcategory": "sous-catégorie",
}
_BAR = 10
_LONGEST = 60


def state_of(row: SourceRow) -> str:
    """Where a source stands, in one word."""
    if row.state == "running":
        return "running"
    if row.paused_why:
        return "paused"
    return "partial" if row.is_partial else row.state or "never"


def _state(state: str) -> Text:
    return Text(STATES[state], COLOURS.get(state, ""))


def status(rows: Sequence[SourceRow], quarantined: int, *, most: int | None = None) -> RenderableType:
    """All sources, or the `most` that deserve a look: those being read, then those that ended badly, then the rest."""
    if most is not None:
        rows = sorted(rows, key=lambda row: (_FIRST.get(state_of(row), len(_FIRST)), row.id))
    made = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    # In a narrow terminal the name gives way, never a figure.
    made.add_column("n°", justify="right", min_width=2)
    made.add_column("source", no_wrap=True, overflow="ellipsis", max_width=26)
    made.add_column("état", no_wrap=True, min_width=9)
    made.add_column("avancement", no_wrap=True, min_width=12)
    for title in ("lues", "créé", "chgt", "inch", "ref.", "ret."):
        made.add_column(title, justify="right", min_width=4)
    for row in rows[:most]:
        counts = (row.records, row.created, row.changed, row.unchanged, row.rejected, row.withdrawn)
        made.add_row(
            str(row.id),
            Text(row.label),
            _state(state_of(row)),
            progress(row),
            *("" if n is None else str(n) for n in counts),
        )
    states = [state_of(row) for row in rows]
    told = [Text(counted(len(rows), "source"))]
    told += [Text.assemble(f"{states.count(state)} ", _state(state)) for state in _FIRST if state in states]
    return Group(made, Text.assemble(Text(", ").join(told), f" ; {counted(quarantined, 'ligne')} en quarantaine"))


def progress(row: SourceRow) -> str:
    """How far the reading under way is: of what the provider announced, where it did."""
    if state_of(row) not in ("running", "partial"):
        return ""
    if row.rows_read is None or not row.rows_expected:
        return f"{row.rows_read or row.records or 0} lignes"
    share = min(row.rows_read / row.rows_expected, 1.0)
    full = round(share * _BAR)
    return f"{'█' * full}{'░' * (_BAR - full)} {share:.0%}"


def run_line(report: RunReport) -> str:
    """One run in a line."""
    counts = (
        (report.records, "lue"),
        (report.created, "créée"),
        (report.changed, "changée"),
        (report.unchanged, "inchangée"),
        (report.rejected, "refusée"),
        (report.withdrawn, "retirée"),
    )
    told = ", ".join(counted(number, word) for number, word in counts)
    return f"lecture {MODES[report.mode]} {report.id}, {STATES[report.state]} : {told}"


def run_report(report: RunReport) -> RenderableType:
    """One run's report, whole."""
    lines = [Text(run_line(report))]
    if report.is_partial:
        lines.append(Text("arrêtée en chemin pour laisser lire d'autres sources : l'exécution suivante continue"))
    if report.message:
        failure = FAILURES.get(report.failure or "", report.failure or "à savoir")
        lines.append(Text.assemble((failure, "yellow"), f" : {report.message}"))
    ended = f"finie {moment(report.ended_at)}" if report.ended_at else "en cours"
    lines.append(Text(f"commencée {moment(report.started_at)}, {ended}"))
    lines.append(Text(f"{report.pages} réponses du fournisseur, {size(report.bytes_read)}"))
    if report.rows_read is not None:
        of = f" sur {report.rows_expected} annoncées" if report.rows_expected else ""
        lines.append(Text(f"{report.rows_read} de ses lignes{of}"))
    spent = " · ".join(f"{word} {seconds(report.seconds[name])}" for name, word in STAGES.items() if report.seconds)
    if spent:
        lines.append(Text(spent))
    for count, words in (
        (report.repeated, "répétées dans un lot"),
        (report.zeroed, "stocks passés à zéro"),
        (report.kept_sold, "séances vendues gardées, hors vente"),
    ):
        if count:
            lines.append(Text(f"{count} {words}"))
    parts: list[RenderableType] = [Text("\n").join(lines)]
    if report.first_moves:
        moves = Table(
            box=None,
            pad_edge=False,
            show_header=False,
            title=f"séances déplacées : {report.moved}",
            title_justify="left",
        )
        for one in report.first_moves:
            moves.add_row(Text(one["key"]), Text(one["title"]), f"{moment(one['from'])} → {moment(one['to'])}")
        parts.append(moves)
    if report.first_errors:
        errors = Table(box=None, pad_edge=False, show_header=False, title="premiers refus", title_justify="left")
        for one in report.first_errors:
            page = f"réponse {one['page']}" if one["page"] else ""
            errors.add_row(KINDS.get(one["kind"] or "", ""), Text(one["key"] or ""), page, Text(one["why"]))
        parts.append(errors)
    return Group(*parts)


def changes(differences: Sequence[Difference]) -> RenderableType:
    """Records that would change, field by field."""
    made = Table(box=None, pad_edge=False, show_header=False)
    for one in differences:
        fields = " ; ".join(_field(change, is_new=one.what == "new") for change in one.fields)
        key = f"{one.key} {one.part}".strip()
        made.add_row(WHAT[one.what], KINDS[one.kind], Text(key), Text(one.title or ""), Text(fields))
    return made


def _field(change: FieldChange, *, is_new: bool) -> str:
    name = FIELDS.get(change.name, change.name)
    after = value(change.name, change.after)
    return f"{name} {after}" if is_new else f"{name} {value(change.name, change.before)} → {after}"


def value(name: str, told: Any) -> str:
    """A field's value in a few words."""
    if told is None:
        return "sans limite" if name == "available" else "non dit"
    if name == "priceCents":
        return f"{told // 100},{told % 100:02} €"
    if name.endswith(("At", "Until")) and isinstance(told, str):
        return moment(told)
    if isinstance(told, bool):
        return "oui" if told else "non"
    text = str(told)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def moment(at: datetime | str) -> str:
    """A moment in UTC, to the minute."""
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{at.astimezone(UTC):%d/%m/%Y %H:%M} UTC"


def seconds(count: float) -> str:
    """Seconds in French."""
    return f"{count:.1f} s".replace(".", ",") if count >= 1 else f"{count * 1000:.0f} ms"


def size(count: int) -> str:
    """Bytes in French."""
    for unit, bound in (("Mo", 1_000_000), ("ko", 1_000)):
        if count >= bound:
            return f"{count / bound:.1f} {unit}".replace(".", ",")
    return f"{count} octets"
