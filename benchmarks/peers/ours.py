"""The product: ICE's intake, as `casefeed ice intake --until-caught-up` runs it."""

from __future__ import annotations

import os
import time

from benchmarks.peers.report import tell, told
from casefeed.read.service import Reader, run
from ice_caseload.cases import take_in
from ice_caseload.ledger import GROUP, ROOM

if __name__ == "__main__":
    given = told()
    os.environ |= {"CASEFEED_KAFKA_BOOTSTRAP": given.bootstrap, "CASEFEED_REGISTRY_URL": given.registry_url}
    began = time.perf_counter()
    tell(began, run(Reader(GROUP, given.ledger, take_in, rooms=(ROOM,)), until_caught_up=True).tally.applied)
