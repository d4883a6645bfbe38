"""The registry's numbers while a relay runs: looked at again, taken as they are now, good while nobody answers."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from casefeed.contract.catalogue import ICE_TOPIC, load_catalogue
from casefeed.kafka.registry import SchemaRegistry
from casefeed.publish.schema_ids import REFRESH_EVERY_S, SchemaIds
from casefeed.runtime.errors import CheckFailed, RegistryUnavailable

ISSUED = load_catalogue().by_name("NtaIssued")


class Anew(SchemaRegistry):
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
        self.numbers = SchemaIds(self.registry, [ICE_TOPIC], lambda: self.now)

    async def later(self) -> None:
        """The time of a look has come; it is made, and taken at the next."""
        self.now += REFRESH_EVERY_S
        self.numbers.refresh()
        await asyncio.sleep(0.01)
        self.numbers.refresh()


async def test_a_registry_made_anew_under_a_running_relay_is_noticed() -> None:
    """Within one look the numbers are those of now, and it is said once."""
    bench = Bench()
    await bench.numbers.register_all()
    before, version = bench.numbers.id_of(ISSUED), bench.numbers.version
    await bench.later()
    assert (bench.numbers.id_of(ISSUED), bench.numbers.version) == (before, version)
    bench.registry.first = 100
    with capture_logs() as said:
        await bench.later()
        await bench.later()
    assert bench.numbers.id_of(ISSUED) == before + 99
    assert bench.numbers.version == version + 1
    assert [each["event"] for each in said] == ["the registry was made anew, its numbers are others"]
    await bench.numbers.close()


async def test_what_is_learnt_is_not_undone_by_an_earlier_look() -> None:
    """A look found the old numbers, then a new connection the new ones: the new ones stay."""
    bench = Bench()
    await bench.numbers.register_all()
    before = bench.numbers.id_of(ISSUED)
    bench.now += REFRESH_EVERY_S
    bench.numbers.refresh()
    await asyncio.sleep(0.01)
    bench.registry.first = 100
    with capture_logs():
        await bench.numbers.register_all()
    bench.numbers.refresh()
    assert bench.numbers.id_of(ISSUED) == before + 99
    await bench.numbers.close()


async def test_a_registry_that_is_away_meanwhile_stops_nothing() -> None:
    """What is known stays good until it answers again."""
    bench = Bench()
    await bench.numbers.register_all()
    known = bench.numbers.id_of(ISSUED)
    bench.registry.error = RegistryUnavailable("away.")
    await bench.later()
    assert bench.numbers.id_of(ISSUED) == known
    bench.registry.error, bench.registry.first = None, 50
    with capture_logs():
        await bench.later()
    assert bench.numbers.id_of(ISSUED) == known + 49
    await bench.numbers.close()


async def test_a_registry_that_refuses_a_schema_ends_the_sending() -> None:
    """The look raises what the registry answered; one that nobody takes is dropped in silence."""
    bench = Bench()
    await bench.numbers.register_all()
    bench.registry.error = CheckFailed("The registry refuses.")
    with pytest.raises(CheckFailed, match="refuses"):
        await bench.later()
    bench.now += REFRESH_EVERY_S
    bench.numbers.refresh()
    await bench.numbers.close()
