"""Parties: offerers and their venues, vendors and their keys, beneficiaries, and who did what.

`tables.py` and `ddl.py` the tables · `offerers.py` offerers, vendors, whose venue it is · `vendors.py` vendors as staff
sees them · `keys.py` vendors' API keys · `people.py` beneficiaries, and what a partner may see of one · `tokens.py`
beneficiaries' bearer tokens · `audit.py` the log · `errors.py` why a party is not let in.
"""
