"""From the raw form to bytes. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.write_children import write_nta_served_child
from casefeed.contract.generated.codecs.write_parts import write_event_header, write_sealed
from casefeed.contract.primitives import ENCODED_LENGTHS, Datum, FastPathError, encode_long, full_match

_MATCH_0 = full_match(r"[A-Z0-9-]{1,24}")
_MATCH_1 = full_match(r"SYN-H-[0-9]{1,12}")
_MATCH_2 = full_match(r"SYN-N-[0-9]{1,12}")
_MATCH_3 = full_match(r"[A-Z]{3}")
_SYMBOLS_0 = {'MASTER': b'\x00', 'INDIVIDUAL': b'\x02'}
_SYMBOLS_1 = {'IN_PERSON': b'\x00', 'VIDEO': b'\x02', 'TELEPHONE': b'\x04'}
_MATCH_4 = full_match(r"[a-z]{3}")
_SYMBOLS_2 = {'MAIL': b'\x00', 'IN_PERSON': b'\x02', 'NONE': b'\x04'}
_MATCH_5 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SYMBOLS_3 = {'UJ': b'\x00', 'AJ': b'\x02', 'J': b'\x04', 'J1': b'\x06', 'J2': b'\x08'}
_SYMBOLS_4 = {'YES': b'\x00', 'NO': b'\x02', 'NOT_REQUESTED': b'\x04', 'UNKNOWN': b'\x06'}
_SYMBOLS_5 = {'CBP': b'\x00', 'ICE': b'\x02', 'USCIS': b'\x04'}
_SYMBOLS_6 = {'PERSONAL': b'\x00', 'REGULAR_MAIL': b'\x02', 'OTHER': b'\x04'}
_SYMBOLS_7 = {'CHILD': b'\x00', 'SPONSOR_OR_ADULT_RESIDING': b'\x02', 'CARE_PROVIDER': b'\x04', 'ATTORNEY': b'\x06'}


def write_hearing_scheduled(datum: Datum) -> bytes:
    """The bytes of one HearingScheduled."""
    if type(datum) is not dict or len(datum) != 16:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    hearing_id = datum["hearing_id"]
    if type(hearing_id) is not str or not _MATCH_0(hearing_id) or not _MATCH_1(hearing_id):
        raise FastPathError
    raw = hearing_id.encode()
    hearing_id_out = ENCODED_LENGTHS[len(raw)] + raw
    nta_id = datum["nta_id"]
    if type(nta_id) is not str or not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    raw = nta_id.encode()
    nta_id_out = ENCODED_LENGTHS[len(raw)] + raw
    supersedes_hearing_id = datum["supersedes_hearing_id"]
    if supersedes_hearing_id is None:
        supersedes_hearing_id_out = b"\x00"
    else:
        if type(supersedes_hearing_id) is not str or not _MATCH_0(supersedes_hearing_id) or not _MATCH_1(supersedes_hearing_id):
            raise FastPathError
        raw = supersedes_hearing_id.encode()
        supersedes_hearing_id_out = ENCODED_LENGTHS[len(raw)] + raw
        supersedes_hearing_id_out = b"\x02" + supersedes_hearing_id_out
    court_code = datum["court_code"]
    if type(court_code) is not str or not _MATCH_3(court_code):
        raise FastPathError
    raw = court_code.encode()
    court_code_out = ENCODED_LENGTHS[len(raw)] + raw
    hearing_location_code = datum["hearing_location_code"]
    if hearing_location_code is None:
        hearing_location_code_out = b"\x00"
    else:
        if type(hearing_location_code) is not str or not _MATCH_3(hearing_location_code):
            raise FastPathError
        raw = hearing_location_code.encode()
        hearing_location_code_out = ENCODED_LENGTHS[len(raw)] + raw
        hearing_location_code_out = b"\x02" + hearing_location_code_out
    hearing_at = datum["hearing_at"]
    if type(hearing_at) is not int or not 0 <= hearing_at <= 4102444800000:
        raise FastPathError
    hearing_at_out = encode_long(hearing_at)
    calendar_type = datum["calendar_type"]
    calendar_type_out = _SYMBOLS_0[calendar_type]
    medium = datum["medium"]
    medium_out = _SYMBOLS_1[medium]
    language = datum["language"]
    if type(language) is not str or not _MATCH_4(language):
        raise FastPathError
    raw = language.encode()
    language_out = ENCODED_LENGTHS[len(raw)] + raw
    notice_sent_at = datum["notice_sent_at"]
    if notice_sent_at is None:
        notice_sent_at_out = b"\x00"
    else:
        if type(notice_sent_at) is not int or not 0 <= notice_sent_at <= 4102444800000:
            raise FastPathError
        notice_sent_at_out = encode_long(notice_sent_at)
        notice_sent_at_out = b"\x02" + notice_sent_at_out
    notice_method = datum["notice_method"]
    notice_method_out = _SYMBOLS_2[notice_method]
    notice_address_event_id = datum["notice_address_event_id"]
    if notice_address_event_id is None:
        notice_address_event_id_out = b"\x00"
    else:
        if type(notice_address_event_id) is not str or not _MATCH_5(notice_address_event_id):
            raise FastPathError
        raw = notice_address_event_id.encode()
        notice_address_event_id_out = ENCODED_LENGTHS[len(raw)] + raw
        notice_address_event_id_out = b"\x02" + notice_address_event_id_out
    represented = datum["represented"]
    if type(represented) is not bool:
        raise FastPathError
    represented_out = b"\x01" if represented else b"\x00"
    juvenile_docket = datum["juvenile_docket"]
    if type(juvenile_docket) is not bool:
        raise FastPathError
    juvenile_docket_out = b"\x01" if juvenile_docket else b"\x00"
    juvenile_code = datum["juvenile_code"]
    if juvenile_code is None:
        juvenile_code_out = b"\x00"
    else:
        juvenile_code_out = _SYMBOLS_3[juvenile_code]
        juvenile_code_out = b"\x02" + juvenile_code_out
    return b"".join((
        header_out, hearing_id_out, nta_id_out, supersedes_hearing_id_out, court_code_out, hearing_location_code_out,
        hearing_at_out, calendar_type_out, medium_out, language_out, notice_sent_at_out, notice_method_out,
        notice_address_event_id_out, represented_out, juvenile_docket_out, juvenile_code_out,
    ))


def write_in_absentia_order(datum: Datum) -> bytes:
    """The bytes of one InAbsentiaOrder."""
    if type(datum) is not dict or len(datum) != 5:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    hearing_id = datum["hearing_id"]
    if type(hearing_id) is not str or not _MATCH_0(hearing_id) or not _MATCH_1(hearing_id):
        raise FastPathError
    raw = hearing_id.encode()
    hearing_id_out = ENCODED_LENGTHS[len(raw)] + raw
    court_code = datum["court_code"]
    if type(court_code) is not str or not _MATCH_3(court_code):
        raise FastPathError
    raw = court_code.encode()
    court_code_out = ENCODED_LENGTHS[len(raw)] + raw
    motion_to_reopen_window_ends = datum["motion_to_reopen_window_ends"]
    if motion_to_reopen_window_ends is None:
        motion_to_reopen_window_ends_out = b"\x00"
    else:
        if type(motion_to_reopen_window_ends) is not int or not -25567 <= motion_to_reopen_window_ends <= 47482:
            raise FastPathError
        motion_to_reopen_window_ends_out = encode_long(motion_to_reopen_window_ends)
        motion_to_reopen_window_ends_out = b"\x02" + motion_to_reopen_window_ends_out
    location_verified_before_order = datum["location_verified_before_order"]
    location_verified_before_order_out = _SYMBOLS_4[location_verified_before_order]
    return b"".join((
        header_out, hearing_id_out, court_code_out, motion_to_reopen_window_ends_out,
        location_verified_before_order_out,
    ))


def write_nta_filed(datum: Datum) -> bytes:
    """The bytes of one NtaFiled."""
    if type(datum) is not dict or len(datum) != 4:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    nta_id = datum["nta_id"]
    if type(nta_id) is not str or not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    raw = nta_id.encode()
    nta_id_out = ENCODED_LENGTHS[len(raw)] + raw
    filed_court_code = datum["filed_court_code"]
    if type(filed_court_code) is not str or not _MATCH_3(filed_court_code):
        raise FastPathError
    raw = filed_court_code.encode()
    filed_court_code_out = ENCODED_LENGTHS[len(raw)] + raw
    filed_accepted = datum["filed_accepted"]
    if type(filed_accepted) is not bool:
        raise FastPathError
    filed_accepted_out = b"\x01" if filed_accepted else b"\x00"
    return b"".join((
        header_out, nta_id_out, filed_court_code_out, filed_accepted_out,
    ))


def write_nta_issued(datum: Datum) -> bytes:
    """The bytes of one NtaIssued."""
    if type(datum) is not dict or len(datum) != 4:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    nta_id = datum["nta_id"]
    if type(nta_id) is not str or not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    raw = nta_id.encode()
    nta_id_out = ENCODED_LENGTHS[len(raw)] + raw
    issuing_agency = datum["issuing_agency"]
    issuing_agency_out = _SYMBOLS_5[issuing_agency]
    place_and_time_stated = datum["place_and_time_stated"]
    if type(place_and_time_stated) is not bool:
        raise FastPathError
    place_and_time_stated_out = b"\x01" if place_and_time_stated else b"\x00"
    return b"".join((
        header_out, nta_id_out, issuing_agency_out, place_and_time_stated_out,
    ))


def write_nta_served(datum: Datum) -> bytes:
    """The bytes of one NtaServed."""
    if type(datum) is not dict or len(datum) != 6:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_nta_served_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    nta_id = datum["nta_id"]
    if type(nta_id) is not str or not _MATCH_0(nta_id) or not _MATCH_2(nta_id):
        raise FastPathError
    raw = nta_id.encode()
    nta_id_out = ENCODED_LENGTHS[len(raw)] + raw
    service_method = datum["service_method"]
    service_method_out = _SYMBOLS_6[service_method]
    served_on = datum["served_on"]
    if type(served_on) is not list or not 1 <= len(served_on) <= 4:
        raise FastPathError
    served_on_out = encode_long(len(served_on)) if served_on else b""
    for served_on_item in served_on:
        served_on_item_out = _SYMBOLS_7[served_on_item]
        served_on_out += served_on_item_out
    served_on_out += b"\x00"
    address_event_id_used = datum["address_event_id_used"]
    if address_event_id_used is None:
        address_event_id_used_out = b"\x00"
    else:
        if type(address_event_id_used) is not str or not _MATCH_5(address_event_id_used):
            raise FastPathError
        raw = address_event_id_used.encode()
        address_event_id_used_out = ENCODED_LENGTHS[len(raw)] + raw
        address_event_id_used_out = b"\x02" + address_event_id_used_out
    return b"".join((
        header_out, child_out, nta_id_out, service_method_out, served_on_out, address_event_id_used_out,
    ))
