"""Whether broker and registry answer: where nothing listens on this machine, no client is asked."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.kafka import consumer, reachability, registry, unavailable
from casefeed.runtime.errors import BrokerUnavailable
from casefeed.runtime.settings import Settings

NOWHERE = "127.0.0.1:1"


def settings(bootstrap: str = NOWHERE, registry_url: str = f"http://{NOWHERE}/x") -> Settings:
    """Where broker and registry are."""
    return Settings(home=Path(), kafka_bootstrap=bootstrap, registry_url=registry_url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_who_refuses_is_told_from_who_listens(host: str) -> None:
    """A free port refuses; one where somebody listens does not, whatever is said there."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        assert not unavailable.is_refused(f"//127.0.0.1:{server.getsockname()[1]}", 9092)
    assert unavailable.is_refused(f"//{host}:1", 9092)
    assert unavailable.is_refused(f"http://{host}/x", 1)


@pytest.mark.parametrize("host", ["kafka", "192.0.2.1"])
def test_another_machine_is_not_asked(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take long to answer, or to be found: the client asks it, within its deadline."""

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(socket, "create_connection", never)
    assert not unavailable.is_refused(f"//{host}:9092", 9092)


@pytest.mark.parametrize("bootstrap", [NOWHERE, f"localhost:1, {NOWHERE}"])
def test_the_same_is_said_as_by_the_clients(bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentences of a broker and a registry that refuse do not depend on who finds it out."""
    found = asyncio.run(reachability.check_services(settings(bootstrap), (ORR_TOPIC,)))
    with monkeypatch.context() as patched:
        patched.setattr(reachability, "is_refused", lambda *_: False)
        asked = asyncio.run(reachability.check_services(settings(bootstrap), (ORR_TOPIC,)))
    assert [each.message for each in found.unavailable] == [each.message for each in asked.unavailable]
    assert len(found.unavailable) == 2


def test_no_client_is_made_for_who_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither Kafka's nor the registry's."""

    def never(*_: Any, **__: Any) -> None:
        raise AssertionError

    monkeypatch.setattr(consumer, "Consumer", never)
    monkeypatch.setattr(registry, "SchemaRegistry", never)
    assert reachability.end_offsets(settings(), (ORR_TOPIC,)) is None
    assert len(asyncio.run(reachability.check_services(settings(), (ORR_TOPIC,))).unavailable) == 2


def test_one_broker_of_several_is_enough_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is asked as soon as one of the addresses does not refuse."""

    async def answers(*_: Any) -> tuple[str, dict[tuple[str, int], int]]:
        return "cluster-1", {(ORR_TOPIC, 0): 7}

    monkeypatch.setattr(reachability, "check_broker", answers)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        bootstrap = f"{NOWHERE},127.0.0.1:{server.getsockname()[1]}"
        assert reachability.end_offsets(settings(bootstrap), (ORR_TOPIC,)) == {(ORR_TOPIC, 0): 7}


def test_a_broker_that_does_not_tell_gives_no_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that refuses."""

    async def away(*_: Any) -> BrokerUnavailable:
        return BrokerUnavailable("No broker.")

    monkeypatch.setattr(reachability, "is_refused", lambda *_: False)
    monkeypatch.setattr(reachability, "check_broker", away)
    assert reachability.end_offsets(settings(), (ORR_TOPIC,)) is None
