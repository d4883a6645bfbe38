"""From bytes to the raw form. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.read_children import (
    read_failure_to_appear_child,
    read_placement_address_changed_child,
)
from casefeed.contract.generated.codecs.read_parts import read_event_header, read_sealed
from casefeed.contract.primitives import (
    Datum,
    FastPathError,
    TextCache,
    full_match,
    read_long,
    read_span,
    read_timestamp,
)

_MATCH_0 = full_match(r"[a-z2-7]{16}")
_SYMBOLS_0 = {0: 'SAME_A_NUMBER', 2: 'SAME_PORTAL_ID', 4: 'DOCUMENTS', 6: 'PERSON_KNOWN'}
_MATCH_1 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SYMBOLS_1 = {0: 'TWO_CHILDREN', 2: 'WRONG_KEY'}
_SYMBOLS_2 = {0: 'RECORDED_WRONGLY', 2: 'DOCUMENT_WRONG', 4: 'DETAIL_LEARNED'}
_MATCH_2 = full_match(r"urn:casefeed:schema:casefeed\.[A-Za-z0-9]{1,64}:sha256:[0-9a-f]{64}")
_SYMBOLS_3 = {0: 'NEVER_HAPPENED', 2: 'RECORDED_TWICE', 4: 'OTHER_CHILD'}
_MATCH_3 = full_match(r"[a-z][a-z0-9-]{2,39}")
_MATCH_4 = full_match(r"[A-Z0-9-]{1,24}")
_MATCH_5 = full_match(r"SYN-H-[0-9]{1,12}")
_MATCH_6 = full_match(r"[A-Z]{3}")
_FEW_0 = TextCache(_MATCH_6)
_BOOLEAN_0 = (False, True)
_SYMBOLS_4 = {
    0: 'ADJOURNED_CODE_10_NOTICE_ERROR', 2: 'ADJOURNED_CODE_11', 4: 'ADJOURNED_OTHER', 6: 'ADMIN_CLOSED_FTA', 8:
    'IN_ABSENTIA_ORDER', 10: 'TERMINATED', 12: 'UNKNOWN',
}
_SYMBOLS_5 = {
    0: 'DELIVERED', 2: 'ADDRESS_DEFECTIVE', 4: 'RETURNED_MAIL', 6: 'STALE_ADDRESS', 8: 'NO_NOTICE_RECORD', 10:
    'UNKNOWN',
}
_SYMBOLS_6 = {0: 'YES', 2: 'NO', 4: 'NOT_REQUESTED', 6: 'UNKNOWN'}
_SYMBOLS_7 = {0: 'FAMILY_MOVED', 2: 'CHILD_MOVED_ALONE', 4: 'CORRECTION', 6: 'OTHER'}
_SYMBOLS_8 = {0: 'CHILD', 2: 'SPONSOR', 4: 'LEGAL_REP', 6: 'PRS', 8: 'NCC', 10: 'COURT_EOIR33', 12: 'ICE_VISIT'}
_SYMBOLS_9 = {0: 'YES', 2: 'NO', 4: 'UNKNOWN'}
_SYMBOLS_10 = {0: 'DELIVERABLE', 2: 'MISSING_UNIT', 4: 'UNDELIVERABLE', 6: 'BLANK', 8: 'AMBIGUOUS', 10: 'UNCHECKED'}
_SYMBOLS_11 = {0: 'USPS_STYLE', 2: 'MANUAL', 4: 'NONE'}


def read_child_keys_merged(b: bytes) -> Datum:
    """All of a ChildKeysMerged."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    merged_child_key = b[p:q].decode()
    p = q
    if not _MATCH_0(merged_child_key):
        raise FastPathError
    basis = _SYMBOLS_0[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "merged_child_key": merged_child_key, "basis": basis,
    }


