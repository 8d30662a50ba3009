"""One product of ONIX 2.1, 3.0 or 3.1 into a product of ours.

Reference names throughout (`onix_tags`). The releases differ in where things stand: 3.x gathers them in
blocks, 2.1 has them in the product itself; what they are called is mostly the same.
Source: EDItEUR, ONIX for Books, code lists as of issue 73.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connectors.base import Change, Delete, Reject, Upsert
from connectors.onix_elements import Element, all_of, first, text, texts
from connectors.onix_form import subcategory_of
from connectors.onix_prices import Defaults, price_of
from connectors.onix_supply import availability, publication_day
from connectors.onix_titles import collection_of, title_of
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Contributor, Identifier, Kind, Product, SourceRef

_DELETION, _PARTIAL, _TESTS = "05", "04", ("88", "89")
_SCHEMES = {"15": "isbn", "03": "ean", "25": "ismn", "02": "isbn"}
"""Types of product identifier in the order of trust (list 5)."""
_ROLES = {
    "A01": "author",
    "A02": "author",
    "A03": "author",
    "A06": "composer",
    "A07": "illustrator",
    "A08": "photographer",
    "A12": "illustrator",
    "A13": "photographer",
    "A14": "author",
    "A15": "preface",
    "A19": "afterword",
    "A23": "preface",
    "A24": "preface",
    "A35": "illustrator",
    "A38": "author",
    "A40": "colorist",
    "A45": "author",
    "A46": "illustrator",
    "A47": "colorist",
    "B01": "editor",
    "B03": "adapter",
    "B05": "adapter",
    "B06": "translator",
    "B08": "translator",
    "B09": "editor",
    "B10": "translator",
    "B11": "editor",
    "B21": "editor",
    "D02": "director",
    "E01": "performer",
    "E03": "narrator",
    "E07": "narrator",
}
"""List 17; a contributor in any other role is a contributor."""
_SUBJECTS = {"10": "bisac", "29": "clil", "93": "thema", "01": "dewey"}
_UNREAD_SUBJECTS = frozenset({"20", "B2"})
"""Key words: many, not a classification."""
_DESCRIPTIONS = {"3": ("03", "02"), "2": ("01", "03", "02")}
_PAGES = ("00", "11", "05", "07", "10", "08", "06")
_MAX_SUBJECTS, _MAX_CONTRIBUTORS = 10, 100


def product_change(
    product: Element, connector: str, account: str, *, raw: bytes, today: date, defaults: Defaults, notes: list[str]
) -> Change:
    """What the notification asks for. Prices are those in force on `today`, in Paris.

    Rejected: what cannot be keyed or filed, test records, and partial updates, which restate some blocks
    only: without the others there is no record to tell.
    """
    ref = _ref(text(product, "RecordReference"), connector, account)
    try:
        names = list(_identifiers(product, notes))
        ref = ref or _ref(next((name.value for name in names if name.scheme == "ean"), None), connector, account)
        if ref is None:
            raise ValueError("ni RecordReference ni ISBN")
        notification = text(product, "NotificationType")
        if notification == _DELETION:
            return Delete(Kind.PRODUCT, ref)
        if notification == _PARTIAL:
            raise ValueError("mise à jour partielle (notification 04) : la notice entière est nécessaire")
        if notification in _TESTS:
            raise ValueError(f"notice d'essai (notification {notification})")
        record = _record(product, ref, names, notes, today=today, defaults=defaults)
    except ValueError as error:
        return Reject(str(error), raw, Kind.PRODUCT, ref)
    return Upsert(record, tuple(notes))


def _record(
    product: Element,
    ref: SourceRef,
    names: list[Identifier],
    notes: list[str],
    *,
    today: date,
    defaults: Defaults,
) -> Product:
    descriptive = _block(product, "DescriptiveDetail")
    publishing = _block(product, "PublishingDetail")
    title, subtitle, volume = title_of(descriptive)
    collection, part = collection_of(descriptive)
    published_on = publication_day(publishing, notes)
    sellable, sellable_from = availability(product, publishing, published_on, today=today, notes=notes)
    return Product(
        ref=ref,
        title=title,
        subcategory=subcategory_of(descriptive, notes),
        subtitle=subtitle,
        identifiers=names,
        contributors=list(_contributors(descriptive)),
        publisher=_publisher(publishing),
        collection=collection,
        volume=volume or part,
        language=_language(descriptive) or defaults.language,
        published_on=published_on,
        price_cents=price_of(product, today=today, defaults=defaults, notes=notes),
        page_count=_pages(descriptive),
        genres=list(_genres(descriptive)),
        description=_description(product),
        sellable=sellable,
        sellable_from=sellable_from,
    )


def _block(product: Element, name: str) -> Element:
    """A block of 3.x; in 2.1, the product, where the block's contents stand."""
    found = first(product, name)
    return product if found is None else found


def _ref(key: str | None, connector: str, account: str) -> SourceRef | None:
    return None if key is None else SourceRef(connector=connector, account=account, key=key[:500])


