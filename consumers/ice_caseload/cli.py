"""The command group `casefeed ice`."""

from casefeed.cli.agency.group import agency_group
from ice_caseload.agency import ICE

ice = agency_group(
    ICE,
    "ICE's side: read the feed into the ledger, ask the ledger, tell ORR what ICE knows.",
    {
        "intake": "casefeed.cli.agency.intake:intake_command",
        "scorecard": "casefeed.cli.agency.scorecard:scorecard_command",
        "series": "casefeed.cli.agency.scorecard:series_command",
        "case": "casefeed.cli.agency.case:case_command",
        "list": "casefeed.cli.agency.lists:list_command",
        "status": "casefeed.cli.agency.status:status_command",
        "parked": "casefeed.cli.agency.parked:parked_command",
        "gaps": "casefeed.cli.agency.gaps:gaps_command",
        "refused": "casefeed.cli.agency.refused:refused_command",
        "sources": "casefeed.cli.agency.sources:sources_command",
        "decisions": "casefeed.cli.agency.decisions:decisions_command",
        "record": "casefeed.cli.agency.record:record_command",
        "relay": "casefeed.cli.agency.relay:relay_command",
        "outbox": "casefeed.cli.agency.outbox:outbox_command",
        "replay": "casefeed.cli.agency.replay:replay_command",
        "resend": "casefeed.cli.agency.resend:resend_command",
    },
)
