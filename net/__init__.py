"""The guarded HTTP client: time, size, redirect and address limits, retries, Retry-After.

`client.py` what connectors and webhooks call · `guard.py` which addresses may be reached ·
`mail.py` the way out for mails ·
`errors.py` the kinds of failure, grouped by what to do about them.
"""
