"""The face to the youth app: search, offers, the wallet, bookings.

`app.py` the aiohttp application · `keys.py` what it needs, and who is calling · `search.py` and `offers.py`
what anybody may read · `bookings.py`, `qr.py`, `wallet.py` and `me.py` what a beneficiary may · `requests.py`,
`answers.py` the shapes of JSON bodies · `shown.py` how bookings and offers are put into them · `errors.py`,
`problems.py` how refusals are answered.
"""