def read_child_keys_unmerged(b: bytes) -> Datum:
    """All of a ChildKeysUnmerged."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    unmerges_event_id = b[p:q].decode()
    p = q
    if not _MATCH_1(unmerges_event_id):
        raise FastPathError
    reason = _SYMBOLS_1[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "unmerges_event_id": unmerges_event_id, "reason": reason,
    }


def read_event_corrected(b: bytes) -> Datum:
    """All of a EventCorrected."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    corrects_event_id = b[p:q].decode()
    p = q
    if not _MATCH_1(corrects_event_id):
        raise FastPathError
    reason = _SYMBOLS_2[b[p]]
    p += 1
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    restated_dataschema = b[p:q].decode()
    p = q
    if not _MATCH_2(restated_dataschema):
        raise FastPathError
    p, q = read_span(b, p)
    restated = b[p:q]
    p = q
    if len(restated) > 262144:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "corrects_event_id": corrects_event_id, "reason": reason, "restated_dataschema":
        restated_dataschema, "restated": restated,
    }


def read_event_retracted(b: bytes) -> Datum:
    """All of a EventRetracted."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    retracts_event_id = b[p:q].decode()
    p = q
    if not _MATCH_1(retracts_event_id):
        raise FastPathError
    reason = _SYMBOLS_3[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "retracts_event_id": retracts_event_id, "reason": reason,
    }


def read_events_requested(b: bytes) -> Datum:
    """All of a EventsRequested."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    asked_source = b[p:q].decode()
    p = q
    if not _MATCH_3(asked_source):
        raise FastPathError
    first_missing, p = read_long(b, p)
    if not 1 <= first_missing <= 9007199254740991:
        raise FastPathError
    last_missing, p = read_long(b, p)
    if not 1 <= last_missing <= 9007199254740991:
        raise FastPathError
    missing_since, p = read_timestamp(b, p, 4102444800000)
    if last_missing < first_missing:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "asked_source": asked_source, "first_missing": first_missing, "last_missing": last_missing,
        "missing_since": missing_since,
    }


def read_failure_to_appear(b: bytes) -> Datum:
    """All of a FailureToAppear."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_failure_to_appear_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    hearing_id = b[p:q].decode()
    p = q
    if not _MATCH_4(hearing_id) or not _MATCH_5(hearing_id):
        raise FastPathError
    hearing_date, p = read_long(b, p)
    if not -25567 <= hearing_date <= 47482:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    court_code = _FEW_0[b[p:q]]
    p = q
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    owning_area = _FEW_0[b[p:q]]
    p = q
    not_present = _BOOLEAN_0[b[p]]
    p += 1
    court_outcome = _SYMBOLS_4[b[p]]
    p += 1
    notice_quality = _SYMBOLS_5[b[p]]
    p += 1
    location_verified_before_order = _SYMBOLS_6[b[p]]
    p += 1
    represented = _BOOLEAN_0[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "hearing_id": hearing_id, "hearing_date": hearing_date, "court_code":
        court_code, "owning_area": owning_area, "not_present": not_present, "court_outcome": court_outcome,
        "notice_quality": notice_quality, "location_verified_before_order": location_verified_before_order,
        "represented": represented,
    }


def read_placement_address_changed(b: bytes) -> Datum:
    """All of a PlacementAddressChanged."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_placement_address_changed_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    previous_address_event_id = b[p:q].decode()
    p = q
    if not _MATCH_1(previous_address_event_id):
        raise FastPathError
    reason = _SYMBOLS_7[b[p]]
    p += 1
    reported_by = _SYMBOLS_8[b[p]]
    p += 1
    reported_at, p = read_timestamp(b, p, 4102444800000)
    effective_date, p = read_long(b, p)
    if not -25567 <= effective_date <= 47482:
        raise FastPathError
    eoir33_filed = _SYMBOLS_9[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        eoir33_filed_date = None
    elif b[p] == 2:
        p += 1
        eoir33_filed_date, p = read_long(b, p)
        if not -25567 <= eoir33_filed_date <= 47482:
            raise FastPathError
    else:
        raise FastPathError
    address_quality = _SYMBOLS_10[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        address_checked_at = None
    elif b[p] == 2:
        p += 1
        address_checked_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    address_check_method = _SYMBOLS_11[b[p]]
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
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "previous_address_event_id": previous_address_event_id, "reason": reason,
        "reported_by": reported_by, "reported_at": reported_at, "effective_date": effective_date, "eoir33_filed":
        eoir33_filed, "eoir33_filed_date": eoir33_filed_date, "address_quality": address_quality,
        "address_checked_at": address_checked_at, "address_check_method": address_check_method, "owning_area":
        owning_area, "expected_court": expected_court,
    }
