"""From bytes to the raw form. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.read_children import read_nta_served_child
from casefeed.contract.generated.codecs.read_parts import read_event_header, read_sealed
from casefeed.contract.primitives import (
    Datum,
    FastPathError,
    TextCache,
    full_match,
    read_block_count,
    read_long,
    read_span,
    read_timestamp,
)

_MATCH_0 = full_match(r"[A-Z0-9-]{1,24}")
_MATCH_1 = full_match(r"SYN-H-[0-9]{1,12}")
_MATCH_2 = full_match(r"SYN-N-[0-9]{1,12}")
_MATCH_3 = full_match(r"[A-Z]{3}")
_FEW_0 = TextCache(_MATCH_3)
_SYMBOLS_0 = {0: 'MASTER', 2: 'INDIVIDUAL'}
_SYMBOLS_1 = {0: 'IN_PERSON', 2: 'VIDEO', 4: 'TELEPHONE'}
_MATCH_4 = full_match(r"[a-z]{3}")
_FEW_1 = TextCache(_MATCH_4)
_SYMBOLS_2 = {0: 'MAIL', 2: 'IN_PERSON', 4: 'NONE'}
_MATCH_5 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_BOOLEAN_0 = (False, True)
_SYMBOLS_3 = {0: 'UJ', 2: 'AJ', 4: 'J', 6: 'J1', 8: 'J2'}
_SYMBOLS_4 = {0: 'YES', 2: 'NO', 4: 'NOT_REQUESTED', 6: 'UNKNOWN'}
_SYMBOLS_5 = {0: 'CBP', 2: 'ICE', 4: 'USCIS'}
_SYMBOLS_6 = {0: 'PERSONAL', 2: 'REGULAR_MAIL', 4: 'OTHER'}
_SYMBOLS_7 = {0: 'CHILD', 2: 'SPONSOR_OR_ADULT_RESIDING', 4: 'CARE_PROVIDER', 6: 'ATTORNEY'}


def read_hearing_scheduled(b: bytes) -> Datum:
    """All of a HearingScheduled."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    hearing_id = b[p:q].decode()
    p = q
    if not _MATCH_0(hearing_id) or not _MATCH_1(hearing_id):
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    nta_id = b[p:q].decode()
    p = q
    if not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    if b[p] == 0:
        p += 1
        supersedes_hearing_id = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        supersedes_hearing_id = b[p:q].decode()
        p = q
        if not _MATCH_0(supersedes_hearing_id) or not _MATCH_1(supersedes_hearing_id):
            raise FastPathError
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    court_code = _FEW_0[b[p:q]]
    p = q
    if b[p] == 0:
        p += 1
        hearing_location_code = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        hearing_location_code = b[p:q].decode()
        p = q
        if not _MATCH_3(hearing_location_code):
            raise FastPathError
    else:
        raise FastPathError
    hearing_at, p = read_timestamp(b, p, 4102444800000)
    calendar_type = _SYMBOLS_0[b[p]]
    p += 1
    medium = _SYMBOLS_1[b[p]]
    p += 1
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    language = _FEW_1[b[p:q]]
    p = q
    if b[p] == 0:
        p += 1
        notice_sent_at = None
    elif b[p] == 2:
        p += 1
        notice_sent_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    notice_method = _SYMBOLS_2[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        notice_address_event_id = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        notice_address_event_id = b[p:q].decode()
        p = q
        if not _MATCH_5(notice_address_event_id):
            raise FastPathError
    else:
        raise FastPathError
    represented = _BOOLEAN_0[b[p]]
    p += 1
    juvenile_docket = _BOOLEAN_0[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        juvenile_code = None
    elif b[p] == 2:
        p += 1
        juvenile_code = _SYMBOLS_3[b[p]]
        p += 1
    else:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "hearing_id": hearing_id, "nta_id": nta_id, "supersedes_hearing_id": supersedes_hearing_id,
        "court_code": court_code, "hearing_location_code": hearing_location_code, "hearing_at": hearing_at,
        "calendar_type": calendar_type, "medium": medium, "language": language, "notice_sent_at": notice_sent_at,
        "notice_method": notice_method, "notice_address_event_id": notice_address_event_id, "represented":
        represented, "juvenile_docket": juvenile_docket, "juvenile_code": juvenile_code,
    }


def read_in_absentia_order(b: bytes) -> Datum:
    """All of a InAbsentiaOrder."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    hearing_id = b[p:q].decode()
    p = q
    if not _MATCH_0(hearing_id) or not _MATCH_1(hearing_id):
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    court_code = _FEW_0[b[p:q]]
    p = q
    if b[p] == 0:
        p += 1
        motion_to_reopen_window_ends = None
    elif b[p] == 2:
        p += 1
        motion_to_reopen_window_ends, p = read_long(b, p)
        if not -25567 <= motion_to_reopen_window_ends <= 47482:
            raise FastPathError
    else:
        raise FastPathError
    location_verified_before_order = _SYMBOLS_4[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "hearing_id": hearing_id, "court_code": court_code, "motion_to_reopen_window_ends":
        motion_to_reopen_window_ends, "location_verified_before_order": location_verified_before_order,
    }


def read_nta_filed(b: bytes) -> Datum:
    """All of a NtaFiled."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    nta_id = b[p:q].decode()
    p = q
    if not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    filed_court_code = _FEW_0[b[p:q]]
    p = q
    filed_accepted = _BOOLEAN_0[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "nta_id": nta_id, "filed_court_code": filed_court_code, "filed_accepted": filed_accepted,
    }


def read_nta_issued(b: bytes) -> Datum:
    """All of a NtaIssued."""
    p = 0
    header, p = read_event_header(b, p)
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    nta_id = b[p:q].decode()
    p = q
    if not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    issuing_agency = _SYMBOLS_5[b[p]]
    p += 1
    place_and_time_stated = _BOOLEAN_0[b[p]]
    p += 1
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "nta_id": nta_id, "issuing_agency": issuing_agency, "place_and_time_stated":
        place_and_time_stated,
    }


def read_nta_served(b: bytes) -> Datum:
    """All of a NtaServed."""
    p = 0
    header, p = read_event_header(b, p)
    if b[p] == 0:
        p += 1
        child, p = read_nta_served_child(b, p)
    elif b[p] == 2:
        p += 1
        child, p = read_sealed(b, p)
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    nta_id = b[p:q].decode()
    p = q
    if not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    service_method = _SYMBOLS_6[b[p]]
    p += 1
    served_on: list[str] = []
    while b[p]:
        count, p = read_block_count(b, p)
        if count > 4 - len(served_on):
            raise FastPathError
        for _ in range(count):
            served_on_item = _SYMBOLS_7[b[p]]
            p += 1
            served_on.append(served_on_item)
    p += 1
    if len(served_on) < 1:
        raise FastPathError
    if b[p] == 0:
        p += 1
        address_event_id_used = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        address_event_id_used = b[p:q].decode()
        p = q
        if not _MATCH_5(address_event_id_used):
            raise FastPathError
    else:
        raise FastPathError
    if p != len(b):
        raise FastPathError
    return {
        "header": header, "child": child, "nta_id": nta_id, "service_method": service_method, "served_on": served_on,
        "address_event_id_used": address_event_id_used,
    }
