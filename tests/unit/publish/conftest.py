"""A desk, and relays that send from it to a broker that is none."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.kafka import topics
from casefeed.kafka.registry import SchemaRegistry
from casefeed.publish import relay as room
from casefeed.publish import retry, sender
from casefeed.publish.desk import Desk
from casefeed.publish.relay import RelayOptions, relay
from casefeed.runtime.settings import Settings
from tests.desk_helpers import orr_desk
from tests.unit.publish.fake_brokers import Broker


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """ORR's desk, open."""
    with orr_desk(tmp_path) as opened:
        yield opened


@pytest.fixture
def relaying(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Relays until nothing waits (where the plan says no other), with a heartbeat every so many seconds."""

    def run(broker: Broker, stop: asyncio.Event | None = None, *, every_s: float = 60.0, **plan: Any) -> Any:
        async def register(self: object, subject: str, text: str) -> int:
            return await broker.register(subject, text)

        monkeypatch.setattr(topics, "describe", broker.describe)
        monkeypatch.setattr(room, "ensure_topic", broker.ensured)
        monkeypatch.setattr(
            sender, "Producer", lambda bootstrap, topic: broker if topic == ORR_TOPIC else broker.statements
        )
        monkeypatch.setattr(sender, "find_missing", broker.astray)
        monkeypatch.setattr(SchemaRegistry, "register", register)
        monkeypatch.setattr(retry, "RETRY_EVERY_S", 0.0)
        settings = Settings(home=tmp_path, registry_url="http://127.0.0.1:1", heartbeat_every_s=every_s)
        return relay(desk, RelayOptions(**{"until_empty": True, **plan}), settings, stop or asyncio.Event())

    return run
