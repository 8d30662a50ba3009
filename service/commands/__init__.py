"""The `passerelle` commands, one subject a file; `running.py` is what they all start with."""
