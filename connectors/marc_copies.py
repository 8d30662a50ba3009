"""The copies that a notice lists: UNIMARC 995 (French recommendation, Koha), MARC 21 952 (Koha).

Sources: Recommandation 995 (ADBDP, 1998); Koha's default frameworks. Call numbers of the BnF (930) are no copies
that anybody lends.
"""

from __future__ import annotations

from connectors.marc_notice import Field, Notice


def copies_of(notice: Notice) -> list[bool] | None:
    """For each copy, whether it can be borrowed now; None where the notice lists none."""
    if "995" in notice.data:
        return [_unimarc(one) for one in notice.fields("995")]
    # Elsewhere than in Koha's MARC 21, 952 holds other local data: its copies have a branch, and a number or a type.
    copies = [one for one in notice.fields("952") if one.first("a", "b") and one.first("9", "y", "p")]
    return [_marc21(one) for one in copies] if copies and "245" in notice.data else None


def _unimarc(copy: Field) -> bool:
    status = (copy.first("o") or "0").lower()
    # $2 lost, $1 damaged, $0 withdrawn, $3 restricted; $n is the day it is due back.
    return (_is_lendable(status) or status in ("e", "u")) and _is_free(copy, "2", "1", "0", "3") and not copy.first("n")


def _marc21(copy: Field) -> bool:
    # $7 not for loan, $1 lost, $4 damaged, $0 withdrawn, $5 restricted; $q is the day it is due back.
    return _is_lendable(copy.first("7") or "0") and _is_free(copy, "1", "4", "0", "5") and not copy.first("q")


def _is_lendable(status: str) -> bool:
    return status == "0"


def _is_free(copy: Field, *codes: str) -> bool:
    return all((copy.first(code) or "0") == "0" for code in codes)
