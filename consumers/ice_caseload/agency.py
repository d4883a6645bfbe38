"""ICE as an agency: what ICE and its court adapter know goes to ICE's topic, and ICE reads it there like anybody.

Its desk is in the ledger's file, so that what the intake derives can be put out in the intake's transaction.
"""

from casefeed.contract.catalogue import ICE_TOPIC
from casefeed.publish import Agency, Publisher
from casefeed.store import sqlite_path

ICE = Agency(
    "ice",
    Publisher("ICE", ICE_TOPIC, frozenset({"ICE_ERO", "ICE_OPLA", "EOIR_ADAPTER"})),
    default_recorder="ICE_ERO",
    database_path=lambda settings: sqlite_path(settings.ledger_url, "ledger"),
    database_variable="CASEFEED_LEDGER_URL",
    consumer_group="ice-caseload",
    example_event="""{"type": "NtaIssued",
 "header": {"occurred_at": "2024-05-31T08:00:00Z", "synthetic": true},
 "nta_id": "SYN-N-1001", "issuing_agency": "CBP",
 "place_and_time_stated": false}""",
    lists={
        "absences": "Absences from ORR custody and from sponsors",
        "failures": "Hearings at which a child failed to appear",
        "addresses": "Release addresses that mail cannot reach",
        "disagreements": "Children of whom merges do not say which key stays",
    },
)
