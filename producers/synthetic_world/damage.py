"""Spoiling a feed on purpose, each way by itself, while the truth stays what it was.

About one event in fifty is touched, chosen by its id, and the first of each archive always. Which children
were touched is written beside the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from casefeed.contract.archive import Envelope
from casefeed.contract.framing import header
from synthetic_world.dice import digest

_ONE_IN = 50
_LATER = 400  # records between a record and its far copy, or the place it is moved to
Touched = set[str]


def _chosen(position: int, envelope: Envelope) -> bool:
    if position == 0:
        return True
    return int.from_bytes(digest("damage", header(envelope.headers, "ce_id"), size=4)) % _ONE_IN == 0


def lost(envelopes: Iterable[Envelope], touched: Touched) -> Iterator[Envelope]:
    """Records that never arrive."""
    for position, envelope in enumerate(envelopes):
        if _chosen(position, envelope):
            touched.add(envelope.key)
        else:
            yield envelope


def _moved(envelopes: Iterable[Envelope], touched: Touched, *, keep: bool) -> Iterator[Envelope]:
    waiting: list[tuple[int, Envelope]] = []
    for position, envelope in enumerate(envelopes):
        chosen = _chosen(position, envelope)
        if chosen:
            touched.add(envelope.key)
            waiting.append((position + _LATER, envelope))
        if keep or not chosen:
            yield envelope
        if keep and chosen and position % 2 == 0:
            yield envelope
        while waiting and waiting[0][0] <= position:
            yield waiting.pop(0)[1]
    yield from (envelope for _, envelope in waiting)


def doubled(envelopes: Iterable[Envelope], touched: Touched) -> Iterator[Envelope]:
    """Records that come again, some at once and all of them much later."""
    return _moved(envelopes, touched, keep=True)


def shuffled(envelopes: Iterable[Envelope], touched: Touched) -> Iterator[Envelope]:
    """Records that come much later than they were recorded."""
    return _moved(envelopes, touched, keep=False)


def corrupt(envelopes: Iterable[Envelope], touched: Touched) -> Iterator[Envelope]:
    """Records whose bytes no longer decode: cut in half, or the first length flipped to one far too long."""
    for position, envelope in enumerate(envelopes):
        if _chosen(position, envelope):
            touched.add(envelope.key)
            datum = envelope.datum
            cut = position % 2 == 0
            spoilt = datum[: len(datum) // 2] if cut else bytes((datum[0] ^ 0x80,)) + datum[1:]
            envelope = replace(envelope, datum=spoilt)
        yield envelope


def wrongly_keyed(envelopes: Iterable[Envelope], touched: Touched) -> Iterator[Envelope]:
    """Records under a Kafka key that is not their child's."""
    for position, envelope in enumerate(envelopes):
        if _chosen(position, envelope):
            touched.add(envelope.key)
            envelope = replace(envelope, key=envelope.key[::-1].translate(_OTHER))
        yield envelope


_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_OTHER = str.maketrans(_LETTERS, _LETTERS[1:] + _LETTERS[0])

Spoiler = Callable[[Iterable[Envelope], Touched], Iterator[Envelope]]
KINDS: dict[str, Spoiler] = {
    "lost": lost,
    "doubled": doubled,
    "shuffled": shuffled,
    "corrupt": corrupt,
    "mis-keyed": wrongly_keyed,
}
