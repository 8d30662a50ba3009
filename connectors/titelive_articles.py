"""Articles of Titelive's API into products: one for each edition of an "oeuvre".

Shapes vary: lists and objects with keys "1", "2"… for the same thing, numbers as numbers or texts, entities of HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.base import Change, Reject, Upsert
from connectors.marc_words import language_of, pages_of, tidy
from connectors.money import cents
from connectors.rows import key_of, raw
from connectors.texts import plain
from connectors.titelive_words import book_of, day_of, is_unnamed, people, record_of, sold
from schemas.identifiers import identifier
from schemas.records import Contributor, Kind, Product, SourceRef

_MUSIC = "4"
_UNTOLD = frozenset({"", "0", "non précisée", "non précisé"})


def works_of(answer: Any) -> list[Any] | None:
    """The works of an answer to a search or to an EAN; None when it is neither."""
    if not isinstance(answer, dict):
        return None
    if "oeuvre" in answer:
        return [answer["oeuvre"]] if answer["oeuvre"] else []
    return each(answer["result"]) if "result" in answer else None


def work_changes(work: Any, connector: str, account: str, *, today: date, is_music: bool) -> Iterator[Change]:
    """The products of a work's articles. Rejected one by one: neighbours stay."""
    if not isinstance(work, dict):
        yield Reject("œuvre qui n'est pas un objet", raw(work), Kind.PRODUCT)
        return
    articles = each(work.get("article"))
    head = {name: value for name, value in work.items() if name != "article"}
    for article in articles:
        key = key_of(article.get("gencod")) if isinstance(article, dict) else None
        ref = SourceRef(connector=connector, account=account, key=key) if key else None
        try:
            if ref is None:
                raise ValueError("article sans gencod")
            notes: list[str] = []
            music = is_music or str(article.get("typeproduit") or work.get("typeproduit") or "") == _MUSIC
            yield Upsert(_product(work, article, ref, today, notes, is_music=music), tuple(notes))
        except ValueError as error:
            yield Reject(str(error), raw({**head, "article": [article]}), Kind.PRODUCT, ref)


def each(value: Any) -> list[Any]:
    """A list, or the values of an object that stands for one."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _product(
    work: dict[str, Any], article: dict[str, Any], ref: SourceRef, today: date, notes: list[str], *, is_music: bool
) -> Product:
    title = plain(work.get("titre") or article.get("titre"), longest=1000)
    authors = [name for name in each(work.get("auteurs_multi")) if isinstance(name, str)]
    if not authors and isinstance(work.get("auteurs"), str):
        authors = work["auteurs"].split(",")
    if title is None:
        raise ValueError("titre manquant")
    if is_unnamed(title, authors[0] if authors else None):
        raise ValueError("livre annoncé sans titre (« xxx »)")
    published = day_of(article.get("dateparution"))
    sellable, opens = sold(article.get("dispo"), published, today)
    if str(article.get("scolaire") or "0") == "1":
        sellable, opens = False, None
        notes.append("livre scolaire : n'est pas proposé")
    label = article.get("libellesupport") if isinstance(article.get("libellesupport"), str) else None
    return Product(
        ref=ref,
        title=title,
        subcategory=record_of(label) if is_music else book_of(str(article.get("codesupport") or ""), label),
        identifiers=[identifier("ean", ref.key)],
        contributors=_music_people(article) if is_music else people(authors),
        publisher=tidy(_text(article, "label" if is_music else "editeur") or _text(article, "editeur"), longest=300),
        collection=tidy(_text(article, "serie") or _text(article, "collection"), longest=300),
        volume=tidy(_text(article, "collection_no"), longest=100) if not _text(article, "serie") else None,
        language=language_of(_text(article, "langueiso")),
        published_on=None if published is None else published.isoformat(),
        price_cents=_price(article, notes),
        page_count=pages_of(str(article.get("pages") or "")),
        genres=_genres(article),
        description=plain(article.get("resume"), longest=2000),
        sellable=sellable,
        sellable_from=opens,
    )


def _text(article: dict[str, Any], name: str) -> str | None:
    found = plain(article.get(name), longest=1000)
    return None if found is None or found.lower() in _UNTOLD else found


def _music_people(article: dict[str, Any]) -> list[Contributor]:
    return [*people([article.get("artiste")], "performer"), *people(each(article.get("interpretes")), "performer")]


def _price(article: dict[str, Any], notes: list[str]) -> int | None:
    """Cents of the French price; 0 and absent tell nothing."""
    abroad = article.get("prixpays")
    french = abroad.get("fr") if isinstance(abroad, dict) else None
    for told in (article.get("prix"), french.get("value") if isinstance(french, dict) else None):
        if isinstance(told, int | str | Decimal) and not isinstance(told, bool) and str(told).strip():
            try:
                if found := cents(told):
                    return found
            except ValueError as error:
                notes.append(str(error))
    return None


def _genres(article: dict[str, Any]) -> list[str]:
    """The labels of the finest classification, from the largest to the smallest."""
    gtl = article.get("gtl")
    levels = gtl.get("first") if isinstance(gtl, dict) else None
    labels = [plain(one.get("libelle"), longest=100) for one in each(levels) if isinstance(one, dict)]
    clil = str(article.get("code_clil") or "")
    return [*(label for label in labels if label), *([f"clil:{clil}"] if clil.strip("0") else [])]
