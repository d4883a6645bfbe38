"""Compares the output of an executable `casefeed` with the golden files, or writes them.

python -m tests.acceptance.transcript [--casefeed PATH] [--processes] [--write] [TRACK...]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.acceptance.transcript import golden
from tests.acceptance.transcript.run import scenario, transcript


def main() -> None:
    """Exit 1 when something differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.transcript")
    parser.add_argument("--casefeed", type=Path, default=Path(sys.executable).with_name("casefeed"))
    parser.add_argument("--processes", action="store_true", help="run each command as a process of its own")
    parser.add_argument("--write", action="store_true", help="write the golden files, with --processes")
    parser.add_argument("tracks", nargs="*", help="compare only these tracks of the scenario")
    asked = parser.parse_args()
    groups = [each for each in scenario() if asked.write or not asked.tracks or each.track in asked.tracks]
    now = transcript(asked.casefeed, groups, forks=not (asked.processes or asked.write))
    if asked.write:
        golden.write(now)
        return
    before, renamed = golden.read(), golden.renamed_words()
    differences = {name: golden.difference(before.get(name, ""), text, renamed) for name, text in now.items()}
    for name, shown in differences.items():
        if shown:
            print(f"== {name}\n{shown}")
    sys.exit(any(differences.values()))


if __name__ == "__main__":
    main()
