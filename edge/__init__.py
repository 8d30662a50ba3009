"""What the HTTP faces share, and nothing of the domain.

`app.py` builds a face · `errors.py` our own refusals · `problems.py` errors as RFC 9457 answers · `outages.py` the
database away · `bodies.py` JSON in, `shape_messages.py` what is wrong with it · `answers.py` JSON out, `etags.py` once,
`compression.py` small · `authentication.py` who is calling · `limits.py` rate limits, `buckets.py` their counting ·
`paging.py` pages, cursors, Link · `idempotency.py` the Idempotency-Key · `request_ids.py` request ids · `access_log.py`
the access log · `server_log.py` the server's own.
"""
