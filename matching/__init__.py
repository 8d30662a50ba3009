"""Which records are the same thing, and why: pure functions, no file, no network, no database.

One scorer, for one record and for a million: `corpus.py` and `words.py` (columns, texts interned once) · `fields.py`,
`agreement.py` and `runs.py` (the level each field of a pair reaches) · `vetoes.py` (what is never one thing) ·
`estimate.py` (what a level weighs) · `why.py` (points that add up, in the words a librarian reads).

A feed's newcomers bring: `features.py` (what is compared, from the format's records) · `blocking.py` (the keys under
which the catalogue finds candidates) · `meeting.py` (whom each is compared with) · `columns.py` (as a corpus) ·
`rarity.py` (the catalogue's counts of words) · `models.py` (the weights that are shipped) · `identify.py` (identifiers
settle) · `scoring.py` (all of it for a batch) · `choose.py` (join, ask, or stand alone).

Whole tables bring: `folding.py` · `keyed.py` and `neighbours.py` (candidates) · `rivals.py` (weights learned without
labels) · `learning.py` (with them) · `linking.py` (all of it for one kind) · `clusters.py` · `whole.py` (all kinds of a
table) · `pairs.py` (pairs somebody asks about) · `reasons.py` · `hands.py` (several processes).

Below both: `normalise.py` folding and words · `titles.py` what a title says besides itself · `names.py` persons and
publishers · `places.py` venues, towns, streets, distances. The labelled cases stand in `tests/matching/cases/`.
"""
