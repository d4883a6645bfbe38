"""What the codec and the generated code say to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Datum = dict[str, Any]
TextMatcher = Callable[[str], object]


class FastPathError(ValueError):
    """The bytes or the datum are not plainly right."""


FAST_PATH_ERRORS = (LookupError, ValueError, TypeError, AttributeError)
"""All that generated code raises on a datum that is not plainly right."""


@dataclass(frozen=True, slots=True)
class FastCodec:
    """What reads an event of one schema and what writes it; either raises one of FAST_PATH_ERRORS."""

    decode: Callable[[bytes], Datum]
    encode: Callable[[Datum], bytes]
