"""Nodes of DATAtourisme's JSON: names with or without prefix, texts by language, references to other nodes."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]
_LOCAL = re.compile(r"^(?:https?://[^\s]*[/#]|[A-Za-z][\w.-]*:|@)(?=[A-Za-z])")
_DEEPEST = 12


class Graph:
    """The nodes of one document by their `@id`, so that `{"@id": …}` alone leads to what it names."""

    def __init__(self, nodes: list[Any] | None = None) -> None:
        self._nodes: Mapping[str, Node] = {
            str(node["@id"]): node for node in nodes or [] if isinstance(node, dict) and "@id" in node
        }

    def get(self, node: Any, name: str) -> Any:
        """A field by its local name: `label` finds `rdfs:label`, `schema:address` is `address`."""
        if not isinstance(node, dict):
            return None
        if name in node:
            return node[name]
        key = _names(tuple(node)).get(name) if node else None
        return None if key is None else node[key]

    def nodes(self, node: Any, name: str) -> list[Node]:
        """The nodes of a field, one or many, followed where they stand elsewhere."""
        value = self.get(node, name)
        if value is None:
            return []
        found = ({"@id": one} if isinstance(one, str) else one for one in (value if type(value) is list else [value]))
        return [self.whole(one) for one in found if isinstance(one, dict)]

    def whole(self, node: Node) -> Node:
        """The node that a bare reference names, or the node itself."""
        if len(node) == 1 and "@id" in node:
            return self._nodes.get(str(node["@id"]), node)
        return node

    def first(self, node: Any, name: str) -> Node:
        """The first node of a field; an empty one where there is none."""
        found = self.nodes(node, name)
        return found[0] if found else {}

    def text(self, node: Any, name: str) -> str | None:
        """A field's text: French, else the first language there is."""
        value = self.get(node, name)
        return None if value is None else text_of(value)

    def types(self, node: Any) -> frozenset[str]:
        """The local names of its types; the same thing is named by two vocabularies."""
        value = self.get(node, "@type") or self.get(node, "type")
        listed = value if isinstance(value, list) else [value]
        return _types(tuple(one for one in listed if isinstance(one, str)))


@functools.lru_cache(maxsize=2000)
def _types(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_LOCAL.sub("", name) for name in names)


@functools.lru_cache(maxsize=20_000)
def _names(keys: tuple[str, ...]) -> Mapping[str, str]:
    """The keys of a node by their local names; objects of one flux are of few shapes."""
    return {_LOCAL.sub("", key): key for key in reversed(keys)}


def text_of(value: Any, depth: int = 0) -> str | None:
    """`{"fr": ["…"]}`, `{"@fr": "…"}`, `[{"@language": "fr", "@value": "…"}]`, `["…"]` or `"…"`, in French first."""
    if value is None:
        return None
    if isinstance(value, str):
        return value.strip() or None
    if depth > _DEEPEST:
        return None
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        if "@value" in value:
            return text_of(value["@value"], depth + 1)
        if "fr" in value and (text := text_of(value["fr"], depth + 1)):
            return text
        if "@fr" in value and (text := text_of(value["@fr"], depth + 1)):
            return text
        told = (one for name, one in value.items() if name != "@id")
        return next((text for one in told if (text := text_of(one, depth + 1))), None)
    if isinstance(value, list):
        if len(value) == 1:
            return text_of(value[0], depth + 1)
        french = (one for one in value if isinstance(one, dict) and one.get("@language") == "fr")
        return next((text for one in (*french, *value) if (text := text_of(one, depth + 1))), None)
    return None


def document_nodes(document: Any) -> tuple[list[Any], bool]:
    """The objects of one document, and whether it is one at all: an object, a list, a `@graph`, a page of the API.

    A context (`@context` alone) and an index (a list of `file`s) hold none.
    """
    if isinstance(document, list):
        if document and all(isinstance(one, dict) and "file" in one for one in document):
            return [], True
        return document, not document or any(isinstance(one, dict) and _is_object(one) for one in document)
    if not isinstance(document, dict):
        return [], False
    for name in ("@graph", "objects", "results"):
        if isinstance(document.get(name), list):
            return document[name], True
    if _is_object(document):
        return [document], True
    return [], "@context" in document or ("dc" in document and "schema" in document)


def _is_object(node: Mapping[str, Any]) -> bool:
    return ("@id" in node or "uri" in node) and ("@type" in node or "type" in node)
