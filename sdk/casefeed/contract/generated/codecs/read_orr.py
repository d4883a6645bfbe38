"""From bytes to the raw form. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.read_children import (
    read_absent_from_sponsor_child,
    read_aged_out_child,
    read_child_located_child,
    read_child_transferred_child,
    read_runaway_from_custody_child,
    read_sponsor_placement_child,
)
from casefeed.contract.generated.codecs.read_parts import read_event_header, read_sealed, read_sponsor
from casefeed.contract.primitives import Datum, FastPathError, TextCache, full_match, read_span, read_timestamp

_MATCH_0 = full_match(r"[A-Z]{3}")
_FEW_0 = TextCache(_MATCH_0)
_SYMBOLS_0 = {0: 'WELL_BEING_CALL', 2: 'NOTIFICATION_OF_CONCERN', 4: 'SCHOOL', 6: 'POLICE', 8: 'CPS', 10: 'ICE_VISIT'}
_SYMBOLS_1 = {0: 'YES', 2: 'NO', 4: 'UNKNOWN'}
_BOOLEAN_0 = (False, True)
_MATCH_1 = full_match(r"[A-Z0-9-]{1,40}")
_SYMBOLS_2 = {0: 'POLICE', 2: 'ORR', 4: 'ICE', 6: 'NCMEC', 8: 'FAMILY', 10: 'SELF'}
_MATCH_2 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SYMBOLS_3 = {0: 'CBP_USBP', 2: 'CBP_OFO', 4: 'ICE_ERO', 6: 'ICE_HSI', 8: 'OTHER'}
_SYMBOLS_4 = {0: 'NOT_ISSUED', 2: 'ISSUED', 4: 'SERVED', 6: 'FILED', 8: 'UNKNOWN'}
_MATCH_3 = full_match(r"[A-Z0-9-]{1,24}")
_MATCH_4 = full_match(r"EVT-SYN-[0-9]{7}")
_SYMBOLS_5 = {0: 'DELIVERABLE', 2: 'MISSING_UNIT', 4: 'UNDELIVERABLE', 6: 'BLANK', 8: 'AMBIGUOUS', 10: 'UNCHECKED'}
_SYMBOLS_6 = {0: 'USPS_STYLE', 2: 'MANUAL', 4: 'NONE'}


def read_absent_from_sponsor(b: bytes) -> Datum:
    """All of a AbsentFromSponsor."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_absent_from_sponsor_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    owning_area = _FEW_0[b[p:q]]
    p = q
    learned_from = _SYMBOLS_0[b[p]]
    p += 1
    reported_at, p = read_timestamp(b, p, 4102444800000)
    sponsor_reported_to_police = _SYMBOLS_1[b[p]]
    p += 1
    cps_report_made = _SYMBOLS_1[b[p]]
    p += 1
    known_new_location = _BOOLEAN_0[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        noc_ref = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        noc_ref = b[p:q].decode()
        p = q
        if not _MATCH_1(noc_ref):
            raise FastPathError
    else:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "owning_area": owning_area, "learned_from": learned_from, "reported_at":
        reported_at, "sponsor_reported_to_police": sponsor_reported_to_police, "cps_report_made": cps_report_made,
        "known_new_location": known_new_location, "noc_ref": noc_ref,
    }


def read_aged_out(b: bytes) -> Datum:
    """All of a AgedOut."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_aged_out_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        plan_created_at = None
    elif b[p] == 2:
        p += 1
        plan_created_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        plan_updated_at = None
    elif b[p] == 2:
        p += 1
        plan_updated_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    least_restrictive_considered = _BOOLEAN_0[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        discharge_notification_sent_at = None
    elif b[p] == 2:
        p += 1
        discharge_notification_sent_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "plan_created_at": plan_created_at, "plan_updated_at": plan_updated_at,
        "least_restrictive_considered": least_restrictive_considered, "discharge_notification_sent_at":
        discharge_notification_sent_at,
    }


def read_child_located(b: bytes) -> Datum:
    """All of a ChildLocated."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_child_located_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    located_by = _SYMBOLS_2[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        closes_event_id = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        closes_event_id = b[p:q].decode()
        p = q
        if not _MATCH_2(closes_event_id):
            raise FastPathError
    else:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "located_by": located_by, "closes_event_id": closes_event_id,
    }


def read_child_transferred(b: bytes) -> Datum:
    """All of a ChildTransferred."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_child_transferred_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    apprehended_at, p = read_timestamp(b, p, 4102444800000)
    apprehending_agency = _SYMBOLS_3[b[p]]
    p += 1
    uac_determined_at, p = read_timestamp(b, p, 4102444800000)
    orr_notified_at, p = read_timestamp(b, p, 4102444800000)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    releasing_area = _FEW_0[b[p:q]]
    p = q
    nta_status_at_transfer = _SYMBOLS_4[b[p]]
    p += 1
    has_medical_handoff = _BOOLEAN_0[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "apprehended_at": apprehended_at, "apprehending_agency":
        apprehending_agency, "uac_determined_at": uac_determined_at, "orr_notified_at": orr_notified_at,
        "releasing_area": releasing_area, "nta_status_at_transfer": nta_status_at_transfer, "has_medical_handoff":
        has_medical_handoff,
    }


def read_runaway_from_custody(b: bytes) -> Datum:
    """All of a RunawayFromCustody."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_runaway_from_custody_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    owning_area = _FEW_0[b[p:q]]
    p = q
    if b[p] == 0:
        p += 1
        police_notified_at = None
    elif b[p] == 2:
        p += 1
        police_notified_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        ncmec_notified_at = None
    elif b[p] == 2:
        p += 1
        ncmec_notified_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        fojc_notified_at = None
    elif b[p] == 2:
        p += 1
        fojc_notified_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        attorney_notified_at = None
    elif b[p] == 2:
        p += 1
        attorney_notified_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        child_advocate_notified_at = None
    elif b[p] == 2:
        p += 1
        child_advocate_notified_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        sir_event_id = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        sir_event_id = b[p:q].decode()
        p = q
        if not _MATCH_3(sir_event_id) or not _MATCH_4(sir_event_id):
            raise FastPathError
    else:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "owning_area": owning_area, "police_notified_at": police_notified_at,
        "ncmec_notified_at": ncmec_notified_at, "fojc_notified_at": fojc_notified_at, "attorney_notified_at":
        attorney_notified_at, "child_advocate_notified_at": child_advocate_notified_at, "sir_event_id": sir_event_id,
    }


def read_sponsor_placement(b: bytes) -> Datum:
    """All of a SponsorPlacement."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_sponsor_placement_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        sponsor, p = read_sponsor(b, p)
    elif b[p] == 2:
        p += 1
        sponsor, p = read_sealed(b, p)
    else:
        raise FastPathError
    address_quality = _SYMBOLS_5[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        address_checked_at = None
    elif b[p] == 2:
        p += 1
        address_checked_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    address_check_method = _SYMBOLS_6[b[p]]
    p += 1
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    owning_area = _FEW_0[b[p:q]]
    p = q
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    expected_court = _FEW_0[b[p:q]]
    p = q
    prs_ordered = _BOOLEAN_0[b[p]]
    p += 1
    home_study_done = _BOOLEAN_0[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "sponsor": sponsor, "address_quality": address_quality,
        "address_checked_at": address_checked_at, "address_check_method": address_check_method, "owning_area":
        owning_area, "expected_court": expected_court, "prs_ordered": prs_ordered, "home_study_done": home_study_done,
    }
