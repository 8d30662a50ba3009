"""The subcategories are those the pass Culture published, with the rules that hang on them."""

from __future__ import annotations

import pytest

from schemas.taxonomy import (
    EVENT_CATEGORIES_2018,
    SUBCATEGORIES,
    Place,
    Reimbursement,
    Subcategory,
    UnknownCategory,
    of_event_2018,
)

# From the public API for partners, versions of 2023 to 2026: a second source, independent of the file.
EVENTS_OF_THE_PARTNER_API = [
    "ACTIVATION_EVENT",
    "ATELIER_PRATIQUE_ART",
    "CINE_PLEIN_AIR",
    "CONCERT",
    "CONCOURS",
    "CONFERENCE",
    "DECOUVERTE_METIERS",
    "EVENEMENT_CINE",
    "EVENEMENT_JEU",
    "EVENEMENT_MUSIQUE",
    "EVENEMENT_PATRIMOINE",
    "FESTIVAL_ART_VISUEL",
    "FESTIVAL_CINE",
    "FESTIVAL_LIVRE",
    "FESTIVAL_MUSIQUE",
    "FESTIVAL_SPECTACLE",
    "LIVESTREAM_EVENEMENT",
    "LIVESTREAM_MUSIQUE",
    "LIVESTREAM_PRATIQUE_ARTISTIQUE",
    "RENCONTRE",
    "RENCONTRE_EN_LIGNE",
    "RENCONTRE_JEU",
    "SALON",
    "SEANCE_CINE",
    "SEANCE_ESSAI_PRATIQUE_ART",
    "SPECTACLE_REPRESENTATION",
    "VISITE",
    "VISITE_GUIDEE",
]
GOODS_OF_THE_PARTNER_API = [
    "ABO_BIBLIOTHEQUE",
    "ABO_CONCERT",
    "ABO_LIVRE_NUMERIQUE",
    "ABO_MEDIATHEQUE",
    "ABO_PLATEFORME_MUSIQUE",
    "ABO_PLATEFORME_VIDEO",
    "ABO_PRATIQUE_ART",
    "ABO_PRESSE_EN_LIGNE",
    "ABO_SPECTACLE",
    "ACHAT_INSTRUMENT",
    "APP_CULTURELLE",
    "AUTRE_SUPPORT_NUMERIQUE",
    "CAPTATION_MUSIQUE",
    "CARTE_JEUNES",
    "CARTE_MUSEE",
    "LIVRE_AUDIO_PHYSIQUE",
    "LIVRE_NUMERIQUE",
    "LOCATION_INSTRUMENT",
    "PARTITION",
    "PLATEFORME_PRATIQUE_ARTISTIQUE",
    "PODCAST",
    "PRATIQUE_ART_VENTE_DISTANCE",
    "SPECTACLE_ENREGISTRE",
    "SUPPORT_PHYSIQUE_FILM",
    "TELECHARGEMENT_LIVRE_AUDIO",
    "TELECHARGEMENT_MUSIQUE",
    "VISITE_VIRTUELLE",
    "VOD",
    "LIVRE_PAPIER",
    "SUPPORT_PHYSIQUE_MUSIQUE_CD",
    "SUPPORT_PHYSIQUE_MUSIQUE_VINYLE",
]
SEARCH_GROUPS = [
    "ARTS_LOISIRS_CREATIFS",
    "BIBLIOTHEQUES_MEDIATHEQUE",
    "CARTES_JEUNES",
    "CD_VINYLE_MUSIQUE_EN_LIGNE",
    "CONCERTS_FESTIVALS",
    "EVENEMENTS_EN_LIGNE",
    "FILMS_SERIES_CINEMA",
    "INSTRUMENTS",
    "JEUX_JEUX_VIDEOS",
    "LIVRES",
    "MEDIA_PRESSE",
    "MUSEES_VISITES_CULTURELLES",
    "RENCONTRES_CONFERENCES",
    "SPECTACLES",
    "NONE",
]


def test_the_lists_have_their_published_lengths() -> None:
    """67 subcategories in November 2021, 73 in 2024, 75 in all."""
    every = SUBCATEGORIES.values()
    assert len(every) == 75
    assert len([one for one in every if not one.is_new_since2021]) == 67
    assert len([one for one in every if one.gone_by is None]) == 73


def test_events_are_what_partners_may_create_as_events() -> None:
    """The events of the file are the event categories of the partner API, one for one."""
    assert set(EVENTS_OF_THE_PARTNER_API) == {one.id for one in SUBCATEGORIES.values() if one.is_event}


