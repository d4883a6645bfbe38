"""docker-compose.yml with its profile `live`: what is recorded at the desks while one looks reaches the scorecard."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from casefeed.contract import resources
from synthetic_world.build import build
from tests.compose.conftest import up_from_nothing, wait_until_read
from tests.compose.engine import Project
from tests.compose.naming import events, named_in

pytestmark = pytest.mark.timeout(1200)

SCALE, SEED = 1500, 11  # the seed is docker-compose.yml's
RELAYS = ("orr-relay", "ice-relay")
SEEDS = json.loads((resources.seeds_dir() / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def live() -> Iterator[Project]:
    """The profile `live` up from nothing: the children of seeds/, and as many more whose last half year goes by."""
    variables = {
        "COMPOSE_PROFILES": "live",
        "LIVE_SCALE": str(SCALE),
        "LIVE_FROM": "2024-10-01",
        "LIVE_SPEED": "6d/s",
    }
    with up_from_nothing(**variables) as project:
        yield project


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same world, built: its archives and its truth, counted before there was an event."""
    folder = tmp_path_factory.mktemp("world")
    build(folder, scale=SCALE, seed=SEED)
    return folder


def test_what_is_recorded_is_read_while_it_is_told(live: Project) -> None:
    """While the world goes on the relays are healthy, and the ledger holds more than the seeds, then more still."""
    held = until_more(live, len(events(archives(resources.seeds_dir()))))
    until_more(live, held)
    states = {name: each["State"] for name, each in live.containers().items()}
    assert states["world-live"]["Status"] == "running"
    assert {name: states[name]["Health"]["Status"] for name in RELAYS} == dict.fromkeys(RELAYS, "healthy")


def test_at_the_end_of_the_world_the_ledger_is_the_truth_of_both(live: Project, world: Path) -> None:
    """The world ends well; then every figure is that of seeds/ and of the live world added up, nothing parked."""
    until_told(live)
    truth = json.loads((world / "truth.json").read_text(encoding="utf-8"))
    assert live.held() == (len(events([*archives(resources.seeds_dir()), *archives(world)])), 0, 0)
    for day, figures in truth["as_of"].items():
        assert live.scorecard("--as-of", day)["figures"] == added(figures, SEEDS["as_of"][day])
    for pair, figures in truth["known_by"].items():
        card = live.scorecard("--as-of", pair[:10], "--known-by", pair[11:])
        assert card["figures"] == added(figures, SEEDS["known_by"][pair])


def test_no_log_names_a_child_or_a_door(live: Project, world: Path) -> None:
    """Nothing that a container logged holds a name, a number or an address of the world told live."""
    logs = live.run("logs", "--no-color", "--no-log-prefix")
    assert re.search(r"events recorded, 0 held before; up to 2025-03-31", logs)
    # Counted, not shown: a failing test is a log as well.
    assert len(named_in(logs, events(archives(world)))) == 0


def test_told_again_it_changes_nothing(live: Project) -> None:
    """The world started again, told at once: its desks hold every event, and nothing goes out twice."""
    before = live.held(), live.scorecard("--as-of", "2030-01-01")
    at_once = ("casefeed", "world", "live", f"--seed={SEED}", f"--scale={SCALE}", "--rate=100000")
    live.run("run", "--rm", "-T", "world-live", *at_once)
    wait_until_read(live)
    assert (live.held(), live.scorecard("--as-of", "2030-01-01")) == before


def test_what_is_stopped_ends_in_time(live: Project) -> None:
    """SIGTERM ends both relays cleanly, well within their grace."""
    live.run("stop", *RELAYS)
    states = {name: each["State"] for name, each in live.containers().items()}
    assert {name: states[name]["ExitCode"] for name in RELAYS} == dict.fromkeys(RELAYS, 0)


def archives(folder: Path) -> list[Path]:
    """The archives of a world's folder."""
    return sorted(folder.glob("*.avro"))


def added(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """The figures of two worlds that have no child in common."""
    assert one.keys() == other.keys()
    return {name: one[name] + other[name] for name in one}


def until_more(project: Project, events_held: int, seconds: float = 30) -> int:
    """Wait until the ledger holds more events than that, and say how many; fails if it does not come to."""
    until = time.monotonic() + seconds
    while (held := project.held()[0]) <= events_held:
        assert time.monotonic() < until, f"The ledger holds {held} events after {seconds:.0f} s."
        time.sleep(0.5)
    return held


def until_told(project: Project, seconds: float = 120) -> None:
    """Wait until the world has ended, nothing waits at a desk and the ledger has read all; fails if it does not."""
    until = time.monotonic() + seconds
    while (state := project.containers()["world-live"]["State"])["Status"] == "running":
        assert time.monotonic() < until, f"The world has not ended within {seconds:.0f} s."
        time.sleep(1)
    assert state["ExitCode"] == 0
    for relay, words in zip(RELAYS, (("orr", "status"), ("ice", "outbox")), strict=True):
        while waiting(project, relay, words):
            assert time.monotonic() < until, f"Events wait at a desk after {seconds:.0f} s."
            time.sleep(1)
    wait_until_read(project)


def waiting(project: Project, relay: str, words: tuple[str, str]) -> int:
    """How many events wait at the desk that `relay` sends from."""
    return int(json.loads(project.run("exec", "-T", relay, "casefeed", *words, "--format", "json"))["waiting"])
