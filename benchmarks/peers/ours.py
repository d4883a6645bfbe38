"""The product: ICE's intake, as `casefeed ice intake --until-caught-up` runs it."""

from __future__ import annotations

import os
import time

from benchmarks.peers.report import load_config, print_result
from casefeed.ledger.database import PACKAGE
from casefeed.ledger.projection import apply_events
from casefeed.read.service import Reader, run
from ice_caseload.agency import ICE

if __name__ == "__main__":
    given = load_config()
    os.environ |= {"CASEFEED_KAFKA_BOOTSTRAP": given.bootstrap, "CASEFEED_REGISTRY_URL": given.registry_url}
    began = time.perf_counter()
    print_result(
        began,
        run(
            Reader(ICE.consumer_group, given.ledger, apply_events, packages=(PACKAGE,)), until_caught_up=True
        ).counts.applied,
    )
