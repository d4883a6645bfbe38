"""The example reader as an integrator runs it, and what it should count."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from casefeed.case.address import AddressFinding, address_finding
from casefeed.contract.archive import Envelope
from tests.seed_records import decode_envelope
from tests.stack_services import StackServices

READER = ("-m", "example_reader")
LINE = re.compile(r"^([A-Z]{3})  +([\d,]+)  (.+)$", re.MULTILINE)


class Reader:
    """The example reader with its state in a folder of its own, run by a Python that has it."""

    def __init__(self, stack: StackServices, folder: Path, python: str = sys.executable) -> None:
        self._python = python
        self.state = folder / "state.db"
        self._where = {
            "CASEFEED_HOME": str(folder / "home"),
            "CASEFEED_KAFKA_BOOTSTRAP": stack.bootstrap,
            "CASEFEED_REGISTRY_URL": stack.registry_url,
        }

    def start(self, *options: str, program: Sequence[str] = READER) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [self._python, *program, "--state", str(self.state), *options],
            env={**os.environ, **self._where},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def counts(self) -> Counter[tuple[str, str]]:
        """Run it until it has caught up; placements by area and finding, as it prints them."""
        running = self.start("--until-caught-up")
        printed, complaint = running.communicate(timeout=90)
        assert running.returncode == 0, complaint
        assert "0 parked, 0 refused; 0 behind the ends" in printed
        return Counter({(area, words): int(count.replace(",", "")) for area, count, words in LINE.findall(printed)})

    def held(self) -> int:
        """How many events its state holds."""
        if not self.state.is_file():
            return 0
        with closing(sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)) as db:
            try:
                return int(db.execute("SELECT count(*) FROM event").fetchone()[0])
            except sqlite3.OperationalError:  # its tables are not made yet
                return 0


def placed(envelopes: list[Envelope]) -> Counter[tuple[str, str]]:
    """Placements that mail cannot reach by area and finding, counted from the archive itself."""
    found: Counter[tuple[str, str]] = Counter()
    for kind, event in map(decode_envelope, envelopes):
        if kind.short_name == "SponsorPlacement":
            what = address_finding(event["child"]["address"], event["address_quality"])
            if what is not AddressFinding.NONE:
                found[event["owning_area"], what.label] += 1
    return found
