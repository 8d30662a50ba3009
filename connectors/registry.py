"""The list of connectors, and how one is built from the settings of a source.

A name here is a stable handle: sources are stored under it. To add a protocol: its module, one line here; or a package
of one's own (`connectors/plugins.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connectors import (
    allocine,
    boost,
    cds,
    cgr,
    daia,
    datatourisme,
    ems,
    icalendar,
    koha_ilsdi,
    marc,
    oai_pmh,
    onix,
    opds,
    openagenda,
    opendatasoft,
    pos_csv,
    prestashop,
    schema_org,
    shopify,
    sru,
    stocks_api,
    ticketmaster,
    titelive,
    titelive_flat,
    vista,
    webedia,
    woocommerce,
)
from connectors.base import Connector
from connectors.boost_sales import BoostSales
from connectors.cds_sales import CdsSales
from connectors.cgr_sales import CgrSales
from connectors.ems_sales import EmsSales
from connectors.entries import Entry, Sell
from connectors.manifest import Manifest
from connectors.plugins import added
from connectors.selling import Selling
from connectors.settings import Settings, SettingsRefused
from connectors.stocks_api_settings import StocksApiSettings
from connectors.times import Clock
from net.client import Http

__all__ = ["REGISTRY", "Entry", "SettingsRefused", "UnknownConnector", "build", "build_seller", "entry"]


class UnknownConnector(KeyError):
    """No connector has that name. The text is French and lists those there are."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"connecteur inconnu : « {self.name[:60]} » (connus : {', '.join(sorted(REGISTRY))})"


def _entry(connector: Any, manifest: Manifest, settings: type[Settings], sell: Sell | None = None) -> Entry:
    """Ours are all made alike: from checked settings, a connection or none, the account, the clock."""
    return Entry(
        name=connector.name,
        manifest=manifest,
        settings=settings,
        make=lambda checked, http, account, clock: connector(checked, http, account=account, clock=clock),
        sell=sell,
    )


OURS: Mapping[str, Entry] = MappingProxyType(
    {
        one.name: one
        for one in (
            # Books and tills.
            _entry(stocks_api.StocksApi, stocks_api.MANIFEST, StocksApiSettings),
            _entry(onix.Onix, onix.MANIFEST, onix.OnixSettings),
            _entry(titelive.Titelive, titelive.MANIFEST, titelive.TiteliveSettings),
            _entry(titelive_flat.TiteliveFlat, titelive_flat.MANIFEST, titelive_flat.TiteliveFlatSettings),
            _entry(pos_csv.PosCsv, pos_csv.MANIFEST, pos_csv.PosCsvSettings),
            _entry(prestashop.Prestashop, prestashop.MANIFEST, prestashop.PrestashopSettings),
            _entry(shopify.Shopify, shopify.MANIFEST, shopify.ShopifySettings),
            _entry(woocommerce.Woocommerce, woocommerce.MANIFEST, woocommerce.WoocommerceSettings),
            # Libraries.
            _entry(oai_pmh.OaiPmh, oai_pmh.MANIFEST, oai_pmh.OaiPmhSettings),
            _entry(sru.Sru, sru.MANIFEST, sru.SruSettings),
            _entry(marc.Marc, marc.MANIFEST, marc.MarcSettings),
            _entry(koha_ilsdi.KohaIlsdi, koha_ilsdi.MANIFEST, koha_ilsdi.KohaIlsdiSettings),
            _entry(daia.Daia, daia.MANIFEST, daia.DaiaSettings),
            _entry(opds.Opds, opds.MANIFEST, opds.OpdsSettings),
            # Cinemas.
            _entry(allocine.Allocine, allocine.MANIFEST, allocine.AllocineSettings),
            _entry(cds.Cds, cds.MANIFEST, cds.CdsSettings, lambda settings, http: CdsSales(settings.api(http))),
            _entry(
                boost.Boost, boost.MANIFEST, boost.BoostSettings, lambda settings, http: BoostSales(settings.api(http))
            ),
            _entry(
                cgr.Cgr,
                cgr.MANIFEST,
                cgr.CgrSettings,
                lambda settings, http: CgrSales(settings.service(http), cinema=settings.cinema),
            ),
            _entry(ems.Ems, ems.MANIFEST, ems.EmsSettings, lambda settings, http: EmsSales(settings.sales(http))),
            _entry(vista.Vista, vista.MANIFEST, vista.VistaSettings),
            _entry(webedia.Webedia, webedia.MANIFEST, webedia.WebediaSettings),
            # Agendas and ticketing.
            _entry(openagenda.OpenAgenda, openagenda.MANIFEST, openagenda.OpenAgendaSettings),
            _entry(opendatasoft.Opendatasoft, opendatasoft.MANIFEST, opendatasoft.OpendatasoftSettings),
            _entry(datatourisme.Datatourisme, datatourisme.MANIFEST, datatourisme.DatatourismeSettings),
            _entry(icalendar.Icalendar, icalendar.MANIFEST, icalendar.IcalendarSettings),
            _entry(schema_org.SchemaOrg, schema_org.MANIFEST, schema_org.SchemaOrgSettings),
            _entry(ticketmaster.Ticketmaster, ticketmaster.MANIFEST, ticketmaster.TicketmasterSettings),
        )
    }
)

ADDED = added(OURS)
"""What installed packages add, and what of it was refused."""
REGISTRY: Mapping[str, Entry] = MappingProxyType({**OURS, **ADDED.entries})


def entry(name: str) -> Entry:
    """Raises UnknownConnector."""
    found = REGISTRY.get(name)
    if found is None:
        raise UnknownConnector(name)
    return found


def build(
    name: str, settings: Mapping[str, Any], http: Http | None, *, clock: Clock, account: str | None = None
) -> Connector:
    """The connector of a source, its account the settings' own when none is given. Asks nobody yet.

    `http` may be None for recorded answers. Raises UnknownConnector, SettingsRefused.
    """
    found = entry(name)
    checked = found.read_settings(settings)
    if http is None and checked.path is None:
        raise SettingsRefused(f"{name} : il faut path, ou une connexion")
    return found.make(checked, http, account or checked.account(), clock)


def build_seller(name: str, settings: Mapping[str, Any], http: Http) -> Selling:
    """Who sells in that provider's system. Raises UnknownConnector, SettingsRefused."""
    found = entry(name)
    if found.sell is None:
        selling = ", ".join(sorted(one.name for one in REGISTRY.values() if one.sell))
        raise SettingsRefused(f"{name} ne vend pas (vendent : {selling})")
    checked = found.read_settings(settings)
    if checked.path is not None:
        raise SettingsRefused(f"{name} : une réponse enregistrée ne vend pas")
    return found.sell(checked, http)
