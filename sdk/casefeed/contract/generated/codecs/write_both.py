"""From the raw form to bytes. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.write_children import (
    write_failure_to_appear_child,
    write_placement_address_changed_child,
)
from casefeed.contract.generated.codecs.write_parts import write_event_header, write_sealed
from casefeed.contract.primitives import ENCODED_LENGTHS, Datum, FastPathError, encode_long, full_match

_MATCH_0 = full_match(r"[a-z2-7]{16}")
_SYMBOLS_0 = {'SAME_A_NUMBER': b'\x00', 'SAME_PORTAL_ID': b'\x02', 'DOCUMENTS': b'\x04', 'PERSON_KNOWN': b'\x06'}
_MATCH_1 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SYMBOLS_1 = {'TWO_CHILDREN': b'\x00', 'WRONG_KEY': b'\x02'}
_SYMBOLS_2 = {'RECORDED_WRONGLY': b'\x00', 'DOCUMENT_WRONG': b'\x02', 'DETAIL_LEARNED': b'\x04'}
_MATCH_2 = full_match(r"urn:casefeed:schema:casefeed\.[A-Za-z0-9]{1,64}:sha256:[0-9a-f]{64}")
_SYMBOLS_3 = {'NEVER_HAPPENED': b'\x00', 'RECORDED_TWICE': b'\x02', 'OTHER_CHILD': b'\x04'}
_MATCH_3 = full_match(r"[a-z][a-z0-9-]{2,39}")
_MATCH_4 = full_match(r"[A-Z0-9-]{1,24}")
_MATCH_5 = full_match(r"SYN-H-[0-9]{1,12}")
_MATCH_6 = full_match(r"[A-Z]{3}")
_SYMBOLS_4 = {
    'ADJOURNED_CODE_10_NOTICE_ERROR': b'\x00', 'ADJOURNED_CODE_11': b'\x02', 'ADJOURNED_OTHER': b'\x04',
    'ADMIN_CLOSED_FTA': b'\x06', 'IN_ABSENTIA_ORDER': b'\x08', 'TERMINATED': b'\n', 'UNKNOWN': b'\x0c',
}
_SYMBOLS_5 = {
    'DELIVERED': b'\x00', 'ADDRESS_DEFECTIVE': b'\x02', 'RETURNED_MAIL': b'\x04', 'STALE_ADDRESS': b'\x06',
    'NO_NOTICE_RECORD': b'\x08', 'UNKNOWN': b'\n',
}
_SYMBOLS_6 = {'YES': b'\x00', 'NO': b'\x02', 'NOT_REQUESTED': b'\x04', 'UNKNOWN': b'\x06'}
_SYMBOLS_7 = {'FAMILY_MOVED': b'\x00', 'CHILD_MOVED_ALONE': b'\x02', 'CORRECTION': b'\x04', 'OTHER': b'\x06'}
_SYMBOLS_8 = {
    'CHILD': b'\x00', 'SPONSOR': b'\x02', 'LEGAL_REP': b'\x04', 'PRS': b'\x06', 'NCC': b'\x08', 'COURT_EOIR33':
    b'\n', 'ICE_VISIT': b'\x0c',
}
_SYMBOLS_9 = {'YES': b'\x00', 'NO': b'\x02', 'UNKNOWN': b'\x04'}
_SYMBOLS_10 = {
    'DELIVERABLE': b'\x00', 'MISSING_UNIT': b'\x02', 'UNDELIVERABLE': b'\x04', 'BLANK': b'\x06', 'AMBIGUOUS':
    b'\x08', 'UNCHECKED': b'\n',
}
_SYMBOLS_11 = {'USPS_STYLE': b'\x00', 'MANUAL': b'\x02', 'NONE': b'\x04'}


def write_child_keys_merged(datum: Datum) -> bytes:
    """The bytes of one ChildKeysMerged."""
    if type(datum) is not dict or len(datum) != 3:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    merged_child_key = datum["merged_child_key"]
    if type(merged_child_key) is not str or not _MATCH_0(merged_child_key):
        raise FastPathError
    raw = merged_child_key.encode()
    merged_child_key_out = ENCODED_LENGTHS[len(raw)] + raw
    basis = datum["basis"]
    basis_out = _SYMBOLS_0[basis]
    return b"".join((
        header_out, merged_child_key_out, basis_out,
    ))


def write_child_keys_unmerged(datum: Datum) -> bytes:
    """The bytes of one ChildKeysUnmerged."""
    if type(datum) is not dict or len(datum) != 3:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    unmerges_event_id = datum["unmerges_event_id"]
    if type(unmerges_event_id) is not str or not _MATCH_1(unmerges_event_id):
        raise FastPathError
    raw = unmerges_event_id.encode()
    unmerges_event_id_out = ENCODED_LENGTHS[len(raw)] + raw
    reason = datum["reason"]
    reason_out = _SYMBOLS_1[reason]
    return b"".join((
        header_out, unmerges_event_id_out, reason_out,
    ))


def write_event_corrected(datum: Datum) -> bytes:
    """The bytes of one EventCorrected."""
    if type(datum) is not dict or len(datum) != 5:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    corrects_event_id = datum["corrects_event_id"]
    if type(corrects_event_id) is not str or not _MATCH_1(corrects_event_id):
        raise FastPathError
    raw = corrects_event_id.encode()
    corrects_event_id_out = ENCODED_LENGTHS[len(raw)] + raw
    reason = datum["reason"]
    reason_out = _SYMBOLS_2[reason]
    restated_dataschema = datum["restated_dataschema"]
    if type(restated_dataschema) is not str or not _MATCH_2(restated_dataschema):
        raise FastPathError
    raw = restated_dataschema.encode()
    restated_dataschema_out = ENCODED_LENGTHS[len(raw)] + raw
    restated = datum["restated"]
    if type(restated) is not bytes or len(restated) > 262144:
        raise FastPathError
    restated_out = encode_long(len(restated)) + restated
    return b"".join((
        header_out, corrects_event_id_out, reason_out, restated_dataschema_out, restated_out,
    ))


def write_event_retracted(datum: Datum) -> bytes:
    """The bytes of one EventRetracted."""
    if type(datum) is not dict or len(datum) != 3:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    retracts_event_id = datum["retracts_event_id"]
    if type(retracts_event_id) is not str or not _MATCH_1(retracts_event_id):
        raise FastPathError
    raw = retracts_event_id.encode()
    retracts_event_id_out = ENCODED_LENGTHS[len(raw)] + raw
    reason = datum["reason"]
    reason_out = _SYMBOLS_3[reason]
    return b"".join((
        header_out, retracts_event_id_out, reason_out,
    ))


def write_events_requested(datum: Datum) -> bytes:
    """The bytes of one EventsRequested."""
    if type(datum) is not dict or len(datum) != 5:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    asked_source = datum["asked_source"]
    if type(asked_source) is not str or not _MATCH_3(asked_source):
        raise FastPathError
    raw = asked_source.encode()
    asked_source_out = ENCODED_LENGTHS[len(raw)] + raw
    first_missing = datum["first_missing"]
    if type(first_missing) is not int or not 1 <= first_missing <= 9007199254740991:
        raise FastPathError
    first_missing_out = encode_long(first_missing)
    last_missing = datum["last_missing"]
    if type(last_missing) is not int or not 1 <= last_missing <= 9007199254740991:
        raise FastPathError
    last_missing_out = encode_long(last_missing)
    missing_since = datum["missing_since"]
    if type(missing_since) is not int or not 0 <= missing_since <= 4102444800000:
        raise FastPathError
    missing_since_out = encode_long(missing_since)
    if last_missing < first_missing:
        raise FastPathError
    return b"".join((
        header_out, asked_source_out, first_missing_out, last_missing_out, missing_since_out,
    ))


def write_failure_to_appear(datum: Datum) -> bytes:
    """The bytes of one FailureToAppear."""
    if type(datum) is not dict or len(datum) != 11:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_failure_to_appear_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    hearing_id = datum["hearing_id"]
    if type(hearing_id) is not str or not _MATCH_4(hearing_id) or not _MATCH_5(hearing_id):
        raise FastPathError
    raw = hearing_id.encode()
    hearing_id_out = ENCODED_LENGTHS[len(raw)] + raw
    hearing_date = datum["hearing_date"]
    if type(hearing_date) is not int or not -25567 <= hearing_date <= 47482:
        raise FastPathError
    hearing_date_out = encode_long(hearing_date)
    court_code = datum["court_code"]
    if type(court_code) is not str or not _MATCH_6(court_code):
        raise FastPathError
    raw = court_code.encode()
    court_code_out = ENCODED_LENGTHS[len(raw)] + raw
    owning_area = datum["owning_area"]
    if type(owning_area) is not str or not _MATCH_6(owning_area):
        raise FastPathError
    raw = owning_area.encode()
    owning_area_out = ENCODED_LENGTHS[len(raw)] + raw
    not_present = datum["not_present"]
    if type(not_present) is not bool:
        raise FastPathError
    not_present_out = b"\x01" if not_present else b"\x00"
    court_outcome = datum["court_outcome"]
    court_outcome_out = _SYMBOLS_4[court_outcome]
    notice_quality = datum["notice_quality"]
    notice_quality_out = _SYMBOLS_5[notice_quality]
    location_verified_before_order = datum["location_verified_before_order"]
    location_verified_before_order_out = _SYMBOLS_6[location_verified_before_order]
    represented = datum["represented"]
    if type(represented) is not bool:
        raise FastPathError
    represented_out = b"\x01" if represented else b"\x00"
    return b"".join((
        header_out, child_out, hearing_id_out, hearing_date_out, court_code_out, owning_area_out, not_present_out,
        court_outcome_out, notice_quality_out, location_verified_before_order_out, represented_out,
    ))


def write_placement_address_changed(datum: Datum) -> bytes:
    """The bytes of one PlacementAddressChanged."""
    if type(datum) is not dict or len(datum) != 14:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_placement_address_changed_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    previous_address_event_id = datum["previous_address_event_id"]
    if type(previous_address_event_id) is not str or not _MATCH_1(previous_address_event_id):
        raise FastPathError
    raw = previous_address_event_id.encode()
    previous_address_event_id_out = ENCODED_LENGTHS[len(raw)] + raw
    reason = datum["reason"]
    reason_out = _SYMBOLS_7[reason]
    reported_by = datum["reported_by"]
    reported_by_out = _SYMBOLS_8[reported_by]
    reported_at = datum["reported_at"]
    if type(reported_at) is not int or not 0 <= reported_at <= 4102444800000:
        raise FastPathError
    reported_at_out = encode_long(reported_at)
    effective_date = datum["effective_date"]
    if type(effective_date) is not int or not -25567 <= effective_date <= 47482:
        raise FastPathError
    effective_date_out = encode_long(effective_date)
    eoir33_filed = datum["eoir33_filed"]
    eoir33_filed_out = _SYMBOLS_9[eoir33_filed]
    eoir33_filed_date = datum["eoir33_filed_date"]
    if eoir33_filed_date is None:
        eoir33_filed_date_out = b"\x00"
    else:
        if type(eoir33_filed_date) is not int or not -25567 <= eoir33_filed_date <= 47482:
            raise FastPathError
        eoir33_filed_date_out = encode_long(eoir33_filed_date)
        eoir33_filed_date_out = b"\x02" + eoir33_filed_date_out
    address_quality = datum["address_quality"]
    address_quality_out = _SYMBOLS_10[address_quality]
    address_checked_at = datum["address_checked_at"]
    if address_checked_at is None:
        address_checked_at_out = b"\x00"
    else:
        if type(address_checked_at) is not int or not 0 <= address_checked_at <= 4102444800000:
            raise FastPathError
        address_checked_at_out = encode_long(address_checked_at)
        address_checked_at_out = b"\x02" + address_checked_at_out
    address_check_method = datum["address_check_method"]
    address_check_method_out = _SYMBOLS_11[address_check_method]
    owning_area = datum["owning_area"]
    if type(owning_area) is not str or not _MATCH_6(owning_area):
        raise FastPathError
    raw = owning_area.encode()
    owning_area_out = ENCODED_LENGTHS[len(raw)] + raw
    expected_court = datum["expected_court"]
    if type(expected_court) is not str or not _MATCH_6(expected_court):
        raise FastPathError
    raw = expected_court.encode()
    expected_court_out = ENCODED_LENGTHS[len(raw)] + raw
    return b"".join((
        header_out, child_out, previous_address_event_id_out, reason_out, reported_by_out, reported_at_out,
        effective_date_out, eoir33_filed_out, eoir33_filed_date_out, address_quality_out, address_checked_at_out,
        address_check_method_out, owning_area_out, expected_court_out,
    ))