def test_goods_are_goods() -> None:
    """The product categories of the partner API are goods here."""
    assert not [name for name in GOODS_OF_THE_PARTNER_API if SUBCATEGORIES[name].is_event]


def test_search_groups_are_the_app_s() -> None:
    """Every subcategory is in a group of the app, and every group has one."""
    assert set(SEARCH_GROUPS) == {one.search_group for one in SUBCATEGORIES.values()}


@pytest.mark.parametrize("one", SUBCATEGORIES.values(), ids=lambda one: one.id)
def test_flags_do_not_contradict_each_other(one: Subcategory) -> None:
    """Nothing counts twice against caps, duo is on the spot, minors who pay may also have it free."""
    assert not (one.counts_digital and one.counts_physical)
    assert not (one.can_be_duo and one.place is Place.ONLINE)
    assert one.minors_free or not one.minors_paid
    assert one.label
    assert one.label[0].isupper()
    assert not (one.is_withdrawable and not one.is_event)
    assert one.is_selectable or not one.is_new_since2021
    assert not (one.is_selectable and one.gone_by)


def test_labels_tell_subcategories_apart() -> None:
    """No two subcategories are called the same."""
    assert len(SUBCATEGORIES) == len({one.label for one in SUBCATEGORIES.values()})


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("LIVRE_PAPIER", {"reimbursement": Reimbursement.BOOK, "counts_physical": True, "can_expire": True}),
        ("LIVRE_NUMERIQUE", {"reimbursement": Reimbursement.BOOK, "counts_digital": True, "can_expire": False}),
        ("SEANCE_CINE", {"is_event": True, "can_be_duo": True, "counts_physical": False, "is_school": True}),
        ("VOD", {"reimbursement": Reimbursement.NONE, "is_digital": True, "minors_paid": False}),
        ("CAPTATION_MUSIQUE", {"is_selectable": False, "counts_digital": True, "place": Place.OFFLINE}),
        ("ABO_MUSEE", {"gone_by": 2024, "can_be_duo": True, "can_expire": True}),
        ("FESTIVAL_ART_VISUEL", {"is_new_since2021": True, "is_withdrawable": True}),
        ("ACTIVATION_EVENT", {"place": Place.BOTH, "is_digital": False, "search_group": "NONE"}),
    ],
)
def test_known_rows(name: str, facts: dict[str, object]) -> None:
    """Rows picked from the published table read as they stand there."""
    row = SUBCATEGORIES[name]
    assert facts == {flag: getattr(row, flag) for flag in facts}


def test_conditional_fields() -> None:
    """A concert must say its kind of music and may name its author and performer."""
    assert {field.name: field.required for field in SUBCATEGORIES["CONCERT"].fields} == {
        "author": False,
        "musicType": True,
        "performer": False,
    }


@pytest.mark.parametrize(
    ("category", "edd_code", "subcategory"),
    [
        ("performing_arts", None, "SPECTACLE_REPRESENTATION"),
        ("performing_arts", "1300", "SPECTACLE_REPRESENTATION"),
        ("performing_arts", "499", "SPECTACLE_REPRESENTATION"),
        ("performing_arts", "500", "CONCERT"),
        ("performing_arts", "1006", "CONCERT"),
        ("performing_arts", "1100", "SPECTACLE_REPRESENTATION"),
        ("performing_arts", "jazz", "SPECTACLE_REPRESENTATION"),
        ("exhibition", "501", "VISITE"),
        ("movie_screening", None, "SEANCE_CINE"),
        ("museum_guided_tour", None, "VISITE_GUIDEE"),
    ],
)
def test_categories_of_2018(category: str, edd_code: str | None, subcategory: str) -> None:
    """The event API's categories become subcategories; music among the performing arts becomes a concert."""
    assert subcategory == of_event_2018(category, edd_code).id


def test_every_category_of_2018_is_an_event() -> None:
    """None of them leads to a good or to something nobody may choose."""
    found = [of_event_2018(category) for category in EVENT_CATEGORIES_2018]
    assert all(one.is_event and one.is_selectable for one in found)


@pytest.mark.parametrize("category", ["", "PERFORMING_ARTS", "theatre", "x" * 10_000])
def test_unknown_categories_are_named(category: str) -> None:
    """An unknown category gets no default: the refusal names it and those that exist."""
    with pytest.raises(UnknownCategory, match="movie_screening") as caught:
        of_event_2018(category)
    assert len(str(caught.value)) < 400
