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

from casefeed.case.address import AddressFinding, address_finding
from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.contract.validation import is_sealed
from casefeed.read import NewEvent, Reader, Unavailable, run, summary

INSERT_COUNT = """
INSERT INTO unreachable (area, finding, placements) VALUES (?, ?, 1)
ON CONFLICT (area, finding) DO UPDATE SET placements = placements + 1
"""


def count_unreachable(db: sqlite3.Connection, events: Sequence[NewEvent]) -> None:
    """Called with events that are new to this reader, inside the transaction that holds them."""
    for each in events:
        if each.event.event_type.short_name != "SponsorPlacement":
            continue
        placement = each.event.body
        child = placement["child"]
        address = None if is_sealed(child) else child["address"]
        found = address_finding(address, placement["address_quality"])
        if found is not AddressFinding.NONE:
            db.execute(INSERT_COUNT, (placement["owning_area"], found.label))


def print_counts(path: Path) -> None:
    """Print the counts, the largest first."""
    with closing(sqlite3.connect(path)) as db:
        for area, words, placements in db.execute(
            "SELECT area, finding, placements FROM unreachable ORDER BY placements DESC, area, finding"
        ):
            print(f"{area}  {placements:6,}  {words}")


def main() -> int:
    """Read until stopped, or until caught up; then show the counts."""
    parser = argparse.ArgumentParser(prog="example_reader", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path("example-reader.db"), help="file of position and counts")
    parser.add_argument("--until-caught-up", action="store_true", help="end at the end offsets seen at the start")
    parser.add_argument("--beat", type=Path, help="file to touch while all is well")
    args = parser.parse_args()
    state: Path = args.state
    reader = Reader("example-reader", state, count_unreachable, (ORR_TOPIC,), packages=("example_reader",))
    try:
        done = run(reader, until_caught_up=args.until_caught_up, liveness_file=args.beat)
    except Unavailable as error:
        print(error.message, file=sys.stderr)
        return 3
    print(summary(done))
    print_counts(state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
