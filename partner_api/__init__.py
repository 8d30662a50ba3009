"""The face to vendors: countermarks at the desk, and how the sources of their venues are doing.

`app.py` the aiohttp application · `keys.py` what it needs, and who is calling · `rights.py` what a key may do ·
`countermarks.py` check, use, keep, cancel · `misses.py` who guesses them is slowed down · `offline.py`
acceptance without us, `published.py` the keys for it · `dialects/` the field's own interfaces, `mounting.py` all of
them under one root · `venues.py`, `sources.py`, `runs.py` reports · `pushes.py`, `jobs.py` what is pushed ·
`webhooks.py`, `webhook_answers.py` who is told of what happens · `review.py`, `review_answers.py` questions about
likeness · `requests.py`, `answers.py`, `answers_offline.py` the
shapes of JSON bodies · `shown.py`, `shown_offline.py` how the domain's records are put into them · `errors.py`,
`problems.py` how refusals are answered.
"""
