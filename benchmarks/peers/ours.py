"""The product: ICE's intake, as `casefeed ice intake --until-caught-up` runs it."""

from __future__ import annotations

import os
import time

from benchmarks.peers.report import load_config, print_result
from casefeed.read.service import Reader, run
from ice_caseload.cases import apply_events
from ice_caseload.ledger import CONSUMER_GROUP, PACKAGE

if __name__ == "__main__":
    given = load_config()
    os.environ |= {"CASEFEED_KAFKA_BOOTSTRAP": given.bootstrap, "CASEFEED_REGISTRY_URL": given.registry_url}
    began = time.perf_counter()
    print_result(
        began,
        run(
            Reader(CONSUMER_GROUP, given.ledger, apply_events, packages=(PACKAGE,)), until_caught_up=True
        ).counts.applied,
    )
