"""Measurements, one command each: `make bench NAME=sync`. Figures are ratios of the same run on the same machine.

`measures.py` what a measurement is and where it is written · then one module a subject.
"""
