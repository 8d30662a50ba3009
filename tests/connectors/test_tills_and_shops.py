"""Tills and shops on recorded answers: columns, codes, prices, stocks, and what is not sold."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, Reject, Upsert
from connectors.pos_columns import by_header
from connectors.registry import SettingsRefused, build, entry
from connectors.titelive_flat import by_day
from net.errors import FeedChanged
from schemas.records import Product, Stock


def told(changes: list[Change], kind: type) -> dict[str, Any]:
    return {
        one.record.ref.key: one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)
    }


def rejects(changes: list[Change]) -> list[str]:
    return [one.why for one in changes if isinstance(one, Reject)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("EAN;QTE;PV TTC", {"ean": 0, "available": 1, "price": 2}),
        ("Code-barres;Titre;Prix d'achat HT;Prix de vente TTC;Stock mini;Stock réel",
         {"ean": 0, "title": 1, "price": 3, "available": 5}),
        ("isbn13,title,author,publisher,qty,price",
         {"ean": 0, "title": 1, "author": 2, "publisher": 3, "available": 4, "price": 5}),
        ("EAN;Stock;Prix achat TTC;Notre prix", {"ean": 0, "available": 1, "price": 3}),
        ("Date;Gencod produit;Quantité disponible;Prix public conseillé TTC", {"ean": 1, "available": 2, "price": 3}),
    ],
)  # fmt: skip
def test_a_header_is_understood(header: str, expected: dict[str, int]) -> None:
    """By whole names first, then by parts; a purchase price or a minimum is never taken for the other."""
    assert by_header(header.replace(",", ";").split(";"), {}) == expected


async def test_a_till_s_rows_become_stocks(fixtures: Path, gather) -> None:
    """Windows-1252, decimal comma, quotes, ISBN-10, negative stock; each refusal names its line."""
    changes = await gather("pos_csv", fixtures / "pos_csv" / "a-caisse.csv")
    stocks, products = told(changes, Stock), told(changes, Product)
    assert {key: (one.available, one.price_cents) for key, one in stocks.items()} == {
        "9782070360024": (3, 690),
        "2-07-036822-X": (0, 123450),
        "3760007300004": (4, 900),
        "5054197199738": (2, 2500),
    }
    assert products["9782070360024"].title == "L'Étranger ; édition de poche"
    assert products["5054197199738"].subcategory == "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE"
    # Nobody knows what a mug is in the list: its stock waits for a product of that EAN.
    assert stocks["3760007300004"].ean == "3760007300004"
    assert rejects(changes) == [
        "une autre ligne a la même référence (a-caisse.csv, ligne 4)",
        "ean « 9782070360025 » refusé : la clé de contrôle est fausse (a-caisse.csv, ligne 5)",
        "EAN écrit par un tableur, chiffres perdus : 9,78207E+12 (a-caisse.csv, ligne 7)",
        "ligne sans référence (a-caisse.csv, ligne 8)",
    ]


@pytest.mark.parametrize(
    ("body", "settings", "expected"),
    [
        ("9782070360024\t3\t7.20\n", {}, (3, 720)),
        ("sep=|\nisbn|stock|prix\n9782070360024|3|720\n", {"prices_in_cents": "true"}, (3, 720)),
        ("a,b,c\n9782070360024,7,3\n", {"columns": "ean=1; price=b; available=3"}, (3, 700)),
        ("EAN;Stock\r\n=\"9782070360024\";3,00", {}, (3, None)),
        ("EAN~Dispo~Prix\n978-2-07-036002-4~1 234~7,2 €\n", {}, (1234, 720)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
async def test_any_csv_is_read(body, settings, expected, charset, tmp_path, gather) -> None:
    """Delimiters, headers or none, Excel's ways, charsets by their mark."""
    (tmp_path / "stock.csv").write_bytes(body.encode(charset))
    [stock] = told(await gather("pos_csv", tmp_path, **settings), Stock).values()
    assert (stock.available, stock.price_cents, stock.ean) == (*expected, "9782070360024")


