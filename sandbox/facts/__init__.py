"""What the integration environment knows of the world: `*.tsv` the facts, `reading.py` their typed rows."""
