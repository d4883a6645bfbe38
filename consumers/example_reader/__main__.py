"""New placements whose address cannot receive mail, counted per ERO area. Copy this file to start your own reader.

Each event is counted once, whatever is sent twice or killed in between: the counts lie in the same file as the
position, and both commit together.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from casefeed.case.address import Finding, finding
from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.contract.validation import is_sealed
from casefeed.read import Held, Reader, Unavailable, run, summary

COUNT = """
INSERT INTO unreachable (area, finding, placements) VALUES (?, ?, 1)
ON CONFLICT (area, finding) DO UPDATE SET placements = placements + 1
"""


def count_unreachable(db: sqlite3.Connection, held: Sequence[Held]) -> None:
    """Called with events that are new to this reader, inside the transaction that holds them."""
    for each in held:
        if each.event.event_type.short != "SponsorPlacement":
            continue
        placement = each.event.body
        child = placement["child"]
        address = None if is_sealed(child) else child["address"]
        found = finding(address, placement["address_quality"])
        if found is not Finding.NONE:
            db.execute(COUNT, (placement["owning_area"], found.words))


def show(path: Path) -> None:
    """Print the counts, the largest first."""
    with closing(sqlite3.connect(path)) as db:
        for area, words, placements in db.execute(
            "SELECT area, finding, placements FROM unreachable ORDER BY placements DESC, area, finding"
        ):
            print(f"{area}  {placements:6,}  {words}")


def main() -> int:
    """Read until stopped, or until caught up; then show the counts."""
    options = argparse.ArgumentParser(prog="example_reader", description=__doc__)
    options.add_argument(
        "--state", type=Path, default=Path("example-reader.db"), help="file of position and counts"
    )
    options.add_argument(
        "--until-caught-up", action="store_true", help="end at the end offsets seen at the start"
    )
    options.add_argument("--beat", type=Path, help="file to touch while all is well")
    asked = options.parse_args()
    reader = Reader("example-reader", asked.state, count_unreachable, (ORR_TOPIC,), rooms=("example_reader",))
    try:
        done = run(reader, until_caught_up=asked.until_caught_up, beat=asked.beat)
    except Unavailable as error:
        print(error.sentence, file=sys.stderr)
        return 3
    print(summary(done))
    show(asked.state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
