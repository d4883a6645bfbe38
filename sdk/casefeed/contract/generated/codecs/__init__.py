"""For each packaged schema, by its fingerprint, what reads its events and what writes them.

A schema that is not here, edited since or another release's, goes by fastavro and the rules.
Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again.
"""

from __future__ import annotations

from casefeed.contract.fast_path import FAST_PATH_ERRORS, FastCodec
from casefeed.contract.generated.codecs.read_both import (
    read_child_keys_merged,
    read_child_keys_unmerged,
    read_event_corrected,
    read_event_retracted,
    read_events_requested,
    read_failure_to_appear,
    read_placement_address_changed,
)
from casefeed.contract.generated.codecs.read_ice import (
    read_hearing_scheduled,
    read_in_absentia_order,
    read_nta_filed,
    read_nta_issued,
    read_nta_served,
)
from casefeed.contract.generated.codecs.read_orr import (
    read_absent_from_sponsor,
    read_aged_out,
    read_child_located,
    read_child_transferred,
    read_runaway_from_custody,
    read_sponsor_placement,
)
from casefeed.contract.generated.codecs.write_both import (
    write_child_keys_merged,
    write_child_keys_unmerged,
    write_event_corrected,
    write_event_retracted,
    write_events_requested,
    write_failure_to_appear,
    write_placement_address_changed,
)
from casefeed.contract.generated.codecs.write_ice import (
    write_hearing_scheduled,
    write_in_absentia_order,
    write_nta_filed,
    write_nta_issued,
    write_nta_served,
)
from casefeed.contract.generated.codecs.write_orr import (
    write_absent_from_sponsor,
    write_aged_out,
    write_child_located,
    write_child_transferred,
    write_runaway_from_custody,
    write_sponsor_placement,
)

__all__ = ["FAST_CODECS", "FAST_PATH_ERRORS"]

FAST_CODECS = {
    bytes.fromhex(fingerprint): FastCodec(read, write)
    for fingerprint, read, write in (
        ("4d19deeeabc6ee32044532b28f2ec6dbf97731d85dcd3877b6a770622d9b7c88", read_absent_from_sponsor, write_absent_from_sponsor),
        ("95a5dfb0d843dbfd2497b0e1bb9a99444e42a1a4d5235a1c614e9b1cd861aef5", read_aged_out, write_aged_out),
        ("28928db8eaab11994807b8f9bd5c72f67c2cfa88b232d9955efc434714ad4545", read_child_keys_merged, write_child_keys_merged),
        ("e834b584581f2bcba717c596687afa7b7bffd69538e62fc77716dc8f09b7426c", read_child_keys_unmerged, write_child_keys_unmerged),
        ("eb4ea77563b3e2281960cfee01a2070549d25ca622794967f872434c788f356d", read_child_located, write_child_located),
        ("decb2ad98b28e10f213890ca8908be58a787d713712579030a64b4eb142e12fb", read_child_transferred, write_child_transferred),
        ("4ce29c5420b637634946b3ccb1dc303340d4d915a3f945c7e8efa80800f4f9c3", read_event_corrected, write_event_corrected),
        ("a9fd1b92052d4938429c3a6d90892aa8e82d520ed0e0a5ae657f234b8fabc17f", read_event_retracted, write_event_retracted),
        ("842b02cc41c8c50789bfed1043876fcab3e9d2a52d86937ff81310d06918fbd7", read_events_requested, write_events_requested),
        ("2e9eb4229b0ff8fa83a3be997537828dda29c0687a484bc00527dd255813664e", read_failure_to_appear, write_failure_to_appear),
        ("2159a4cfcebec46bce2ffc3db99e7f27eefe82caa9b52f0084dbf43358b6e174", read_hearing_scheduled, write_hearing_scheduled),
        ("e8b3a16796741ef9ce63d7a4f8dbc118ab5bf33916ab0db481f4053ca48384aa", read_in_absentia_order, write_in_absentia_order),
        ("30c226f099c8719fbc81ddecc9b6ff9b1fb8224fdfaa921560528ed9e62b83af", read_nta_filed, write_nta_filed),
        ("e1a4d3416283aec708eb7f34dda433f49caae90fcd117412576729ed9289975d", read_nta_issued, write_nta_issued),
        ("4e6e9e2ab94db8b918d65a3cc0b26a0d8ad82da0ee6439dfd0fdf4f51af48a98", read_nta_served, write_nta_served),
        ("fca16938c50ca54e10f07b5bb5af96485d436d20d60ee33ce7712a4570081ad7", read_placement_address_changed, write_placement_address_changed),
        ("5ec087898a1a22e570ef5a4d41d2726e8d4ffc886303c7459ea443271d081fa4", read_runaway_from_custody, write_runaway_from_custody),
        ("f412949af9e245a9252b53826c3b3e7d063f678c8d760fafc1cfaf146ff54ec1", read_sponsor_placement, write_sponsor_placement),
    )
}
