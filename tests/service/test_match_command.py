"""`passerelle match` as people with spreadsheets type it: what is written and explained, what is refused and where."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from matching_tables import CASES
from typer.testing import CliRunner

from bench.er_corpus import write_corpus
from service.cli import app

A, B = str(CASES / "gold_a.csv"), str(CASES / "gold_b.csv")


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines()))


def passerelle(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["match", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_two_tables_are_linked(tmp_path: Path) -> None:
    """Pairs with verdict, score and levels as JSON, the surest of each kind first; with --one-to-one none twice."""
    target = tmp_path / "pairs.csv"
    code, _, said = passerelle("link", A, B, "--out", str(target), "--processes", "1")
    found = rows(target)
    assert (0, ["id_a", "id_b", "verdict", "score", "levels"]) == (code, list(found[0]))
    assert "paires sûres" in " ".join(said.split())
    assert {"same"} <= {row["verdict"] for row in found} <= {"same", "ask"}
    assert all((row["verdict"] == "same") == (int(row["score"]) >= 50) for row in found)
    assert all(json.loads(row["levels"]) for row in found)
    assert 0 == passerelle("link", A, B, "--out", str(target), "--one-to-one")[0]
    once = [row["id_a"] for row in rows(target)]
    assert len(once) == len(set(once)) > 30


def test_labels_are_learned_from(tmp_path: Path) -> None:
    """With people's answers everything they called the same stays the same, and the rest is no worse."""
    labels, target = tmp_path / "labels.csv", tmp_path / "pairs.csv"
    truth = {row["entity"]: row["id"] for row in rows(Path(B))}
    both = [(row["id"], truth[row["entity"]]) for row in rows(Path(A)) if row["entity"] in truth]
    told = [(a, b, "1", "train") for a, b in both[:24]]
    labels.write_text("\n".join(map(",".join, [("id_a", "id_b", "label", "split"), *told])), "utf-8")
    assert 0 == passerelle("link", A, B, "--labels", str(labels), "--out", str(target))[0]
    same = {(row["id_a"], row["id_b"]) for row in rows(target) if row["verdict"] == "same"}
    assert len(same & set(both)) >= 32
    assert len(same - set(both)) <= 1


def test_a_table_is_freed_of_doubles(tmp_path: Path) -> None:
    """Every record has a cluster, named by the first record that says the same."""
    one, target = tmp_path / "one.csv", tmp_path / "clusters.csv"
    header, *more = Path(A).read_text("utf-8").splitlines()
    one.write_text("\n".join([header, *more, *Path(B).read_text("utf-8").splitlines()[1:]]), "utf-8")
    assert 0 == passerelle("dedupe", str(one), "--out", str(target))[0]
    cluster = {row["id"]: row["cluster"] for row in rows(target)}
    assert set(cluster) == {row["id"] for row in rows(one)}
    assert sum(id_ != first for id_, first in cluster.items()) >= 30
    assert all(cluster[first] == first for first in cluster.values())


def test_processes_change_nothing(tmp_path: Path) -> None:
    """A table of all kinds gives the same bytes from one process and from two."""
    table = tmp_path / "fiches.csv"
    write_corpus(table, 3_000, seed=7)
    written = [tmp_path / f"{processes}.csv" for processes in (1, 2)]
    for processes, target in enumerate(written, 1):
        assert 0 == passerelle("dedupe", str(table), "--out", str(target), "--processes", str(processes))[0]
    assert written[0].read_bytes() == written[1].read_bytes()
    assert len({row["cluster"] for row in rows(written[0])}) < 2_800


def test_a_long_table_names_the_right_line(tmp_path: Path) -> None:
    """Rows are read some thousands at a time: cells with line breaks, blank lines and blanks around do not shift it."""
    told = [f'{number},work," Nuit {number} "' for number in range(5_000)]
    told[10], told[2_500] = '10,work,"Nuit\nbleue"', "\n2500,work,Jour"
    table = tmp_path / "fiches.csv"
    table.write_text("\n".join(["id,kind,title", *told, "4999 ,work,Soir"]), "utf-8")
    code, _, error = passerelle("dedupe", str(table), "--out", str(tmp_path / "clusters.csv"))
    assert code == 2
    assert "ligne 5004, colonne id : « 4999 » est déjà celui de la ligne 5003" in " ".join(error.split())


