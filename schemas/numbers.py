"""How each identifier is written: cleaned, verified and brought to its one normal form.

Every function here takes the text a provider sent and answers the normal form, or raises `Refused` with
the reason in French. Normalising twice gives the same as once. Where python-stdnum (2.x) knows the
number it does the arithmetic; the rest is written from the documents named at each function.
`schemas.identifiers` gives these functions their names and says what each identifies.
"""

from __future__ import annotations

import base64
import binascii
import re

from stdnum import isan as stdnum_isan
from stdnum import isbn as stdnum_isbn
from stdnum import ismn as stdnum_ismn
from stdnum import isni as stdnum_isni
from stdnum import issn as stdnum_issn
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError
from stdnum.fr import siren as stdnum_siren
from stdnum.fr import siret as stdnum_siret
from stdnum.iso7064 import mod_37_36

THIRTEEN_DIGITS = re.compile(r"[0-9]{13}", re.ASCII)
IN_STORE = frozenset({"02", "04", *(str(prefix) for prefix in range(20, 30))})
INSEE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
EIDR = re.compile(r"10\.5240/((?:[0-9A-F]{4}-){5})([0-9A-Z])")
ARK = re.compile(r"ark:/?([0-9]{5,9})/([0-9A-Za-z=*+@_$~.%/-]{1,100})")
ALLOCINE_THEATER = re.compile(r"[A-Z][0-9A-Z]{4}")
DATATOURISME = re.compile(r"([0-9]{1,6})[/-]([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})", re.ASCII)
ISWC = re.compile(r"T([0-9]{9})([0-9])")
NOID_ALPHABET = "0123456789bcdfghjkmnpqrstvwxz"
BNF = "12148"
LONGEST = 300
HIGHEST_VISA = 299_999
"""The CNC hands out some 1,500 visas a year and stood near 165,000 in 2026."""


class Refused(ValueError):
    """The text is not such an identifier; the message says why, in French."""


def ean(raw: str) -> str:
    """An EAN-13 from its 13 digits. Shops' own codes (prefixes 02, 04, 20 to 29) are refused.

    Those prefixes are GS1's for restricted circulation: two shops give the same number to two things. Shorter
    numbers are not completed: one truncated EAN in ten is a valid UPC, that of something else.
    """
    text = raw
    if not THIRTEEN_DIGITS.fullmatch(raw):
        text = _compact(raw)
        if not THIRTEEN_DIGITS.fullmatch(text):
            raise Refused("il faut 13 chiffres")
    if not _has_ean_check_digit(text):
        raise Refused("la clé de contrôle est fausse")
    if text[:2] in IN_STORE or text == "0" * 13:
        raise Refused("c'est un code interne à un magasin, qui n'identifie rien ailleurs")
    return text


def _has_ean_check_digit(text: str) -> bool:
    """As `stdnum.ean` has it (a test holds the two together), at a tenth of the cost: every row of every till asks."""
    digits = text.encode("ascii")
    # The seven and six codes of "0" add a multiple of ten.
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def isbn(raw: str) -> str:
    """An ISBN as its 13 digits. An ISBN-10 is converted; 979-0 is an ISMN and is refused here."""
    if THIRTEEN_DIGITS.fullmatch(raw) and raw.startswith(("978", "9791")) and _has_ean_check_digit(raw):
        return raw  # what nearly all are; whatever else it is, the library judges
    text = _compact(raw)
    if len(text) not in (10, 13):
        raise Refused("il faut 10 ou 13 caractères")
    try:
        number: str = stdnum_isbn.validate(text, convert=True)
    except ValidationError as error:
        raise _refusal(error, component="il faut un préfixe 978 ou 979") from error
    if number.startswith("9790"):
        raise Refused("le préfixe 979-0 est celui des partitions (ISMN)")
    return number


def ismn(raw: str) -> str:
    """An ISMN as its 13 digits, from `M-2306-7118-7` or `979-0-…`."""
    try:
        return str(stdnum_ismn.to_ismn13(stdnum_ismn.validate(_compact(raw, keep_dots=False))))
    except ValidationError as error:
        raise _refusal(error, component="il faut le préfixe 979-0") from error


