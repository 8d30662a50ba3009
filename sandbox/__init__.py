"""The integration environment: the other side, simulated. It knows the format and nothing of our house.

`facts/` books, films, plays, places · `world.py` all that the providers know, built from a day and a clock ·
`till.py` `bookshop.py` the 2018 stock API · `imprint.py` `onix_message.py` `publisher.py` the ONIX 3.0 feed ·
`programme.py` `box_office.py` what a cinema shows and sells · `cinema.py` Boost · `cds.py` `cgr.py` `ems.py`
`allocine.py` `vista.py` `webedia.py` the other cinemas' protocols · `season.py` `theatre.py` the 2018 event API ·
`listings.py` `agenda.py` OpenAgenda v2, and the same agenda as others tell it: `portal.py` Opendatasoft, `tourism.py`
DATAtourisme, `calendars.py` iCalendar, `programme_pages.py` web pages, `ticket_shop.py` Ticketmaster ·
`library.py` `library_notices.py` `library_web.py` a town library · `shop_web.py` an online shop · `titelive.py`
Titelive · `provider.py` `provider_tables.py` `provider_answers.py` the common provider API, finished ·
`changes.py` the demo's second act · `faults.py` what can break ·
`chaos.py` a proxy that spoils answers ·
`ticketing.py` a ticketing that is called · `receiver.py` a partner that is told ·
`signed_ticket.py`, `offline_till.py`, `till_network.py` a till that accepts without network ·
`directory.py` the venues and sources to register · `serving.py` everything on loopback.
"""
