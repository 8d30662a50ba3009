"""The nodes of one reading of web pages: found by their `@id` wherever they stand, and the events among them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from connectors.remembered import remembered
from connectors.schema_org_pages import Node
from connectors.texts import in_french

FILED = {
    "ScreeningEvent": "SEANCE_CINE",
    "MusicEvent": "CONCERT",
    "TheaterEvent": "SPECTACLE_REPRESENTATION",
    "DanceEvent": "SPECTACLE_REPRESENTATION",
    "ComedyEvent": "SPECTACLE_REPRESENTATION",
    "PerformingArtsEvent": "SPECTACLE_REPRESENTATION",
    "ExhibitionEvent": "VISITE",
    "VisualArtsEvent": "VISITE",
    "LiteraryEvent": "RENCONTRE",
    "EducationEvent": "CONFERENCE",
    "ConferenceEvent": "CONFERENCE",
    "Festival": "FESTIVAL_SPECTACLE",
    "EventSeries": None,
    "ChildrensEvent": None,
    "SocialEvent": None,
    "Event": None,
}
"""What a type is here; None: whatever the source's settings say."""
OUTSIDE = frozenset({"SportsEvent", "SaleEvent", "BusinessEvent", "FoodEvent", "CourseInstance", "Hackathon",
                     "DeliveryEvent", "PublicationEvent", "BroadcastEvent", "UserInteraction"})  # fmt: skip
_LOCAL = re.compile(r"^.*[/#:]")
_DEEPEST = 30


class Pages:
    """The nodes of one reading by their `@id`, and the events among them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Node] = {}
        self._tops: list[tuple[Node, str]] = []

    def add(self, nodes: Iterable[Node], page: str) -> None:
        """`page`: the address of the page, or the name of its file."""
        for node in nodes:
            self._tops.append((node, page))
            self._note(node, 0)

    def events(self) -> Iterator[tuple[Node, Node | None, str]]:
        """(event, the series or event it is a part of, page), in the order of the pages, parts in place of series."""
        for node, page in self._tops:
            yield from ((event, parent, page) for event, parent in self._within(node, None, 0))

    def whole(self, value: Any) -> Any:
        """The node that a bare reference names, or the value itself."""
        if isinstance(value, dict) and isinstance(value.get("@id"), str) and len(value) <= 2:
            return self._by_id.get(value["@id"], value)
        return value

    def first(self, node: Any, name: str) -> Any:
        """The first of a field's values, references followed; None where there is none."""
        value = node.get(name) if isinstance(node, dict) else None
        if type(value) is list:
            value = next((one for one in value if one is not None), None)
        return self.whole(value) if type(value) is dict else value

    def all(self, node: Any, name: str) -> list[Any]:
        value = node.get(name) if isinstance(node, dict) else None
        if value is None:
            return []
        values = value if isinstance(value, list) else [value]
        return [self.whole(one) for one in values if one is not None]

    def text(self, node: Any, *names: str) -> str | None:
        """The first text there is under these names; a language's value is its text."""
        if not node:
            return None
        for name in names:
            value = self.first(node, name)
            if value is None:
                continue
            if isinstance(value, dict):
                value = value.get("@value") or value.get("name") or in_french(value)
            if isinstance(value, str) and value.strip():
                return value.strip()
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
        return None

    def _within(self, node: Node, parent: Node | None, depth: int) -> Iterator[tuple[Node, Node | None]]:
        if depth > _DEEPEST:
            return
        kinds = types_of(node)
        if is_event(kinds):
            parts = [part for name in ("subEvent", "subEvents") for part in self.all(node, name)]
            dated = [part for part in parts if isinstance(part, dict) and part.get("startDate")]
            for part in dated:
                yield from self._within(part if types_of(part) else {**part, "@type": "Event"}, node, depth + 1)
            if not dated:
                yield node, parent if parent is not None else None
            return
        for value in node.values():
            yield from self._inside(value, depth + 1)

    def _inside(self, value: Any, depth: int) -> Iterator[tuple[Node, Node | None]]:
        if isinstance(value, dict):
            yield from self._within(value, None, depth)
        elif isinstance(value, list) and depth <= _DEEPEST:
            for one in value:
                yield from self._inside(one, depth + 1)

    def _note(self, node: Any, depth: int) -> None:
        if depth > _DEEPEST:
            return
        if isinstance(node, dict):
            name = node.get("@id")
            if isinstance(name, str) and len(node) > 2:
                self._by_id.setdefault(name, node)
            for value in node.values():
                self._note(value, depth + 1)
        elif isinstance(node, list):
            for one in node:
                self._note(one, depth + 1)


@remembered
def local(name: str) -> str:
    """The last part of a name: `https://schema.org/SoldOut` is `SoldOut`."""
    return _LOCAL.sub("", name)


def types_of(node: Any) -> frozenset[str]:
    """The local names of a node's types."""
    value = node.get("@type") if isinstance(node, dict) else None
    if isinstance(value, str):
        return _kinds(value)
    listed = value if isinstance(value, list) else [value]
    return frozenset(local(one.strip()) for one in listed if isinstance(one, str))


@remembered
def _kinds(name: str) -> frozenset[str]:
    return frozenset({local(name.strip())})


@functools.lru_cache(maxsize=1000)
def is_event(kinds: frozenset[str]) -> bool:
    """Whether a node is an event of any sort, also of one that this list does not name."""
    return any(kind in FILED or kind in OUTSIDE or (kind.endswith("Event") and kind != "Event") for kind in kinds)
