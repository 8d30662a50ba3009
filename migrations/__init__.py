"""The one database's history: `run.upgrade(url)` brings a database to the newest revision.

Revisions are named `NNNN_{pre|post}_what`: *pre* is safe while the old code runs, *post* when it is gone.
"""
