"""The whole loop at one scale: a world built, published and taken in, each by its command, and what each costs."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.consume import figures_of, fill
from benchmarks.feed import COMMAND, Filled, Ran, run

SEED = 7


def build(folder: Path, scale: int) -> tuple[Path, dict[str, Any]]:
    """A world of this scale, and what building it cost."""
    world = folder / f"world-{scale}"
    ran = run(*COMMAND, "world", "build", "--scale", str(scale), "--seed", str(SEED), "--out", str(world))
    return world, cost(ran, events_of(world))


def events_of(world: Path) -> int:
    """How many events a world tells."""
    return int(sum(json.loads((world / "truth.json").read_text(encoding="utf-8"))["events"].values()))


def loop(filled: Filled, world: Path) -> tuple[Path, dict[str, Any]]:
    """Publish a world, then take it in; the ledger, and what each cost. Ends when a figure is not the truth's."""
    events = events_of(world)
    published = fill(filled, world)
    env = filled.env(f"ice-{world.name}")
    taken = run(*COMMAND, "ice", "intake", "--until-caught-up", env=env)
    ledger = Path(env["CASEFEED_HOME"]) / "ice.db"
    truth = json.loads((world / "truth.json").read_text(encoding="utf-8"))
    with closing(sqlite3.connect(ledger)) as db:
        for day, figures in truth["as_of"].items():
            if dict(figures_of(db, day)) != {name: n for name, n in figures.items() if n}:
                sys.exit(f"the scorecard of {day} is not the truth's")
    size = sum(each.stat().st_size for each in ledger.parent.glob("ice.db*"))
    return ledger, {
        "events": events,
        "publish": cost(published, events),
        "intake": cost(taken, events),
        "ledger_bytes": size / events,
        "reports": truth["as_of"],
    }


def cost(ran: Ran, events: int) -> dict[str, float]:
    """Seconds in all, events a second, CPU us an event, and the peak of memory."""
    return {
        "seconds": ran.wall_s,
        "rate": events / ran.wall_s,
        "cpu_us": ran.cpu_s / events * 1e6,
        "peak_mib": ran.peak_mib,
    }
