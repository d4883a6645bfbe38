"""For each packaged schema, by its fingerprint, what reads its events and what writes them.

A schema that is not here, edited since or another release's, goes by fastavro and the rules.
Made by casefeed.contract.compilegen from schemas/avro; mend those and run it again.
"""

from __future__ import annotations

from casefeed.contract.compiled.primitives import DOUBTS, Form
from casefeed.contract.compiled.read_ice import (
    read_hearing_scheduled,
    read_in_absentia_order,
    read_nta_filed,
    read_nta_issued,
    read_nta_served,
)
from casefeed.contract.compiled.read_orr import (
    read_absent_from_sponsor,
    read_aged_out,
    read_child_located,
    read_child_transferred,
    read_failure_to_appear,
    read_placement_address_changed,
    read_runaway_from_custody,
    read_sponsor_placement,
)
from casefeed.contract.compiled.write_ice import (
    write_hearing_scheduled,
    write_in_absentia_order,
    write_nta_filed,
    write_nta_issued,
    write_nta_served,
)
from casefeed.contract.compiled.write_orr import (
    write_absent_from_sponsor,
    write_aged_out,
    write_child_located,
    write_child_transferred,
    write_failure_to_appear,
    write_placement_address_changed,
    write_runaway_from_custody,
    write_sponsor_placement,
)

__all__ = ["DOUBTS", "FORMS"]

FORMS = {
    bytes.fromhex(fingerprint): Form(read, write)
    for fingerprint, read, write in (
        ("994ecaaee0f726c84b16ff9515ce4ff650f790dcd57023aee5d21758f44bf893", read_absent_from_sponsor, write_absent_from_sponsor),
        ("1ecbd8502b2d6dc23ba7c73e68bb6240ada3d836580e28a2553aaf0023413e88", read_aged_out, write_aged_out),
        ("d156c04131fd3d0cbea8321064a2e2279d5797b4fe388033e2288700917cd101", read_child_located, write_child_located),
        ("0142108859bd8d8b85bcf3f0a80c88de14646b817435a60eb7ea8b1e92496b45", read_child_transferred, write_child_transferred),
        ("4c6c18c18b163eae3796a07d6ff4b608f7896be5e6fc2e4c1d7707dad3f6993c", read_failure_to_appear, write_failure_to_appear),
        ("714021bc81f76a51f03380a74e8e1b4f8505f7b0228efb068645be08f8e4884d", read_hearing_scheduled, write_hearing_scheduled),
        ("c0c7d6b3efb3ac1566ceb351b12290e92c61cd8c669d6366f4469cd5f160c402", read_in_absentia_order, write_in_absentia_order),
        ("059d9c48fcda10b6dfb3f44c9ee55d916634ee993150ba6ee267a71c02a4dea9", read_nta_filed, write_nta_filed),
        ("491d28321bee504982dbf5ec89639f4a9ad0d5a08c90c97c7d7151be2775c3c2", read_nta_issued, write_nta_issued),
        ("1a3cdbcbc30c13241056619ea32b4496c782e24343006a1c0e7a00f3c2d62c40", read_nta_served, write_nta_served),
        ("6c8ef84b531161c3fd3f843d51104ec740870fddd73f40db01658537d0e0deda", read_placement_address_changed, write_placement_address_changed),
        ("bb98164d3eba4be62320467137c1e1139cbc0bb96ace4e8e1bf3a6c5d2d165ca", read_runaway_from_custody, write_runaway_from_custody),
        ("97ee7bf6c2d3f05534a80755ab9de0e891e80fafac216ad05fb0c589abf24041", read_sponsor_placement, write_sponsor_placement),
    )
}
