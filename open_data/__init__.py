"""The face to re-users: what may leave, as a stream, as a dump, and what has changed.

`licences.py` which licences we know and which let data leave · `published.py` all published offers, page by
page · `stream.py` the NDJSON answer · `changes.py` the change feed · `dump.py` and `package.py` the Data
Package on disk, with the CSV tables of `flat.py` and `rows.py` · `answers.py` the shapes of JSON answers ·
`app.py` the aiohttp application and what it needs.
"""
