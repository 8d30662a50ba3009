"""The référentiel: canonical works, products, venues, events, sessions, offers and stocks.

Tables: `tables.py` canonical things, `record_tables.py` what sources say, `offer_tables.py`, `merge_tables.py`,
`review_tables.py`, `match_tables.py`, made of `columns.py`; `kinds.py` the numbers kinds have in them. Merging a batch:
`merging.py` what each step is given · `matched.py` works, products, venues, events · `sessions.py` · `stocks.py`,
`stock_columns.py` a till's pages, `waiting.py` books not described yet · `withdrawals.py` what is gone.
Which entity: `resolve.py`, over `portraits.py` what is compared, `rarity.py` how rare words are and `decisions.py` why;
`contents.py` and `renaming*.py` what only has another key. Merges: `joining.py`, `splitting.py`, `members.py`,
`following*.py`, `verdicts.py` what people decided, `review.py` how they are asked, `field_locks.py` what they hold,
`refusals.py` why not, `merge_history.py`; `record_columns.py` and `rebuild*.py` match all that stands anew.
What is shown: `entities.py` writes it by `survivorship.py`, `faces.py` one reader's share of it, `offers.py` the
published document, `offers_about.py`, `search.py`, `editions.py`, `directory.py`, `redirects.py`.
`changes.py` the log in commit order · `venues.py` registration · `database.py` connections.
"""
