"""What fastavro raises; apart from our own errors, which are told of without it."""

from __future__ import annotations

import re
import struct
import zlib

from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException

AVRO_ERRORS: tuple[type[Exception], ...] = (
    EOFError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RecursionError,
    StopIteration,
    struct.error,
    re.error,
    zlib.error,
    SchemaParseException,
    SchemaResolutionError,
)
"""What fastavro raises on bytes, files and schemas that are not what they say; each becomes an error of ours."""
