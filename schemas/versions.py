"""The format's version: MAJOR.MINOR.PATCH of Semantic Versioning.

A patch changes descriptions and examples. A minor version adds fields that may be absent, values of an enumeration, or
kinds; what was valid stays valid and means the same. Anything else is a major version, with a folder of its own beside
`v1`. `tests/schemas/released` keeps what each released version had, and `tests/schemas/test_released.py` holds the next
ones to it.
"""

from __future__ import annotations

FORMAT = "1.0.0"
"""The version of the schemas in `schemas/v1`."""
