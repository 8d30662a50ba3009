"""Pages of the 2018 API: their envelope as tills really send it, and how one leads to the next."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectors.documents import json_of
from connectors.pages import KnownPage
from connectors.rows import key_of
from connectors.stocks_api_columns import ColumnReader, Columns, digest_of
from connectors.stocks_api_refs import ReadRefs
from net.answers import Answer
from net.errors import FeedChanged

Ask = Callable[[str, dict[str, str]], Awaitable[tuple[str, Answer]]]
"""(stocks or events, parameters) -> (place, answer)."""

MAX_PAGES = 20_000
_REF = {"stocks": "ref", "events": "uid"}
_AS_DOCUMENTED = frozenset({"ref", "available", "price", "validuntil"})
"""Rows of these names only, nearly all there are, need no second look."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one answer, as they came."""

    what: str
    """stocks or events."""
    rows: list[Any]
    limit: int | None
    """Rows per page that the provider says it applied."""
    total: int | None
    """Rows it says it has for what was asked."""
    columns: Columns | None = None
    """The same rows, where they are as documented; `rows` is then what of them is not told by columns."""
    digest: bytes | None = None
    same: KnownPage | None = None
    """The page is the one of last time, and was not read."""
    place: str = ""
    """After which ref it begins."""

    @classmethod
    def of(cls, document: Any, *, place: str) -> Page:
        """Raises FeedChanged when `document` holds neither stocks nor events."""
        if not isinstance(document, dict):
            raise FeedChanged("un objet est attendu", place=place)
        envelope = fields_of(document)
        for what in _REF:
            rows = envelope.get(what)
            if isinstance(rows, list):
                return cls(what, rows, _count(envelope.get("limit")), _count(envelope.get("total")))
        raise FeedChanged("ni stocks ni events dans la réponse", place=place)

    @property
    def refs(self) -> list[str]:
        """The refs of the rows in their order, each once, at its last place: what `after` may name."""
        if self.columns is not None:
            return list(self.columns.refs)
        found: dict[str, None] = {}
        for row in self.rows:
            ref = ref_of(row, self.what)
            if ref is not None:
                found.pop(ref, None)
                found[ref] = None
        return list(found)

    def __len__(self) -> int:
        return len(self.rows if self.columns is None else self.columns.refs)

    def without(self, ref: str) -> Page:
        if self.columns is not None:
            return replace(self, columns=self.columns.but_last())
        return Page(self.what, [row for row in self.rows if ref_of(row, self.what) != ref], self.limit, self.total)


def _count(told: Any) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None


def fields_of(row: Any) -> dict[str, Any]:
    """A row's fields by their names in lower case; none when it is no object."""
    if not isinstance(row, dict):
        return {}
    if _AS_DOCUMENTED.issuperset(row):
        return row
    return {name.lower() if isinstance(name, str) else name: value for name, value in row.items()}


def ref_of(row: Any, what: str) -> str | None:
    """The raw ref of a row, None when it has none. A number is its digits."""
    return key_of(fields_of(row).get(_REF[what]))


@dataclass(frozen=True, slots=True)
class ByColumns:
    """How pages may be read as columns, and which are known from the last reading."""

    reader: ColumnReader
    fingerprint: bytes
    known: Mapping[str, KnownPage]

    def page(self, place: str, body: bytes) -> Page | None:
        """The page, or None where it must be read row by row."""
        digest = digest_of(body, self.fingerprint)
        known = self.known.get(place)
        if known is not None and known.digest == digest:
            return Page("stocks", [], None, known.announced, digest=digest, same=known, place=place)
        columns = self.reader.read(body)
        if columns is None:
            return None
        return Page("stocks", [], columns.limit, columns.total, columns, digest, place=place)


async def pages_by_ref(
    ask: Ask,
    what: str,
    *,
    since: str | None,
    page_size: int,
    after: str | None = None,
    max_pages: int = MAX_PAGES,
    read: ReadRefs | None = None,
    by_columns: ByColumns | None = None,
) -> AsyncIterator[Page]:
    """All pages, or those strictly after a ref, until an empty one, each with all rows of each of its refs.

    `read` is told of each page's refs once it was taken. Raises FeedChanged naming the page when it repeats, holds no
    ref, when one ref fills it, or when there are more than `max_pages`.
    """
    read = read or ReadRefs()
    params = (
        {"limit": str(page_size)} | ({"modifiedSince": since} if since else {}) | ({"after": after} if after else {})
    )
    where = what
    for _ in range(max_pages):
        where, answer = await ask(what, params)
        place = f"{where}, page après {params['after']}" if "after" in params else where
        if answer.status == 204 or not answer.body.strip():
            return
        page = by_columns.page(params.get("after", ""), answer.body) if by_columns is not None else None
        if page is not None and page.same is not None:
            read.skip(page.same.first, page.same.last)
            params["after"] = page.same.last
            yield page
            continue
        if page is None or (page.columns is not None and page.columns.odd):
            told = Page.of(json_of(answer, place=place), place=place)
            page = told if page is None else replace(page, rows=told.rows)
        if page.what != what:
            raise FeedChanged(f"la réponse ne contient pas {what}", place=place)
        if not len(page):
            if page.total and "after" not in params and since is None:
                raise FeedChanged(f"première page vide, {page.total} lignes annoncées", place=place)
            return
        refs = page.refs
        if not refs:
            raise FeedChanged("page dont aucune ligne n'a de référence", place=place)
        if len(page) >= (page.limit or page_size):
            if len(refs) == 1:
                raise FeedChanged(f"la référence {refs[0]} remplit une page entière", place=place)
            page = page.without(refs.pop())
        if len(read.again(refs)) == len(refs):
            raise FeedChanged("page déjà lue", place=place)
        params["after"] = refs[-1]
        yield page
        read.add(refs)
    raise FeedChanged(f"plus de {max_pages} pages", place=where)
