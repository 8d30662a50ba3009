"""`passerelle demo`: the whole product, seen to work in a minute.

`scenario.py` the acts in order · `readings.py` sources read by real workers · `likeness.py` the matching shown ·
`purchases.py` a young person books and tills accept · `unplugged.py` two tills without network ·
`promises.py` what must be true, and what was not.
"""
