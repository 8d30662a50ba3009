"""The field's own interfaces for countermarks, so that tills written for them work unchanged.

`current.py` the pass Culture's `/public/bookings/v1` (since 2023) · `second.py` `/v2/bookings` (2019 to 2024) ·
`pilot.py` `/bookings/token/{token}` (2018) · `spoken.py` statuses and error bodies by each one's own matrix ·
`callers.py` who is calling, in each one's form · `answers.py` the shapes · `shown.py` how records are put into them.

They are thin faces over `bookings.desk`: what may be done is decided there, and nothing of it here. None has a nonce,
so a till that lost our answer is told that the countermark is used; our own face does better.
"""
