"""ORR as an agency: the simulated HHS producer."""

from casefeed.contract.catalogue import ORR_TOPIC
from casefeed.publish import Agency, Publisher
from casefeed.store import sqlite_path

ORR = Agency(
    "orr",
    Publisher("ORR", ORR_TOPIC, frozenset({"ORR"})),
    default_recorder="ORR",
    database_path=lambda settings: sqlite_path(settings.desk_url, "desk"),
    database_variable="CASEFEED_DESK_URL",
    consumer_group="orr-desk",
    example_event="""{"type": "ChildLocated",
 "header": {"occurred_at": "2024-05-31T08:00:00Z", "synthetic": true},
 "child": {"condition": "SAFE", "current_setting": "HOSPITAL"},
 "located_by": "POLICE"}""",
)
