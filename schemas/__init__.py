"""The open offer format: what a work, product, venue, event, session, offer and stock are.

`records.py` what sources say, typed · `offers.py` the published offer · `v1/*.schema.json` the published JSON
Schemas of the same shapes · `validation.py` the one compiled validator, `semantics.py` the rules no schema can
state, `faults.py` what is wrong, in French, `trees.py` the same as a tree by the reference implementation ·
`versions.py` the format's version, `v1/context.jsonld` its words in schema.org's ·
`identifiers.py` EAN, SIRET, visa… and which of them veto a merge,
`numbers.py` how each is written · `taxonomy.py` the subcategories and their flags · `ids.py` opaque public ids ·
`zones.py` clocks of French venues.
"""