@pytest.mark.parametrize(
    ("body", "settings", "why"),
    [
        ("code,qty\n1,2\n", {}, "aucune colonne d'EAN reconnue"),
        ("ean,titre\n9782070360024,x\n", {}, "aucune colonne de stock reconnue"),
        ("ean,stock\n9782070360024,1\n", {"columns": "ean=EAN13"}, "colonne absente : « EAN13 » \\(colonnes : ean"),
        ("", {}, "fichier vide"),
        ('ean;stock;titre\n9782070360024;1;"jamais fermé\n', {}, "coupé dans un champ"),
        ('ean;stock;titre\n9782070360024;1;"' + "des mots, des mots\n" * 70_000, {}, "guillemet jamais fermé"),
        ("ean;stock;titre\n9782070360024;1;Un\n97820703", {}, "coupé dans sa dernière ligne"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(body, settings, why, tmp_path, clock, pull) -> None:
    """What is missing is named with the columns there are."""
    (tmp_path / "stock.csv").write_text(body, "utf-8")
    with pytest.raises(FeedChanged, match=why):
        await pull(build("pos_csv", {"path": str(tmp_path), **settings}, None, clock=clock))


@pytest.mark.parametrize(
    ("name", "settings", "why"),
    [
        ("pos_csv", {"path": "x", "columns": "isbn=1"}, "champ inconnu : isbn"),
        ("pos_csv", {"path": "x", "columns": "price=1"}, "au moins la colonne ean"),
        ("pos_csv", {"path": "x", "charset": "latin-inconnu"}, "jeu de caractères inconnu"),
        ("pos_csv", {}, "il manque url"),
        ("shopify", {"path": "x", "default_subcategory": "CONCERT"}, "sous-catégorie de bien inconnue : CONCERT"),
        ("woocommerce", {"path": "x", "subcategories": "livres"}, "il faut rayon=SOUS_CATEGORIE"),
        ("titelive", {"username": "x"}, "il manque login_url, password"),
    ],
)
def test_settings_are_refused_in_words(name, settings, why) -> None:
    """Each names the field, what is wrong with it and what is allowed."""
    with pytest.raises(SettingsRefused, match=why):
        entry(name).read_settings(settings)


async def test_titelive_s_daily_lines(fixtures: Path, gather) -> None:
    """Codes, embargo, school books, press; a line that is no product is rejected alone."""
    changes = await gather("titelive_flat", fixtures / "titelive_flat")
    products = told(changes, Product)
    camus = products["9782070360024"]
    assert (camus.title, camus.price_cents, camus.published_on, camus.sellable) == (
        "L'Étranger",
        690,
        "1971-12-01",
        True,
    )
    assert [one.name for one in camus.contributors] == ["Albert Camus"]
    rowling = products["9782070541270"]
    assert rowling.price_cents is None
    assert str(rowling.sellable_from) == "2026-12-14 23:00:00+00:00"
    assert [(one.role) for one in rowling.contributors] == ["author", "translator"]
    assert products["9782072862014"].sellable is False
    assert products["9782211034012"].sellable is None  # a shop may still have it on its shelf
    assert [why.split(" (")[0] for why in rejects(changes)] == [
        "presse",
        "ean « 9782070360025 » refusé : la clé de contrôle est fausse",
        "support « CL » : rien de tel dans les sous-catégories du pass Culture",
        "2 champs au lieu de 46",
    ]


def test_daily_files_are_read_in_the_order_of_their_days() -> None:
    """Names hold the day of the month only: days after today's are last month's."""
    files = [Path(f"Quotidien{day:02d}.tit") for day in (1, 5, 6, 28, 31)]
    assert [file.name[9:11] for file in sorted(files, key=lambda file: by_day(file, date(2026, 11, 5)))] == [
        "06", "28", "31", "01", "05",
    ]  # fmt: skip


async def test_the_last_day_has_the_last_word(tmp_path: Path, gather) -> None:
    """The 22nd is told after the 30th, which is last month's: read on the 23rd of November."""
    for day, price in ((30, "5,00"), (22, "6,00")):
        fields = ["9782070360024", "", "L'Étranger", *[""] * 6, price, *[""] * 3, "P", *[""] * 32]
        (tmp_path / f"Quotidien{day}.tit").write_text("~".join(fields), "iso-8859-1")
    changes = await gather("titelive_flat", tmp_path)
    assert [one.record.price_cents for one in changes if isinstance(one, Upsert)] == [500, 600]


async def test_several_prices_are_told_apart_when_asked(tmp_path: Path, gather) -> None:
    """New and second-hand copies of a reference, each row under its price; the thing itself once."""
    rows = "ean;titre;stock;prix\n9782070360024;L'Étranger;1;6,90\n9782070360024;L'Étranger;2;3\n"
    (tmp_path / "a.csv").write_text(rows, "utf-8")
    changes = await gather("pos_csv", tmp_path, several_prices="true")
    stocks = [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, Stock)]
    assert [(one.ref.part, one.available, one.price_cents) for one in stocks] == [("690", 1, 690), ("300", 2, 300)]
    assert len([one for one in changes if isinstance(one, Upsert) and isinstance(one.record, Product)]) == 1


async def test_titelive_s_articles(fixtures: Path, gather) -> None:
    """Lists or objects, entities, prices as numbers or texts: one product for each edition."""
    changes = await gather("titelive", fixtures / "titelive")
    products = told(changes, Product)
    assert {key: (one.title, one.subcategory, one.price_cents) for key, one in products.items()} == {
        "9782070360024": ("L'Étranger", "LIVRE_PAPIER", 690),
        "5054197199738": ("Cracker Island", "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE", 1998),
        "9782211034012": ("Lollipop", "LIVRE_PAPIER", 560),
    }
    assert products["9782070360024"].genres == ["Littérature", "clil:3443"]
    assert products["9782211034012"].sellable is False
    assert len(rejects(changes)) == 3


async def test_prestashop_prices_are_with_tax(fixtures: Path, gather) -> None:
    """The price with tax where the shop computes it, by the source's rate where not, none where nobody knows."""
    changes = await gather("prestashop", fixtures / "prestashop")
    stocks = told(changes, Stock)
    assert {key: (one.available, one.price_cents) for key, one in stocks.items()} == {"1": (7, 690), "2": (0, None)}
    assert told(changes, Product)["2"].sellable is False  # nothing says what a mug is
    assert told(await gather("prestashop", fixtures / "prestashop", vat_percent="20"), Stock)["2"].price_cents == 1981
    left = await gather("prestashop", fixtures / "prestashop", default_subcategory="-")
    assert set(told(left, Product)) == {"1"}
    assert set(rejects(changes)) == {
        "produit sans contenu : display=full manque à la demande",
        "titre manquant",
        "stock d'un produit que les fichiers ne disent pas",
    }


async def test_shopify_variants_are_articles(fixtures: Path, gather) -> None:
    """Copies over all places or at one; drafts are not sold; a broken variant is rejected alone."""
    changes = await gather("shopify", fixtures / "shopify", subcategories="cadeaux=MATERIEL_ART_CREATIF")
    assert {key: (one.available, one.price_cents) for key, one in told(changes, Stock).items()} == {
        "101": (4, 690), "102": (None, 1800), "104": (0, 9000), "121": (2, 900),
    }  # fmt: skip
    at_place = await gather("shopify", fixtures / "shopify", location_id="1")
    assert told(at_place, Stock)["101"].available == 3
    assert told(changes, Product)["121"].subcategory == "MATERIEL_ART_CREATIF"
    assert told(changes, Product)["101"].identifiers[0].value == "9782070360024"
    assert rejects(changes) == ["montant illisible : 'dix'"]


async def test_woocommerce_s_export_in_french(fixtures: Path, gather) -> None:
    """Sale prices while they last, rows over two lines, parents and drafts left out."""
    changes = await gather("woocommerce", fixtures / "woocommerce")
    assert {key: (one.available, one.price_cents) for key, one in told(changes, Stock).items()} == {
        "1": (4, 690), "2": (None, 500), "4": (2, 1500), "7": (0, 1500), "8": (1, 690),
    }  # fmt: skip
    assert told(changes, Product)["2"].identifiers[0].value == "9782070368228"
    assert [why.split(" (")[0] for why in rejects(changes)] == ["montant illisible : 'quinze'", "ligne sans ID"]
