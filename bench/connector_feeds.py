"""Files of cinemas, shops and libraries to measure connectors with, in the shapes their providers answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

from schemas.numbers import ean

FIRST = datetime(2026, 12, 1, 13, tzinfo=UTC)
FILMS = 40
"""What a large cinema shows in three weeks."""
_SYNOPSIS = "Une bergère et un petit ramoneur fuient le palais du roi de Takicardie, avec l'aide d'un oiseau bavard. "


def dumped(document: Callable[[int], Any]) -> Callable[[Path, int], Path]:
    """Makes a file of the JSON of so many rows."""
    return written("answer.json", lambda rows: json.dumps(document(rows), ensure_ascii=False))


def written(name: str, text: Callable[[int], str]) -> Callable[[Path, int], Path]:
    """Makes a file of a text of so many rows."""

    def make(folder: Path, rows: int) -> Path:
        (file := folder / name).write_text(text(rows), "utf-8")
        return file

    return make


def showings(rows: int) -> Iterator[tuple[int, list[tuple[int, datetime]]]]:
    """Each film's number with its showings: their numbers and beginnings, in fifteen halls."""
    for film in range(FILMS):
        numbers = range(film, rows, FILMS)
        yield film, [(number, FIRST + timedelta(minutes=5 * (number // 15))) for number in numbers]


def boost(rows: int) -> Any:
    """A programme of Boost."""
    told = [
        {
            "id": number,
            "showDate": f"{at:%Y-%m-%dT%H:%M:%S}+01:00",
            "showEndDate": f"{at + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}+01:00",
            "soldOut": False,
            "authorizedAccess": False,
            "numberSeatsRemaining": 96,
            "numberRemainingSeatsForOnlineSale": number % 90,
            "attributs": [24, 35],
            "film": {
                "id": film,
                "titleCnc": f"LE ROI ET L'OISEAU {film}",
                "numVisa": 44300 + film,
                "duration": 87,
                "idFilmAllocine": 46300 + film,
            },
            "format": {"id": 1, "title": "2D"},
            "version": {"id": 1, "code": "VF"},
            "screen": {"id": 1, "auditoriumNumber": 1, "name": f"SALLE {number % 15}", "capacity": 120, "ice": False},
            "showtimePricing": [
                {"id": number * 10, "pricingCode": "PLE", "title": "PLEIN TARIF", "amountTaxesIncluded": 9.5},
                {"id": number * 10 + 1, "pricingCode": "PCU", "title": "PASS CULTURE", "amountTaxesIncluded": 6.9},
            ],
        }
        for film, shown in showings(rows)
        for number, at in shown
    ]
    return {"message": "OK", "page": 1, "totalPages": 1, "totalCount": rows, "data": told}


def allocine(rows: int) -> Any:
    """A theatre's programme as Allociné tells it."""
    edges = []
    for film, shown in showings(rows):
        movie = {
            "id": f"TW92aWU6{film}",
            "internalId": 46300 + film,
            "title": f"Le Roi et l'Oiseau {film}",
            "originalTitle": f"Le Roi et l'Oiseau {film}",
            "type": "FEATURE_FILM",
            "runtime": "PT1H27M0S",
            "synopsis": _SYNOPSIS * 4,
            "data": {"eidr": None, "productionYear": 1980},
            "releases": [{"name": "Released", "releaseDate": {"date": "1980-03-19"}, "data": {"visa_number": "44398"}}],
            "credits": {"edges": [{"node": {"person": {"firstName": "Paul", "lastName": "Grimault"}, "position": {}}}]},
            "cast": {"edges": [{"node": {"actor": {"firstName": "Jean", "lastName": "Martin"}}}]},
            "genres": ["ANIMATION"],
        }
        showtimes = [
            {
                "startsAt": f"{at:%Y-%m-%dT%H:%M:%S}",
                "diffusionVersion": "LOCAL" if number % 3 else "ORIGINAL",
                "projection": ["DIGITAL"],
                "experience": None,
                "languages": [],
            }
            for number, at in shown
        ]
        edges.append({"node": {"movie": movie, "showtimes": showtimes}})
    return {"movieShowtimeList": {"totalCount": FILMS, "edges": edges}}


def cgr(rows: int) -> str:
    """A programme of CGR: JSON as the text of one element."""
    films = [
        {
            "IDFilm": 46300 + film,
            "IDFilmAlloCine": 46300 + film,
            "Titre": f"Le Roi et l'Oiseau {film}",
            "NumVisa": 44300 + film,
            "Duree": 87,
            "Synopsis": _SYNOPSIS * 4,
            "Affiche": "",
            "TypeFilm": "CNC",
            "Seances": [
                {
                    "IDSeance": number,
                    "Date": f"{at:%Y-%m-%d}",
                    "Heure": f"{at:%H:%M:%S}.000",
                    "NbPlacesRestantes": number % 90,
                    "bAvecPlacement": True,
                    "bAvecDuo": True,
                    "bICE": False,
                    "Relief": "2D",
                    "Version": "VF",
                    "bAVP": False,
                    "PrixUnitaire": 6.9,
                    "libTarif": "Tarif Standard",
                }
                for number, at in shown
            ],
        }
        for film, shown in showings(rows)
    ]
    inside = {"CodeErreur": 0, "IntituleErreur": "", "ObjetRetour": {"NumCine": 999, "Films": films}}
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
        '<ns1:GetSeancesPassCultureResponse xmlns:ns1="urn:GestionCinemaWS"><GetSeancesPassCultureResult>'
        f"{escape(json.dumps(inside, ensure_ascii=False), quote=False)}</GetSeancesPassCultureResult>"
        "</ns1:GetSeancesPassCultureResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )


def ems(rows: int) -> Any:
    """A programme of EMS."""
    events = [
        {
            "id": f"F{film}",
            "allocine_id": 46300 + film,
            "title": f"Le Roi et l'Oiseau {film}",
            "director": "Paul Grimault",
            "release_date": "19800319",
            "synopsis": _SYNOPSIS * 4,
            "duration": 87,
            "bill_url": "",
            "sessions": [
                {
                    "id": f"9990{number:08d}",
                    "date": f"{at:%Y%m%d%H%M}",
                    "features": ["vf", "video_3d"],
                    "hall_id": number % 15,
                    "hall_name": f"Salle {number % 15}",
                    "pass_culture_price": 6.9,
                }
                for number, at in shown
            ],
        }
        for film, shown in showings(rows)
    ]
    site = {"id": "9990", "allocine_id": "P9990", "name": "Ciné essai", "address": "1 rue du Port"}
    return {"version": 1, "sites": [site | {"zip_code": "29200", "city": "Brest", "events": events}]}


def webedia(rows: int) -> Any:
    """A schedule of a Webedia site with its films."""
    schedule: dict[str, dict[str, list[Any]]] = {}
    films = []
    for film, shown in showings(rows):
        for number, at in shown:
            told = {
                "id": f"{film}-{at:%Y-%m-%d %H:%M:%S}-{number % 15}",
                "startsAt": f"{at:%Y-%m-%dT%H:%M:%S}",
                "tags": ["Format.Projection.Digital", "Localization.Language.French"],
                "isExpired": False,
                "screen": {"name": f"Salle {number % 15}"},
                "data": {"ticketing": []},
                "occupancy": {"rate": 4},
            }
            schedule.setdefault(str(46300 + film), {}).setdefault(f"{at:%Y-%m-%d}", []).append(told)
        film_of = {"id": str(46300 + film), "title": f"Le Roi et l'Oiseau {film}", "runtime": 5220}
        films.append(film_of | {"synopsis": _SYNOPSIS * 4, "genres": ["Animation"]})
    return {"movies": films, "P9990": {"schedule": schedule}}


def shopify(rows: int) -> Any:
    """Products of a Shopify shop, a variant each."""
    return {
        "products": [
            {
                "id": number,
                "title": f"L'Étranger {number}",
                "vendor": "Gallimard",
                "product_type": "Livres",
                "status": "active",
                "tags": "roman, poche",
                "body_html": f"<p>{_SYNOPSIS}</p>",
                "variants": [
                    {
                        "id": number * 10,
                        "title": "Default Title",
                        "price": "6.90",
                        "barcode": isbn(number),
                        "sku": f"A{number}",
                        "inventory_item_id": number * 100,
                        "inventory_management": "shopify",
                        "inventory_quantity": number % 9,
                    }
                ],
            }
            for number in range(rows)
        ]
    }


def prestashop(rows: int) -> str:
    """Products of a PrestaShop shop with their stocks, in one recording."""
    products = "".join(
        f"<product><id><![CDATA[{number}]]></id><id_tax_rules_group>1</id_tax_rules_group>"
        f"<manufacturer_name>Gallimard</manufacturer_name><ean13><![CDATA[{isbn(number)}]]></ean13>"
        "<price><![CDATA[6.540284]]></price><ttc><![CDATA[6.900000]]></ttc><active>1</active>"
        f'<available_for_order>1</available_for_order><name><language id="1"><![CDATA[L\'Étranger {number}]]>'
        f'</language></name><description><language id="1"><![CDATA[<p>{_SYNOPSIS}</p>]]></language></description>'
        "</product>"
        for number in range(1, rows + 1)
    )
    stocks = "".join(
        f"<stock_available><id>{number}</id><id_product>{number}</id_product>"
        f"<id_product_attribute>0</id_product_attribute><quantity>{number % 9}</quantity></stock_available>"
        for number in range(1, rows + 1)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><prestashop><products>{products}</products>'
        f"<stock_availables>{stocks}</stock_availables></prestashop>"
    )


def oai(rows: int) -> str:
    """A page of Dublin Core of an OAI-PMH repository."""
    records = "".join(
        f"<record><header><identifier>oai:bibliotheque.example:{number}</identifier>"
        "<datestamp>2026-11-20T08:00:00Z</datestamp></header><metadata>"
        '<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>L'Étranger {number} / Albert Camus</dc:title>"
        "<dc:creator>Camus, Albert (1913-1960). Auteur du texte</dc:creator>"
        "<dc:publisher>Gallimard (Paris)</dc:publisher><dc:date>1996</dc:date>"
        f"<dc:format>1 vol. (185 p.) ; 18 cm</dc:format><dc:identifier>ISBN {isbn(number)}</dc:identifier>"
        "<dc:language>fre</dc:language><dc:subject>Roman français</dc:subject>"
        f"<dc:description>{_SYNOPSIS}</dc:description><dc:type>texte imprimé</dc:type>"
        "</oai_dc:dc></metadata></record>"
        for number in range(rows)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f"<responseDate>2026-11-22T04:00:00Z</responseDate><ListRecords>{records}</ListRecords></OAI-PMH>"
    )


def pos(rows: int) -> str:
    """A till's export."""
    lines = [
        f"{isbn(number)};L'Étranger {number};Camus, Albert;Gallimard;Livres;{number % 9};6,90" for number in range(rows)
    ]
    return "\n".join(["Code barre;Désignation;Auteur;Éditeur;Rayon;Stock;Prix TTC", *lines, ""])


def isbn(number: int) -> str:
    """The ISBN of so many books before."""
    bare = f"978207{number:06d}"
    total = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(bare))
    return ean(f"{bare}{-total % 10}")
