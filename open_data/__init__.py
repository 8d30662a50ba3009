"""The face to re-users: what may leave, as a stream, one by one, as a dump, and what has changed.

`licences.py` which licences we know and which let data leave · `published.py` what is published, page by page ·
`stream.py` all of it as NDJSON, `offers.py` one offer · `changes.py` the change feed · `formats.py` schemas, context
and subcategories · `dump.py` and `package.py` the Data Package on disk, with the CSV tables of `flat.py` and
`rows.py` · `answers.py` the shapes of JSON answers · `errors.py`, `problems.py` how refusals are answered · `app.py`
the aiohttp application and `keys.py` what it needs.
"""