def issn(raw: str) -> str:
    """An ISSN as eight characters without a hyphen; the last may be X."""
    try:
        return str(stdnum_issn.validate(_bounded(raw)))
    except ValidationError as error:
        raise _refusal(error) from error


def isan(raw: str) -> str:
    """The 16 hexadecimal digits of an ISAN's root and episode: the film, whatever its version."""
    text = re.sub(r"(?i)^(urn:)?isan[: ]*", "", _bounded(raw))
    try:
        return str(stdnum_isan.validate(text))[:16]
    except ValidationError as error:
        raise _refusal(error) from error


def isni(raw: str) -> str:
    """An ISNI as its 16 characters, from a bare number or an isni.org address."""
    text = re.sub(r"(?i)^https?://(www\.)?isni\.org/(isni/)?", "", _bounded(raw))
    try:
        return str(stdnum_isni.validate(text))
    except ValidationError as error:
        raise _refusal(error) from error


def siret(raw: str) -> str:
    """A SIRET as its 14 digits, by Luhn's formula or La Poste's own rule."""
    try:
        number = str(stdnum_siret.validate(_compact(raw)))
    except ValidationError as error:
        raise _refusal(error) from error
    if number.startswith("000000000"):
        raise Refused("ce SIREN n'est fait que de zéros")
    return number


def siren(raw: str) -> str:
    """A SIREN as its 9 digits."""
    try:
        number = str(stdnum_siren.validate(_compact(raw)))
    except ValidationError as error:
        raise _refusal(error) from error
    if number == "000000000":
        raise Refused("ce SIREN n'est fait que de zéros")
    return number


def visa(raw: str) -> str:
    """A film's visa d'exploitation (CNC): up to six digits, without leading zeros.

    Tills fill the field with 0, 111111 or 123456, and number foreign and event films themselves
    (`2021001414`): none of these is a visa, and each would make one film of many.
    """
    digits = re.sub(r"[\s.]", "", _bounded(raw))
    if not (digits.isascii() and digits.isdigit()):
        raise Refused("il ne faut que des chiffres")
    digits = digits.lstrip("0")
    if len(digits) > 6 or int(digits or 0) > HIGHEST_VISA:
        raise Refused("ce numéro est trop grand pour un visa : c'est un numéro propre au logiciel")
    filler = len(digits) < 2 or (len(digits) > 2 and (len(set(digits)) == 1 or "1234567".startswith(digits)))
    if filler:
        raise Refused("c'est une valeur de remplissage, pas un visa")
    return digits


def allocine_film(raw: str) -> str:
    """Allociné's film number, from the number or the API's opaque id (base64 of `Movie:131136`)."""
    return _number(_allocine(raw, "Movie"), longest=9)


def allocine_theater(raw: str) -> str:
    """Allociné's theatre code such as P1209, from the code or the API's opaque id (base64 of `Theater:…`)."""
    code = _allocine(raw, "Theater").upper()
    if not ALLOCINE_THEATER.fullmatch(code):
        raise Refused("il faut une lettre et quatre caractères, comme P1209")
    return code


def cnc_cinema(raw: str) -> str:
    """The CNC's "N° auto" of a cinema (Données cartographiques des établissements actifs)."""
    return _number(_bounded(raw), longest=6)


def eidr(raw: str) -> str:
    """An EIDR content id, `10.5240/XXXX-XXXX-XXXX-XXXX-XXXX-C`; its check is ISO 7064 Mod 37,36."""
    text = re.sub(r"(?i)^(https?://(dx\.)?doi\.org/|https?://ui\.eidr\.org/view/content\?id=|doi:)", "", _bounded(raw))
    found = EIDR.fullmatch(text.upper())
    if found is None:
        raise Refused("il faut la forme 10.5240/XXXX-XXXX-XXXX-XXXX-XXXX-C")
    if not mod_37_36.is_valid(found[1].replace("-", "") + found[2]):
        raise Refused("la clé de contrôle est fausse")
    return text.upper()


