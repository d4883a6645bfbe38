"""Seeded draws: the same key gives the same draws on every machine, in every Python from 3.11 on.

Only the stream of `random.Random(int).random` is used, which is fixed for integer seeds, with integer arithmetic on
top; no logarithm or power, whose last bit differs between C libraries.
"""

from __future__ import annotations

import hashlib
from _random import Random as Stream  # random.Random without its Python part, which seeds a second time
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

_T = TypeVar("_T")


def digest(*key: object, size: int = 16) -> bytes:
    """`size` bytes that follow from the key alone; the key is compared by its parts' text."""
    return hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=size).digest()


class PrefixedDigest:
    """`digest` of keys that begin alike: the common parts are hashed once."""

    __slots__ = ("_stem",)

    def __init__(self, *key: object, size: int = 16) -> None:
        self._stem = hashlib.blake2b("\x1f".join(map(str, key)).encode(), digest_size=size)

    def __call__(self, last: object) -> bytes:
        """The digest of the common key and one more part."""
        whole = self._stem.copy()
        whole.update(f"\x1f{last}".encode())
        return whole.digest()


class Weighted(Generic[_T]):
    """Choices with whole-number weights, ready to be drawn from."""

    __slots__ = ("choices", "cumulative", "total")

    def __init__(self, weights: Iterable[tuple[_T, int]]) -> None:
        pairs = tuple(weights)
        self.choices = tuple(choice for choice, _ in pairs)
        self.cumulative = tuple(accumulate(weight for _, weight in pairs))
        self.total = self.cumulative[-1]


class Rng:
    """A stream of draws that follows from its key."""

    __slots__ = ("_next",)

    def __init__(self, *key: object) -> None:
        self._next = Stream(int.from_bytes(digest(*key))).random

    def random(self) -> float:
        """A number of [0, 1)."""
        return self._next()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._next() < probability

    def randint(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included; `low` where `high` lies below it."""
        return low + int(self._next() * (high - low + 1)) if high > low else low

    def choice(self, choices: Sequence[_T]) -> _T:
        """One of `choices`, each as likely."""
        return choices[int(self._next() * len(choices))]

    def weighted_choice(self, weighted: Weighted[_T]) -> _T:
        """One of the choices, by weight."""
        return weighted.choices[bisect_right(weighted.cumulative, int(self._next() * weighted.total))]


class Permutation:
    """A keyed shuffle of 0..size-1 that needs no list: a Feistel network walked until it lands inside.

    So a child's place in any order is found from its number alone, in memory that grows with the root of the size.
    """

    __slots__ = ("_half", "_mask", "_rounds", "size")

    def __init__(self, size: int, *key: object) -> None:
        self.size = size
        self._half = max(1, ((size - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._half) - 1
        raw = digest("permutation", *key)
        keys = [int.from_bytes(raw[at : at + 4]) for at in range(0, 16, 4)]
        self._rounds = tuple([self._mixed(half, key) for half in range(1 << self._half)] for key in keys)

    def _mixed(self, half: int, key: int) -> int:
        """What a round mixes into the other half."""
        mixed = ((half ^ key) * 0x9E3779B1) & 0xFFFFFFFF
        mixed = ((mixed ^ (mixed >> 15)) * 0x85EBCA6B) & 0xFFFFFFFF
        return (mixed >> 16) & self._mask

    def __call__(self, number: int) -> int:
        """Where `number` (0..size-1) stands in the shuffled order."""
        half, mask, size = self._half, self._mask, self.size
        first, second, third, fourth = self._rounds
        while True:
            left, right = number >> half, number & mask
            left ^= first[right]
            right ^= second[left]
            left ^= third[right]
            right ^= fourth[left]
            number = (left << half) | right
            if number < size:
                return number
