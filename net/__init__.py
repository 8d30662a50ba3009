"""The guarded HTTP client: time, size, redirect and address limits, retries, Retry-After.

`client.py` what connectors and webhooks call · `guard.py` which addresses may be reached, `addresses.py` how they are
written · `limits.py` what an exchange may cost, `retries.py` when it is tried again, `traffic.py` what it did cost ·
`bodies.py`, `charsets.py`, `answers.py` what came back · `mail.py` the way out for mails · `failures.py` and
`errors.py` the kinds of failure, grouped by what to do about them.
"""
