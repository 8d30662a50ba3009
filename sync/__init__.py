"""From a provider's changes to the référentiel, losing nothing.

`sources.py` what is registered, `ticketings.py` who sells its seats · `vault.py` secrets at rest, `resealing.py` under
a new key · `runner.py` one run of one source, `opening.py` its connector, `endings.py` how it ends · `reading.py` its
stream · `batch.py` changes that go together, `applying.py` in one transaction, `seen.py` their names · `sweep.py` what
a complete snapshot no longer names · `slices.py` readings of several runs · `gone.py` what one word does not cancel ·
`booked.py` what became of booked sessions · `guard.py` how much may go without a person · `rehearsal.py` a run undone,
`differences.py` what it would change · `renamed.py` what only has another key · `rebuilding.py` all matched anew ·
`reviewing.py` answers of people · `sales_seen.py` our own sales · `stock_pages.py` a till's pages, known again ·
`quarantine.py` rejected rows, kept for replay · `leases.py` who runs what · `runs.py` the reports, `meter.py` what they
measure · `venue_reports.py` what a venue reads of them · `journal.py` the logs · `reports.py` the metrics ·
`retention.py` what is forgotten · `push_items.py` what partners push, read · `pushing.py` its jobs · `push_merge.py`
their merge · `receipts.py` what became of each item · `releases.py` guarded runs let pass · `replay.py` refused rows
tried again · `raw_pages.py` what providers answered · `cron.py`, `schedule.py` when a source is due · `claims.py` which
is next · `providers.py` limits, circuit breaker, kill switch · `outcomes.py` what follows from a run · `freshness.py`
silent sources · `expected.py` how many records a snapshot has · `alerts.py` what is told · `bells.py` the doorbell,
`worker.py` the arq jobs, `lending.py` their places · `tables.py`, `push_tables.py`, `page_tables.py` the tables.
"""
