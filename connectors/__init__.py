"""One module per provider protocol: it reads and yields changes; some also sell.

`base.py` the contract · `selling.py` what sells too · `contract.py` its checks · `pages.py` whole pages of a till ·
`registry.py` the list and how one is built · `settings.py`, `manifest.py` what a connector wants and declares ·
`reading.py` a source read without a database · `documents.py` recorded answers in place of an address,
`large_files.py` those too large to be held · `places.py` where a reading stopped · `paging.py` pages that lead on ·
`money.py`, `times.py`, `texts.py`, `rows.py` values as providers write them, `remembered.py` those read before ·
`drops.py` files in a folder or at an address · `xml_items.py`, `xml_pages.py`, `xml_elements.py`, `csv_rows.py`,
`lines.py` how they are taken apart · then one module a protocol, its parts beside it
([table](../docs/connectors.md)): `stocks_api`, `onix`; tills and shops: `titelive`, `titelive_flat`, `pos_csv`,
`prestashop`, `shopify`, `woocommerce`; libraries: `marc`, `oai_pmh`, `sru`, `koha_ilsdi`, `daia`, `opds`; cinemas:
`boost`, `cds`, `cgr`, `ems` (which sell), `allocine`, `vista`, `webedia`; agendas: `openagenda`, `opendatasoft`,
`datatourisme`, `icalendar`, `schema_org`, `ticketmaster`. `sellers.py` lists what sells and is not read:
`ticketing_webhook`.

Agendas share `told.py` (what a listing means), `told_places.py`, `told_words.py`, `local_times.py` and `filing.py`
(which subcategory).
For authors of connectors: `entries.py` what makes one, `plugins.py` those of other packages, `skeleton.py` a new one,
`quality.py` the ladder. A connector never touches our database.
"""
