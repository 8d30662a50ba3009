"""The SOAP of GestionCinemaWS: three calls of plain parameters, and a text of JSON in the answer.

The envelopes are written by hand: the WSDL's own address is one inside the cinema, and nothing else in it is needed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lxml import etree

from connectors.cut_json import json_or_part
from connectors.documents import json_of
from connectors.texts import line
from net.answers import Answer
from net.client import Http
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable

NAMESPACE = "urn:GestionCinemaWS"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_SIGNS = frozenset({"CodeErreur", "ObjetRetour", "Films"})
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_LISTS = ((), ("Films",), ("Seances",))
_BEGUN = re.compile(r"<(?:[\w.-]+:)?\w+Result(?:\s[^<>]*)?>")
_ANY_RESULT = re.compile(r"<(?:[\w.-]+:)?\w+Result(?:\s[^<>]*)?>(.*?)</(?:[\w.-]+:)?\w+Result\s*>", re.DOTALL)
_DENIED = re.compile(r"mot de passe|authentif|acc[eè]s (?:refus|interdit)|utilisateur inconnu", re.IGNORECASE)


class CgrService:
    """One cinema's service. Raises the failures of `net.errors`."""

    def __init__(self, http: Http, *, url: str, username: str, password: str) -> None:
        self._http, self._url = http, url
        self._credentials = {"User": username, "mdp": password}

    async def films(self) -> list[Any]:
        """The films of the programme, with their showings."""
        return (await self.programme())[0]

    async def programme(self) -> tuple[list[Any], Any]:
        """The films, and the cinema's own number, which a sale must say."""
        result = await self.call("GetSeancesPassCulture", {"IDFilmAllocine": "0"}, retry=True)
        films = films_of(result, place=self._url)
        inside = result.get("ObjetRetour")
        return films, inside.get("NumCine") if isinstance(inside, dict) else None

    async def call(self, operation: str, parameters: Mapping[str, object], *, retry: bool = False) -> dict[str, Any]:
        """The JSON of an operation's result, refusals (`CodeErreur`) included."""
        answer = await self._http.request(
            "POST",
            self._url,
            headers={"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NAMESPACE}/{operation}"'},
            data=envelope(operation, self._credentials | dict(parameters)),
            ok=(200,),
            retry=retry,
        )
        found = result_of(answer, place=self._url)
        if found is None:
            raise FeedChanged("réponse sans résultat", place=self._url)
        return found


def envelope(operation: str, parameters: Mapping[str, object]) -> bytes:
    """The request of an operation, its parameters in the order of the WSDL."""
    soap = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soap": ENVELOPE, "ws": NAMESPACE})
    asked = etree.SubElement(etree.SubElement(soap, f"{{{ENVELOPE}}}Body"), f"{{{NAMESPACE}}}{operation}")
    for name, value in parameters.items():
        etree.SubElement(asked, name).text = str(value)
    return etree.tostring(soap, xml_declaration=True, encoding="utf-8")


def result_of(answer: Answer, *, place: str) -> dict[str, Any] | None:
    """The object of JSON in a SOAP answer, or in a recording of the JSON alone; None where it is sound and no result.

    Raises FeedChanged for what is neither, and for a fault of SOAP, in the service's words.
    """
    inside = _json_in(answer.decode().text, place)
    return None if inside is None else _result(json_of(_as(answer, inside), place=place), place)


def recorded_result(answer: Answer, *, place: str) -> tuple[dict[str, Any] | None, FeedChanged | None]:
    """As `result_of`, and why it is not all where the file breaks off after some whole showings."""
    text = answer.decode().text
    broken: FeedChanged | None = None
    try:
        inside = _json_in(text, place)
    except FeedChanged as failure:
        begun = _BEGUN.search(text)
        if begun is None or "<!DOCTYPE" in text:
            raise
        inside, broken = html.unescape(text[begun.end() :]), failure
    if inside is None:
        return None, None
    try:
        found, cut = json_or_part(_as(answer, inside), place=place, holds=lambda path: path[-1:] in _LISTS)
    except FeedChanged as failure:
        raise broken or failure from None
    return _result(found, place), cut or broken


def _result(found: Any, place: str) -> dict[str, Any] | None:
    if not isinstance(found, dict):
        raise FeedChanged("le résultat n'est pas un objet JSON", place=place)
    return found if _SIGNS & found.keys() else None


def _as(answer: Answer, inside: str) -> Answer:
    return replace(answer, headers={}, body=inside.encode("utf-8", "replace"))


def refusal_of(result: dict[str, Any], *, place: str) -> str | None:
    """Why the service refuses, in its own words; None where it does not. AccessDenied where it does not let us in."""
    code = result.get("CodeErreur", 0)
    if code == 0:
        return None
    said = line(result.get("IntituleErreur"), longest=300) or f"code {str(code)[:20]}"
    if _DENIED.search(said):
        raise AccessDenied(f"le cinéma refuse l'accès : {said}", place=place)
    return said


def is_of_sale(result: dict[str, Any]) -> bool:
    """Whether it answers a reservation or a cancellation that was made."""
    return result.get("CodeErreur", 0) == 0 and "ObjetRetour" not in result and "Films" not in result


def films_of(result: dict[str, Any], *, place: str) -> list[Any]:
    """The films of a result. ProviderUnavailable where the service refuses, FeedChanged without any."""
    if (said := refusal_of(result, place=place)) is not None:
        raise ProviderUnavailable(f"le cinéma répond : {said}", place=place)
    inside = result.get("ObjetRetour", result)
    films = inside.get("Films") if isinstance(inside, dict) else None
    if films is None and isinstance(inside, dict) and "Films" in inside:
        return []
    if not isinstance(films, list):
        raise FeedChanged("résultat sans Films", place=place)
    return films


def _json_in(text: str, place: str) -> str | None:
    """The text itself where it is JSON, else that of the element named …Result; None where there is none.

    Nothing is fetched, no entity is read, no DTD is taken.
    """
    if text.lstrip()[:1] in ("{", "["):
        return text
    if "<!DOCTYPE" in text:
        raise FeedChanged("une réponse SOAP n'a pas de DTD", place=place)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(_DECLARATION.sub("", text).strip().encode(), parser)
    except etree.XMLSyntaxError as error:
        # The JSON may stand there as it is, its `&` included.
        found = _ANY_RESULT.search(text)
        if found is not None and "<!" not in text:
            return html.unescape(found[1])
        line_, column = error.position
        raise FeedChanged(f"XML mal formé, ligne {line_}, colonne {column}", place=place) from None
    for element in root.iter(etree.Element):
        name = etree.QName(element).localname
        if name.endswith("Result"):
            return element.text or ""
        if name == "Fault":
            said = line(" ".join(str(text) for text in element.itertext()), longest=200)
            raise FeedChanged(f"le service répond une faute : {said}", place=place)
    return None
