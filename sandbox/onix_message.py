"""ONIX for Books 3.0 messages, reference tags (EDItEUR, release 3.0; code lists 1, 5, 17, 44, 55, 58, 59, 65,
150, 163).

Prices are French fixed retail prices with tax (04) for territory FR, VAT at 5.5 %; downloads also carry a
library price (59: 16), which is not a consumer's. An embargo is date role 02 with availability 10.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from sandbox.clock import draw
from sandbox.facts.reading import Book
from sandbox.imprint import Entry
from sandbox.stock_paging import euros

NAMESPACE = "http://ns.editeur.org/onix/3.0/reference"
SENDER = "Passerelle, distributeur simulé"
RECORD_PREFIX = "fr.passerelle.sandbox-"
_ARTICLES = ("Les ", "La ", "Le ", "L'")
_PAPER_VAT = Decimal("5.50")


def message(entries: Iterable[Entry], *, sent_at: datetime, number: int) -> bytes:
    """Returns a whole message in UTF-8. A message without product says so (`NoProduct`)."""
    root = ET.Element("ONIXMessage", {"release": "3.0", "xmlns": NAMESPACE})
    header = ET.SubElement(root, "Header")
    sender = ET.SubElement(header, "Sender")
    _text(sender, "SenderName", SENDER)
    _text(header, "MessageNumber", str(number))
    _text(header, "SentDateTime", sent_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))
    for entry in entries:
        _product(root, entry)
    if root.find("Product") is None:
        ET.SubElement(root, "NoProduct")
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return whole


def _product(root: ET.Element, entry: Entry) -> None:
    book = entry.book
    product = ET.SubElement(root, "Product")
    _text(product, "RecordReference", RECORD_PREFIX + book.ean)
    _text(product, "NotificationType", "05" if entry.withdrawn else "03")
    for kind in ("03", "15"):
        identifier = ET.SubElement(product, "ProductIdentifier")
        _text(identifier, "ProductIDType", kind)
        _text(identifier, "IDValue", book.ean)
    if entry.withdrawn:
        return
    _description(ET.SubElement(product, "DescriptiveDetail"), book)
    _publishing(ET.SubElement(product, "PublishingDetail"), entry)
    _supply(ET.SubElement(product, "ProductSupply"), entry)


def _description(detail: ET.Element, book: Book) -> None:
    _text(detail, "ProductComposition", "00")
    _text(detail, "ProductForm", book.form)
    if book.form == "ED":
        _text(detail, "ProductFormDetail", "E101")
    if book.series or book.collection:
        collection = ET.SubElement(detail, "Collection")
        _text(collection, "CollectionType", "10")
        title = ET.SubElement(collection, "TitleDetail")
        _text(title, "TitleType", "01")
        element = ET.SubElement(title, "TitleElement")
        _text(element, "TitleElementLevel", "02")
        if book.series:
            _text(element, "PartNumber", book.volume)
        _text(element, "TitleText", book.series or book.collection)
    _title(detail, book)
    for sequence, author in enumerate(book.authors, start=1):
        contributor = ET.SubElement(detail, "Contributor")
        _text(contributor, "SequenceNumber", str(sequence))
        # The second name of a drawn series is the one who draws it.
        _text(contributor, "ContributorRole", "A12" if sequence == 2 and book.form == "BB" else "A01")
        _text(contributor, "PersonName", author)
    language = ET.SubElement(detail, "Language")
    _text(language, "LanguageRole", "01")
    _text(language, "LanguageCode", "fre")
    subject = ET.SubElement(detail, "Subject")
    _text(subject, "SubjectSchemeIdentifier", "24")
    _text(subject, "SubjectSchemeName", "Rayon")
    _text(subject, "SubjectHeadingText", "Bande dessinée" if book.form == "BB" else "Littérature")


def _title(detail: ET.Element, book: Book) -> None:
    title = ET.SubElement(detail, "TitleDetail")
    _text(title, "TitleType", "01")
    element = ET.SubElement(title, "TitleElement")
    _text(element, "TitleElementLevel", "01")
    article = next((article for article in _ARTICLES if book.title.startswith(article)), None)
    if article is not None and draw("article", book.ean) % 3 == 0:
        _text(element, "TitlePrefix", article.strip())
        _text(element, "TitleWithoutPrefix", book.title.removeprefix(article))
    else:
        _text(element, "TitleText", book.title)


def _publishing(detail: ET.Element, entry: Entry) -> None:
    if entry.book.publisher:
        imprint = ET.SubElement(detail, "Imprint")
        _text(imprint, "ImprintName", entry.book.publisher)
        publisher = ET.SubElement(detail, "Publisher")
        _text(publisher, "PublishingRole", "01")
        _text(publisher, "PublisherName", entry.book.publisher)
    _text(detail, "PublishingStatus", "02" if entry.embargo else "04")
    for role, style, day in (
        ("01", "05", entry.book.edition_year),
        ("11", "05", entry.book.work_year),
        ("02", "00", entry.embargo.strftime("%Y%m%d") if entry.embargo else ""),
    ):
        if day:
            published = ET.SubElement(detail, "PublishingDate")
            _text(published, "PublishingDateRole", role)
            _text(published, "Date", day).set("dateformat", style)


def _supply(supply: ET.Element, entry: Entry) -> None:
    _territory(ET.SubElement(supply, "Market"))
    detail = ET.SubElement(supply, "SupplyDetail")
    supplier = ET.SubElement(detail, "Supplier")
    _text(supplier, "SupplierRole", "03")
    _text(supplier, "SupplierName", SENDER)
    _text(detail, "ProductAvailability", "10" if entry.embargo else "21" if entry.available else "31")
    if entry.book.form == "ED":
        _price(detail, entry.price_cents * 3, qualifier="16")
    _price(detail, entry.price_cents)


def _price(detail: ET.Element, cents: int, *, qualifier: str | None = None) -> None:
    price = ET.SubElement(detail, "Price")
    _text(price, "PriceType", "04")
    if qualifier is not None:
        _text(price, "PriceQualifier", qualifier)
    amount = euros(cents)
    untaxed = (amount / (1 + _PAPER_VAT / 100)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    _text(price, "PriceAmount", f"{amount:.2f}")
    tax = ET.SubElement(price, "Tax")
    _text(tax, "TaxType", "01")
    _text(tax, "TaxRateCode", "R")
    _text(tax, "TaxRatePercent", str(_PAPER_VAT))
    _text(tax, "TaxableAmount", f"{untaxed:.2f}")
    _text(tax, "TaxAmount", f"{amount - untaxed:.2f}")
    _text(price, "CurrencyCode", "EUR")
    _territory(price)


def _territory(parent: ET.Element) -> None:
    _text(ET.SubElement(parent, "Territory"), "CountriesIncluded", "FR")


def _text(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element