def test_a_pair_is_explained() -> None:
    """The points add up to the score, in French, for a pair that came into question and for one that never did."""
    for pair in (("a0", "b0"), ("a0", "b11")):
        code, told, _ = passerelle("link", A, B, "--explain", *pair)
        why = json.loads(told)
        assert (0, why["score"]) == (code, sum(level["points"] for level in why["levels"]))
    assert "différent" in told


TABLE = "id,kind,title\n1,work,Nuit\n2,work,Jour\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("id,title\n1,Nuit\n", "ligne 1 : la colonne « kind » manque", id="no-kind"),
        pytest.param("id,kind,title,id\n", "la colonne « id » est là deux fois", id="column-twice"),
        pytest.param(TABLE + "3,work\n", "ligne 4 : 2 cellules", id="short-row"),
        pytest.param(TABLE + ",work,Soir\n", "ligne 4, colonne id : l'id est vide", id="no-id"),
        pytest.param(TABLE + "1,work,Soir\n", "« 1 » est déjà celui de la ligne 2", id="id-twice"),
        pytest.param(TABLE + '3,work,"Soir\nbleu"\n4,film,Midi\n', "ligne 6, colonne kind : « film »", id="kind"),
        pytest.param(TABLE + '3,work,"Soir\n', "CSV illisible", id="open-quote"),
        pytest.param("id,kind,title\n1,work,a\x00b\n", "ligne 2 : un octet nul", id="null-byte"),
        pytest.param("", "la colonne « id » manque", id="empty-file"),
    ],
)
def test_a_table_that_cannot_be_matched_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Exit 2 and a sentence that names file, line and column; nothing is written."""
    table, target = tmp_path / "fiches.csv", tmp_path / "clusters.csv"
    table.write_text(text, "utf-8")
    code, _, error = passerelle("dedupe", str(table), "--out", str(target))
    assert code == 2
    assert said in " ".join(error.split())
    assert "fiches.csv" in error
    assert not target.exists()


def test_what_cannot_be_read_of_a_value_is_noted_and_left_out(tmp_path: Path) -> None:
    """Semicolons, Windows-1252 and odd values are borne; the first of each column is told with its line."""
    table, target = tmp_path / "fiches.csv", tmp_path / "clusters.csv"
    text = "id;kind;title;date;ean;couleur\n1;work;Été;demain;;bleu\n2;work;Été;2026-02-30;;\n"
    table.write_bytes(text.encode("cp1252"))
    code, _, said = passerelle("dedupe", str(table), "--out", str(target))
    words = " ".join(said.split())
    assert code == 0
    assert "ligne 2, colonne date : « demain » ne se lit pas" in words
    assert "la colonne « couleur » n'est pas connue" in words


@pytest.mark.parametrize(
    "arguments",
    [("link", A, B), ("link", A, "nowhere.csv", "--out", "x.csv"), ("link", A, B, "--explain", "a0", "nobody")],
)
def test_mistakes_are_told_in_a_sentence(arguments: tuple[str, ...]) -> None:
    """Nothing to do, no such file, no such record: exit 2 and no traceback."""
    code, _, said = passerelle(*arguments)
    assert code == 2
    assert said.strip()
    assert "Traceback" not in said


def test_what_can_be_read_but_once_is_refused(tmp_path: Path) -> None:
    """A table is looked through before it is read: a pipe would be waited for, or be empty the second time."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    code, _, told = passerelle("dedupe", str(pipe), "--out", str(tmp_path / "out.csv"))
    assert (code, "pipe.csv n'est pas un fichier" in " ".join(told.split())) == (2, True)


def test_labels_of_unknown_records_are_refused(tmp_path: Path) -> None:
    """The line of the label and the table that lacks it."""
    labels = tmp_path / "labels.csv"
    labels.write_text("id_a,id_b,label\na0,zzz,1\n", "utf-8")
    code, _, said = passerelle("link", A, B, "--labels", str(labels), "--out", str(tmp_path / "x.csv"))
    assert (2, True) == (code, "ligne 2 : « zzz » n'est pas dans gold_b.csv" in " ".join(said.split()))
