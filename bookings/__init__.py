"""The money room: wallets, the ledger, bookings, countermarks, and sales in somebody else's ticketing.

`tables.py`, `money_tables.py` and `ddl.py` the tables · `policies.py` the versions of the credit, `local_credits.py`
those of regions and towns · `wallets.py`, `deposits.py`, `ledger.py` money, `spending.py` which deposit pays ·
`rules.py` what may be booked · `booking.py` the person's side, `desk.py` the venue's · `gates.py`, `looking.py`,
`reserving.py`, `returns.py` the transactions, `withdrawals.py` what became of sessions, `closing.py` what time does,
`store.py` their statements, `transactions.py` the lock order · `idempotency.py` the same answer · `seller.py` the port,
`external.py` (`external_claims.py`, `external_selling.py`, `external_undoing.py`, `external_store.py`, `orders.py`) and
`reconciler.py` who goes through it · `countermarks.py` what is drawn · `ticket_format.py`, `ticket_keys.py`,
`tickets.py` signed tickets · `presented.py`, `acceptance.py` what a till scans and how it is accepted, `offline.py`,
`offline_reports.py` without us, `token_tables.py` their tables · `listing.py` a venue's bookings, `concerned.py` those
that hang on offers · `records.py` what readers see, `remaining.py` how many are left · `retention.py` what is forgotten
· `audit.py` what must be true, `reports.py` the metrics · `errors.py`, `token_errors.py` every refusal · what is told:
`outbox_ddl.py` who notes it, `outbox_tables.py`, `outbox.py` who it concerns, `stock_news.py` what is left of stocks,
`webhooks.py` endpoints, `messages.py` what is sent and signed, `courier.py` sending, `deliveries.py` its log,
`webhook_errors.py`, `mails.py` and `letters.py` · `privacy.py` a person's own data.
"""