def iswc(raw: str) -> str:
    """A musical work's ISWC as `T` and ten digits (ISO 15707: 1 + Σ i·dᵢ + check is a multiple of ten)."""
    found = ISWC.fullmatch(re.sub(r"(?i)^iswc:? *", "", _compact(raw, keep_dots=False)).upper())
    if found is None:
        raise Refused("il faut la lettre T et dix chiffres")
    weighted = 1 + sum(place * int(digit) for place, digit in enumerate(found[1], start=1))
    if (weighted + int(found[2])) % 10:
        raise Refused("la clé de contrôle est fausse")
    return "".join(("T", found[1], found[2]))


def ark(raw: str) -> str:
    """An ARK as `ark:/NAAN/name`. The BnF's end in a NOID check character, which is verified."""
    text = re.sub(r"(?i)^https?://[^/]+/", "", _bounded(raw))
    found = ARK.fullmatch(re.sub(r"(?i)^ark:", "ark:", text))
    if found is None:
        raise Refused("il faut la forme ark:/12148/cb…")
    naan, name = found[1], found[2].rstrip("/")
    if naan == BNF:
        name = name.split("/")[0].split(".")[0].lower()
        if len(name) < 2 or _noid(name[:-1]) != name[-1]:
            raise Refused("le caractère de contrôle est faux")
    if not name:
        raise Refused("le nom est vide")
    return f"ark:/{naan}/{name}"


def openagenda(raw: str) -> str:
    """An OpenAgenda uid, of an event or of a location (two schemes): digits."""
    return _number(_bounded(raw), longest=12)


def datatourisme(raw: str) -> str:
    """A DATAtourisme object as `producer/uuid`, from its address or from its file's name."""
    text = re.sub(r"(?i)^https?://data\.datatourisme\.(fr|gouv\.fr)/", "", _bounded(raw)).lower()
    found = DATATOURISME.fullmatch(text.removesuffix(".json"))
    if found is None:
        raise Refused("il faut le numéro du producteur et un UUID")
    return f"{found[1]}/{found[2]}"


def insee(raw: str) -> str:
    """A commune's INSEE code (COG): five characters, 2A and 2B in Corsica. Not a postal code."""
    code = _bounded(raw).upper()
    if not INSEE.fullmatch(code) or code[:2] in ("00", "20", "96", "99"):
        raise Refused("il faut cinq caractères, comme 67482 ou 2A004")
    return code


def _bounded(raw: str) -> str:
    if len(raw) > LONGEST:
        raise Refused("le texte est trop long")
    return raw.strip()


def _compact(raw: str, *, keep_dots: bool = True) -> str:
    text = re.sub(r"[\s\u00ad\u2010-\u2015\u2212-]", "", _bounded(raw)).upper()
    return text if keep_dots else text.replace(".", "")


def _number(text: str, *, longest: int) -> str:
    if not (text.isascii() and text.isdigit()):
        raise Refused("il ne faut que des chiffres")
    digits = text.lstrip("0")
    if not digits:
        raise Refused("zéro n'identifie rien")
    if len(digits) > longest:
        raise Refused(f"il faut au plus {longest} chiffres")
    return digits


def _allocine(raw: str, what: str) -> str:
    text = _bounded(raw)
    try:
        opened = base64.b64decode(text, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return text
    return opened.removeprefix(f"{what}:") if opened.startswith(f"{what}:") else text


def _noid(name: str) -> str:
    # The BnF computes on the name alone; the NOID paper takes NAAN and slash along.
    weighted = sum(
        place * NOID_ALPHABET.index(character)
        for place, character in enumerate(name, start=1)
        if character in NOID_ALPHABET
    )
    return NOID_ALPHABET[weighted % len(NOID_ALPHABET)]


def _refusal(error: ValidationError, *, component: str = "une partie est fausse") -> Refused:
    if isinstance(error, InvalidChecksum):
        return Refused("la clé de contrôle est fausse")
    if isinstance(error, InvalidLength):
        return Refused("la longueur est fausse")
    if isinstance(error, InvalidComponent):
        return Refused(component)
    return Refused("il y a un caractère interdit")
