"""What the generated decoders and encoders stand on: Avro's numbers and texts, at the speed of pure Python.

Nothing here explains what is wrong with a datum. At the first doubt `FastPathError` is raised (or an IndexError,
KeyError, struct.error or ValueError of Python's own), and the codec asks the long way round, which has words for it.
"""

from __future__ import annotations

import re
import struct

from casefeed.contract.fast_path import Datum as Datum
from casefeed.contract.fast_path import FastPathError as FastPathError
from casefeed.contract.fast_path import TextMatcher

# A number of six bytes (every time between 1970 and 2039) is read and written as three pairs of bytes, each of 14
# bits. A pair that ends early, goes on where the last must end, or ends in a byte of nothing, reads as -1.
_PAIRS = struct.Struct("<HHH")
_MORE_BYTES, _LAST_BYTE = 0x8080, 0x0080
_INNER, _LAST = [-1] * 65536, [-1] * 65536
_INNER_PAIR, _LAST_PAIR = [0] * 16384, [0] * 16384
for _high in range(128):
    for _read, _pair, _bits in ((_INNER, _INNER_PAIR, _MORE_BYTES), (_LAST, _LAST_PAIR, _LAST_BYTE)):
        _at = _high << 8 | _bits
        if _high or _read is _INNER:
            _read[_at : _at + 128] = range(_high << 7, (_high + 1) << 7)
        _pair[_high << 7 : (_high + 1) << 7] = range(_at, _at + 128)
_SIX_BYTES_FROM, _SEVEN_BYTES_FROM = 1 << 35, 1 << 42
_SINGLE = [bytes((n,)) for n in range(128)]


def full_match(pattern: str) -> TextMatcher:
    """Whether a text is all of `pattern`."""
    return re.compile(pattern).fullmatch


class TextCache(dict[bytes, str]):
    """The texts of a field that holds few different ones, by their bytes, each held to its rule once."""

    def __init__(self, allowed: TextMatcher) -> None:
        self._allowed = allowed

    def __missing__(self, raw: bytes) -> str:
        text = raw.decode()
        if not self._allowed(text):
            raise FastPathError
        if len(self) < 4096:
            self[raw] = text
        return text


def read_long(b: bytes, p: int) -> tuple[int, int]:
    """The int or long at `p`, and where it ends; at most ten bytes, and no more than it needs."""
    n = b[p]
    if n > 127:
        n &= 127
        for shift in range(7, 70, 7):
            p += 1
            low = b[p]
            n |= (low & 127) << shift
            if low < 128:
                break
        if not 0 < low < 128:
            raise FastPathError
    return n >> 1 ^ -(n & 1), p + 1


def read_timestamp(b: bytes, p: int, latest: int) -> tuple[int, int]:
    """The time (ms since 1970) at `p`, from 0 to `latest`, and where it ends."""
    try:
        one, two, three = _PAIRS.unpack_from(b, p)
        n = _INNER[one] | _INNER[two] << 14 | _LAST[three] << 28
    except struct.error:  # fewer than six bytes are left
        n = -1
    if n < 0:
        time, q = read_long(b, p)
    elif n & 1:
        raise FastPathError
    else:
        time, q = n >> 1, p + 6
    if not 0 <= time <= latest:
        raise FastPathError
    return time, q


def read_span(b: bytes, p: int) -> tuple[int, int]:
    """Where the text or the bytes whose length stands at `p` begin and end."""
    n, p = read_long(b, p)
    if n < 0:
        raise FastPathError
    return p, p + n


def read_block_count(b: bytes, p: int) -> tuple[int, int]:
    """How many items the block of a list at `p` has, and where they begin; some writers say how many bytes, too."""
    n, p = read_long(b, p)
    if n < 0:
        n, (_, p) = -n, read_long(b, p)
    return n, p


def encode_long(n: int) -> bytes:
    """An int or long as Avro writes it."""
    n = n << 1 ^ n >> 63
    if n < 128:
        return _SINGLE[n]
    if _SIX_BYTES_FROM <= n < _SEVEN_BYTES_FROM:
        return _PAIRS.pack(_INNER_PAIR[n & 16383], _INNER_PAIR[n >> 14 & 16383], _LAST_PAIR[n >> 28])
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


ENCODED_LENGTHS = [encode_long(n) for n in range(512)]
"""The lengths of short texts, as Avro writes them."""