def _identifiers(product: Element, notes: list[str]) -> Iterator[Identifier]:
    """The EAN and the ARK. Raises ValueError when all it has of an EAN are 13 digits with a false check digit.

    What is visibly no number of the book (a filler, a text, 12 digits) is dropped with a note instead.
    """
    told = [(text(one, "ProductIDType"), text(one, "IDValue")) for one in all_of(product, "ProductIdentifier")]
    told += [("03", text(product, "EAN13")), ("02", text(product, "ISBN"))]
    found: dict[str, Identifier] = {}
    faults: list[InvalidIdentifier] = []
    for kind, scheme in _SCHEMES.items():
        for value in (value for told_kind, value in told if told_kind == kind and value):
            try:
                name = identifier(scheme, value)
            except InvalidIdentifier as fault:
                faults.append(fault)
            else:
                found.setdefault(name.value, name)
    like_ean = [fault for fault in faults if _mistyped(fault.value)]
    if not found and like_ean:
        raise ValueError(str(like_ean[0]))
    notes += [str(fault) for fault in faults]
    if len(found) > 1:
        notes.append(f"plusieurs EAN ({', '.join(found)}) : le premier est gardé")
    yield from list(found.values())[:1]
    for value in (value for kind, value in told if kind == "35" and value):
        try:
            yield identifier("ark", value)
        except InvalidIdentifier as fault:
            notes.append(str(fault))


def _mistyped(value: str) -> bool:
    """13 digits that are not one filler repeated, such as 9780000000000."""
    bare = value.replace("-", "").replace(" ", "")
    return len(bare) == 13 and bare.isascii() and bare.isdigit() and len(set(bare[3:])) > 1


def _contributors(block: Element) -> Iterator[Contributor]:
    found = list(all_of(block, "Contributor"))[:_MAX_CONTRIBUTORS]
    for one in sorted(found, key=_sequence):
        name = _person(one)
        if name is not None:
            role = _ROLES.get(text(one, "ContributorRole") or "", "contributor")
            yield Contributor(name=name[:300], role=role)


def _sequence(contributor: Element) -> int:
    number = text(contributor, "SequenceNumber") or ""
    return int(number) if number.isdecimal() and len(number) < 6 else 0


def _person(contributor: Element) -> str | None:
    """The name as it is read, first name first."""
    if (name := text(contributor, "PersonName")) is not None:
        return name
    parts = [text(contributor, part) for part in ("NamesBeforeKey", "PrefixToKey", "KeyNames", "SuffixToKey")]
    if parts[2] is not None:
        return " ".join(part for part in parts if part)
    if (inverted := text(contributor, "PersonNameInverted")) is not None:
        last, comma, before = inverted.partition(",")
        return f"{before.strip()} {last.strip()}".strip() if comma else inverted
    return text(contributor, "CorporateName")


def _publisher(block: Element) -> str | None:
    publishers = list(all_of(block, "Publisher"))
    main = [one for one in publishers if text(one, "PublishingRole") in (None, "01")]
    imprint = first(block, "Imprint")
    names = [text(one, "PublisherName") for one in main or publishers]
    names += [text(block, "PublisherName"), None if imprint is None else text(imprint, "ImprintName")]
    names += [text(block, "ImprintName")]
    return next((name[:300] for name in names if name), None)


def _language(block: Element) -> str | None:
    """The language of the text, as ONIX writes it: ISO 639-2/B, such as `fre`."""
    for one in all_of(block, "Language"):
        if text(one, "LanguageRole") == "01":
            return _language_code(text(one, "LanguageCode"))
    return _language_code(text(block, "LanguageOfText"))


def _language_code(code: str | None) -> str | None:
    code = (code or "").lower()
    return code if len(code) == 3 and code.isascii() and code.isalpha() else None


def _pages(block: Element) -> int | None:
    """Pages of the main content, as the printed book counts them where that is told."""
    by_type = {text(one, "ExtentType"): one for one in reversed(list(all_of(block, "Extent")))}
    counts = [text(by_type[kind], "ExtentValue") for kind in _PAGES if kind in by_type]
    for count in (*counts, text(block, "NumberOfPages")):
        if count is not None and count.isdecimal() and 0 < int(count[:9]) <= 50_000:
            return int(count)
    return None


def _genres(block: Element) -> Iterator[str]:
    """Headings, or codes with the name of their scheme: `clil:3443`, `thema:FBA`."""
    seen: set[str] = set()
    for subject, scheme in (("MainSubject", "MainSubjectSchemeIdentifier"), ("Subject", "SubjectSchemeIdentifier")):
        for one in all_of(block, subject):
            kind = text(one, scheme)
            code, heading = text(one, "SubjectCode"), text(one, "SubjectHeadingText")
            name = heading or (f"{_SUBJECTS[kind]}:{code}" if code and kind in _SUBJECTS else None)
            if name and kind not in _UNREAD_SUBJECTS and name not in seen and len(seen) < _MAX_SUBJECTS:
                seen.add(name)
                yield name[:100]
    basic = text(block, "BASICMainSubject")
    if basic and f"bisac:{basic}" not in seen:
        yield f"bisac:{basic}"[:100]


def _description(product: Element) -> str | None:
    """The main text about the book, without its markup, some 2,000 characters of it at most."""
    collateral = first(product, "CollateralDetail")
    if collateral is not None:
        wanted, found = _DESCRIPTIONS["3"], texts(collateral, "TextContent", "TextType")
    else:
        wanted, found = _DESCRIPTIONS["2"], texts(product, "OtherText", "TextTypeCode")
    return next((found[kind] for kind in wanted if kind in found), None) or text(
        product, "MainDescription", longest=2000
    )
