"""The registry's numbers while a relay runs: looked at again, taken as they are now, good while nobody answers."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from casefeed.contract.catalogue import ICE_TOPIC, load
from casefeed.kafka.registry import Registry
from casefeed.publish.schema_ids import LOOK_EVERY_S, Numbers
from casefeed.runtime.errors import AnswerIsNo, RegistryUnavailable

ISSUED = load().named("NtaIssued")


class Anew(Registry):
    """A registry that gives numbers from `first` on, or fails as told."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.first = 1
        self.error: Exception | None = None
        self.given: list[str] = []

    async def register(self, subject: str, text: str) -> int:
        """A number for each schema, the same for the same one."""
        if self.error is not None:
            raise self.error
        if text not in self.given:
            self.given.append(text)
        return self.first + self.given.index(text)


class Bench:
    """Numbers over a registry, and a clock to move."""

    def __init__(self) -> None:
        self.registry = Anew()
        self.now = 0.0
        self.numbers = Numbers(self.registry, [ICE_TOPIC], lambda: self.now)

    async def later(self) -> None:
        """The time of a look has come; it is made, and taken at the next."""
        self.now += LOOK_EVERY_S
        self.numbers.look()
        await asyncio.sleep(0.01)
        self.numbers.look()


async def test_a_registry_made_anew_under_a_running_relay_is_noticed() -> None:
    """Within one look the numbers are those of now, and it is said once."""
    bench = Bench()
    await bench.numbers.learn()
    before, version = bench.numbers.of(ISSUED), bench.numbers.version
    await bench.later()
    assert (bench.numbers.of(ISSUED), bench.numbers.version) == (before, version)
    bench.registry.first = 100
    with capture_logs() as said:
        await bench.later()
        await bench.later()
    assert bench.numbers.of(ISSUED) == before + 99
    assert bench.numbers.version == version + 1
    assert [each["event"] for each in said] == ["the registry was made anew, its numbers are others"]
    await bench.numbers.close()


async def test_what_is_learnt_is_not_undone_by_an_earlier_look() -> None:
    """A look found the old numbers, then a new connection the new ones: the new ones stay."""
    bench = Bench()
    await bench.numbers.learn()
    before = bench.numbers.of(ISSUED)
    bench.now += LOOK_EVERY_S
    bench.numbers.look()
    await asyncio.sleep(0.01)
    bench.registry.first = 100
    with capture_logs():
        await bench.numbers.learn()
    bench.numbers.look()
    assert bench.numbers.of(ISSUED) == before + 99
    await bench.numbers.close()


async def test_a_registry_that_is_away_meanwhile_stops_nothing() -> None:
    """What is known stays good until it answers again."""
    bench = Bench()
    await bench.numbers.learn()
    known = bench.numbers.of(ISSUED)
    bench.registry.error = RegistryUnavailable("away.")
    await bench.later()
    assert bench.numbers.of(ISSUED) == known
    bench.registry.error, bench.registry.first = None, 50
    with capture_logs():
        await bench.later()
    assert bench.numbers.of(ISSUED) == known + 49
    await bench.numbers.close()


async def test_a_registry_that_refuses_a_schema_ends_the_sending() -> None:
    """The look raises what the registry answered; one that nobody takes is dropped in silence."""
    bench = Bench()
    await bench.numbers.learn()
    bench.registry.error = AnswerIsNo("The registry refuses.")
    with pytest.raises(AnswerIsNo, match="refuses"):
        await bench.later()
    bench.now += LOOK_EVERY_S
    bench.numbers.look()
    await bench.numbers.close()
