"""How fast the feed is read, beside two peers that do the same work, in interleaved rounds on one Kafka."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.feed import COMMAND, FilledStack, RunResult, run, stack
from casefeed.ledger.display import day_number

PEERS = {name: f"benchmarks.peers.{name}" for name in ("ours", "confluent", "stream")}
ROUNDS = 3


def publish_world(filled: FilledStack, world: Path) -> RunResult:
    """Publish a world by the product's own replay."""
    return run(*COMMAND, "world", "replay", str(world), env=filled.env("sender"))


def consume(filled: FilledStack, world: Path, rounds: int = ROUNDS) -> dict[str, Any]:
    """Median events a second, CPU us an event and peak memory of each rival; the runs in `rates`."""
    truth = json.loads((world / "truth.json").read_text(encoding="utf-8"))
    ends = filled.ends()
    events = sum(truth["events"].values())
    runs: dict[str, list[RunResult]] = {name: [] for name in PEERS}
    for number in range(rounds):
        for name, module in PEERS.items():
            ledger = filled.folder / f"{name}-{number}.db"
            ran = run(sys.executable, "-m", module, env=_peer_environment(filled, ledger, ends))
            require_equal(name, ledger, truth, ran.json_output["records"], events)
            runs[name].append(ran)
            for left in ledger.parent.glob(f"{ledger.name}*"):
                left.unlink()
    return {name: summary(events, each) for name, each in runs.items()}


def intake_parts(filled: FilledStack) -> dict[str, float]:
    """CPU us an event of each part of the intake, over one more run with clocks in it."""
    ledger = filled.folder / "parts.db"
    return run(
        sys.executable, "-m", "benchmarks.intake_parts", env=_peer_environment(filled, ledger, filled.ends())
    ).json_output


def _peer_environment(filled: FilledStack, ledger: Path, ends: dict[str, int]) -> dict[str, str]:
    given = {
        "bootstrap": filled.bootstrap, "registry_url": filled.registry_url, "ledger": str(ledger), "ends": ends,
        "ids": dict(filled.schema_ids),
    }  # fmt: skip
    return {"CASEFEED_BENCH": json.dumps(given)}


def require_equal(name: str, ledger: Path, truth: dict[str, Any], stored: int, events: int) -> None:
    """A rival that did other work is no rival: every figure it keeps must be the truth's."""
    if stored != events:
        sys.exit(f"{name} held {stored} of {events} events")
    with closing(sqlite3.connect(ledger)) as db:
        for day, figures in truth["as_of"].items():
            if (found := dict(figures_of(db, day))) != {key: n for key, n in figures.items() if n}:
                sys.exit(f"{name} has other figures than the truth on {day}: {found}")


def figures_of(db: sqlite3.Connection, day: str) -> Iterator[tuple[str, int]]:
    """The figures as of a day that are not 0."""
    asked = "SELECT figure, sum(amount) FROM figure_step WHERE day_true <= ? GROUP BY figure HAVING sum(amount) != 0"
    yield from db.execute(asked, (day_number(date.fromisoformat(day)),))


def summary(events: int, runs: list[RunResult]) -> dict[str, Any]:
    """Medians over the rounds."""
    rates = [events / each.json_output["seconds"] for each in runs]
    return {
        "events": events,
        "rate": median(rates),
        "rates": rates,
        "cpu_us": median(each.cpu_s / events * 1e6 for each in runs),
        "peak_mib": max(each.peak_mib for each in runs),
    }


if __name__ == "__main__":
    where, built = Path(sys.argv[1]), Path(sys.argv[2])
    with stack(where) as running:
        sent = publish_world(running, built)
        print(sent.out)
        print(json.dumps(consume(running, built, int(sys.argv[3])), indent=2))
