"""The scorecard as a program gets it, against the truth of a world built, replayed and read by the commands."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from casefeed.cli.app import casefeed, run
from casefeed.contract.catalogue import ICE_TOPIC, ORR_TOPIC
from tests.feedkit import fresh_topics
from tests.stack_services import StackServices

Command = Callable[..., str]


@pytest.fixture(params=["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone this machine is in: the figures must not know it."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def command(
    stack: StackServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs a casefeed command in a home of its own on the running stack; gives its standard output."""
    fresh_topics(stack.bootstrap, (ORR_TOPIC, ICE_TOPIC), 6)
    monkeypatch.setenv("CASEFEED_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CASEFEED_KAFKA_BOOTSTRAP", stack.bootstrap)
    monkeypatch.setenv("CASEFEED_REGISTRY_URL", stack.registry_url)

    def typed(*words: str) -> str:
        code = run(lambda: casefeed.main(args=list(words), prog_name="casefeed", standalone_mode=False))
        said = capsys.readouterr()
        assert code == 0, said.err
        return said.out

    return typed


@pytest.mark.finding("every-figure", "OIG-25-21/nta-backlog")
def test_the_scorecard_equals_the_truth_in_every_zone(zone: str, command: Command, tmp_path: Path) -> None:
    """As of every day, and known by every other, to the child; days are UTC days wherever the machine stands."""
    world = tmp_path / "world"
    command("world", "build", "--scale", "700", "--seed", "11", "--out", str(world))
    command("world", "replay", str(world))
    command("ice", "intake", "--until-caught-up")
    truth = json.loads((world / "truth.json").read_text(encoding="utf-8"))
    asked: list[tuple[list[str], dict[str, int]]] = []
    for day, figures in truth["as_of"].items():
        asked.append(([day], figures))
    for pair, figures in truth["known_by"].items():
        asked.append((pair.split("/"), figures))
    assert len(asked) >= 14
    for days, figures in asked:
        options = [word for pair in zip(("--as-of", "--known-by"), days, strict=False) for word in pair]
        card: dict[str, Any] = json.loads(command("ice", "scorecard", "--format", "json", *options))
        assert [day for day in (card["as_of"], card["known_by"]) if day] == days
        assert card["figures"] == figures
    read = [at for partitions in card["complete"].values() for at in partitions.values()]
    assert sum(at["position"] for at in read) == sum(truth["events"].values())
    assert all(at["position"] == at["end"] and at["parked"] == 0 for at in read)
    rows = csv.DictReader(io.StringIO(command("ice", "scorecard", "--format", "csv", "--as-of", "2025-01-31")))
    assert {row["figure"]: int(row["children"]) for row in rows} == truth["as_of"]["2025-01-31"]


@pytest.mark.finding("every-figure")
def test_people_see_the_ledger_beside_what_the_reports_published(command: Command, tmp_path: Path) -> None:
    """The table names each published figure with its report, and says how far both topics were read."""
    world = tmp_path / "world"
    command("world", "build", "--scale", "2000", "--seed", "11", "--out", str(world))
    command("world", "replay", str(world))
    command("ice", "intake", "--until-caught-up")
    told = command("ice", "scorecard", "--as-of", "2025-01-31")
    for report, value in (("OIG-24-46", "291,000"), ("OIG-25-21", "233,000"), ("OIG-25-21", "31,000")):
        assert any(report in line and value in line for line in told.splitlines())
    assert "orr.case-events: complete" in told
    assert "ice.case-events: complete" in told
    command("world", "replay", str(world), "--from-start")
    assert "records behind" in command("ice", "scorecard", "--as-of", "2025-01-31")
