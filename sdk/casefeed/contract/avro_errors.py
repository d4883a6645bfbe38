"""fastavro's reader and writer, and what they raise; apart from our own errors, which are told of without it."""

from __future__ import annotations

import re
import struct
import zlib

from fastavro import schemaless_reader as schemaless_reader
from fastavro import schemaless_writer as schemaless_writer
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException

AVRO_ERRORS: tuple[type[Exception], ...] = (
    EOFError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, MemoryError, RecursionError,
    StopIteration, struct.error, re.error, zlib.error, SchemaParseException, SchemaResolutionError,
)  # fmt: skip
"""What fastavro raises on bytes, files and schemas that are not what they say; each becomes an error of ours."""
