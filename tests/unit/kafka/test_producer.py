"""Which partition a key goes to: Java's choice, whoever computes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casefeed.kafka.producer import partition_of

# org.apache.kafka.common.utils.UtilsTest.testMurmur2, as Java ints.
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "java"), JAVA.items())
def test_keys_hash_as_in_java(key: bytes, java: int) -> None:
    """The vectors of Kafka's own test give Java's partition, the sign bit taken off."""
    for partitions in (1, 3, 6, 1000):
        assert partition_of(key, partitions) == (java & 0x7FFFFFFF) % partitions


@given(st.binary(max_size=40), st.integers(1, 1000))
def test_a_key_always_has_a_partition(key: bytes, partitions: int) -> None:
    """Whatever the key, its partition exists, and is the same the second time."""
    assert 0 <= partition_of(key, partitions) < partitions
    assert partition_of(key, partitions) == partition_of(key, partitions)
