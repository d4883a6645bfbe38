"""Run the benchmarks and write docs/performance.md: `make bench`, or `python -m benchmarks --only consume`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import micro, page
from benchmarks.consume import consume, intake_parts
from benchmarks.end_to_end import build, run_loop
from benchmarks.feed import stack
from benchmarks.latency import latency
from benchmarks.publish import publish
from benchmarks.queries import query_times
from benchmarks.startup import startup

PARTITIONS = 6
PARTS = ("rooms", "startup", "100", "10", "1", "consume", "publish", "latency")


def run_parts(folder: Path, selected: set[str]) -> dict[str, Any]:
    """Every part asked for, by name."""
    found: dict[str, Any] = {}
    if "rooms" in selected:
        found["rooms"] = micro.measure()
    if "startup" in selected:
        log_progress("start-up")
        world, _ = build(folder, 1000)
        with stack(folder / "startup") as filled:
            ledger, _ = run_loop(filled, world)
            found["startup"] = startup(filled, ledger)
    for scale in (100, 10, 1):
        name = str(scale)
        beside = {"consume", "publish"} & selected if scale == 10 else set()
        if name not in selected and not beside:
            continue
        log_progress(f"1:{scale}: building")
        world, building = build(folder, scale)
        with stack(folder / f"feed-{scale}") as filled:
            log_progress(f"1:{scale}: publishing and taking in")
            ledger, looped = run_loop(filled, world)
            found[name] = {"build": building, **looped, "questions": query_times(ledger)}
            if "consume" in beside:
                log_progress("three consumers, three rounds")
                found["consume"] = consume(filled, world)
                found["parts"] = intake_parts(filled)
            if "publish" in beside:
                log_progress("two producers, three rounds")
                found["publish"] = publish(filled, world)
    if "latency" in selected:
        log_progress("latency")
        world, _ = build(folder, 100)
        with stack(folder / "latency") as filled:
            found["latency"] = latency(filled, world, PARTITIONS)
    return found


def log_progress(line: str) -> None:
    """Where the benchmarks are, for whoever waits."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Run, print the figures as JSON, and with --write put them on the page."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--only", action="append", choices=PARTS, help="this part (may be given again)")
    options.add_argument("--write", action="store_true", help="write docs/performance.md anew; needs all parts")
    options.add_argument("--results", type=Path, help="file that the figures go to as JSON")
    options.add_argument("--beside", type=Path, help="results of another run, to stand beside these on the page")
    asked = options.parse_args()
    only = set(asked.only or PARTS)
    if asked.write and only != set(PARTS):
        options.error("--write needs all parts; leave out --only")
    with tempfile.TemporaryDirectory(prefix="casefeed-bench-") as folder:
        found = run_parts(Path(folder), only)
    if asked.beside:
        found["another"] = json.loads(asked.beside.read_text(encoding="utf-8"))
    found["machine"] = {
        "day": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }
    text = json.dumps(found, indent=2)
    print(text)
    if asked.results:
        asked.results.write_text(text + "\n", encoding="utf-8")
    if asked.write:
        page.write_page(found)


if __name__ == "__main__":
    main()
