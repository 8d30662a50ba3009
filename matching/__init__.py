"""Which records are the same thing, and why: pure functions, no file, no network, no database.

One changed record goes: `features.py` (what is compared, from the format's records) · `blocking.py` (the keys
under which candidates are found) · `identify.py` (identifiers settle or veto) · `compare.py` and
`compare_places.py` (one named level per field) · `weights.py` (the points of each level, the thresholds) ·
`judge.py` (the verdict on a pair) · `choose.py` (the decision among candidates).

Below them: `normalise.py` folding and words · `titles.py` what a title says besides itself · `names.py` persons and
publishers · `places.py` venues, towns, streets, distances · `likeness.py` how alike two texts are · `french.py` the
reasons in the words a librarian reads. The labelled cases stand in `tests/matching/cases/`.

Whole tables go by columns: `folding.py`, `words.py` and `corpus.py` (texts interned once) · `keyed.py`, `neighbours.py`
and `vetoes.py` (candidates) · `fields.py` and `agreement.py` (levels of many pairs at once) · `rivals.py` and
`estimate.py` (weights learned without labels) · `learning.py` (with them) · `linking.py` (all of it for one kind) ·
`clusters.py` · `whole.py` (all kinds of a table) · `reasons.py` (points that add up) · `hands.py` (several processes).
"""
