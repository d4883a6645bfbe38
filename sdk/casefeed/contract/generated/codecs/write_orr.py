"""From the raw form to bytes. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.write_children import (
    write_absent_from_sponsor_child,
    write_aged_out_child,
    write_child_located_child,
    write_child_transferred_child,
    write_runaway_from_custody_child,
    write_sponsor_placement_child,
)
from casefeed.contract.generated.codecs.write_parts import write_event_header, write_sealed, write_sponsor
from casefeed.contract.primitives import ENCODED_LENGTHS, Datum, FastPathError, encode_long, full_match

_MATCH_0 = full_match(r"[A-Z]{3}")
_SYMBOLS_0 = {
    'WELL_BEING_CALL': b'\x00', 'NOTIFICATION_OF_CONCERN': b'\x02', 'SCHOOL': b'\x04', 'POLICE': b'\x06', 'CPS':
    b'\x08', 'ICE_VISIT': b'\n',
}
_SYMBOLS_1 = {'YES': b'\x00', 'NO': b'\x02', 'UNKNOWN': b'\x04'}
_MATCH_1 = full_match(r"[A-Z0-9-]{1,40}")
_SYMBOLS_2 = {'POLICE': b'\x00', 'ORR': b'\x02', 'ICE': b'\x04', 'NCMEC': b'\x06', 'FAMILY': b'\x08', 'SELF': b'\n'}
_MATCH_2 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_SYMBOLS_3 = {'CBP_USBP': b'\x00', 'CBP_OFO': b'\x02', 'ICE_ERO': b'\x04', 'ICE_HSI': b'\x06', 'OTHER': b'\x08'}
_SYMBOLS_4 = {'NOT_ISSUED': b'\x00', 'ISSUED': b'\x02', 'SERVED': b'\x04', 'FILED': b'\x06', 'UNKNOWN': b'\x08'}
_MATCH_3 = full_match(r"[A-Z0-9-]{1,24}")
_MATCH_4 = full_match(r"EVT-SYN-[0-9]{7}")
_SYMBOLS_5 = {
    'DELIVERABLE': b'\x00', 'MISSING_UNIT': b'\x02', 'UNDELIVERABLE': b'\x04', 'BLANK': b'\x06', 'AMBIGUOUS':
    b'\x08', 'UNCHECKED': b'\n',
}
_SYMBOLS_6 = {'USPS_STYLE': b'\x00', 'MANUAL': b'\x02', 'NONE': b'\x04'}


def write_absent_from_sponsor(datum: Datum) -> bytes:
    """The bytes of one AbsentFromSponsor."""
    if type(datum) is not dict or len(datum) != 9:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_absent_from_sponsor_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    owning_area = datum["owning_area"]
    if type(owning_area) is not str or not _MATCH_0(owning_area):
        raise FastPathError
    raw = owning_area.encode()
    owning_area_out = ENCODED_LENGTHS[len(raw)] + raw
    learned_from = datum["learned_from"]
    learned_from_out = _SYMBOLS_0[learned_from]
    reported_at = datum["reported_at"]
    if type(reported_at) is not int or not 0 <= reported_at <= 4102444800000:
        raise FastPathError
    reported_at_out = encode_long(reported_at)
    sponsor_reported_to_police = datum["sponsor_reported_to_police"]
    sponsor_reported_to_police_out = _SYMBOLS_1[sponsor_reported_to_police]
    cps_report_made = datum["cps_report_made"]
    cps_report_made_out = _SYMBOLS_1[cps_report_made]
    known_new_location = datum["known_new_location"]
    if type(known_new_location) is not bool:
        raise FastPathError
    known_new_location_out = b"\x01" if known_new_location else b"\x00"
    noc_ref = datum["noc_ref"]
    if noc_ref is None:
        noc_ref_out = b"\x00"
    else:
        if type(noc_ref) is not str or not _MATCH_1(noc_ref):
            raise FastPathError
        raw = noc_ref.encode()
        noc_ref_out = ENCODED_LENGTHS[len(raw)] + raw
        noc_ref_out = b"\x02" + noc_ref_out
    return b"".join((
        header_out, child_out, owning_area_out, learned_from_out, reported_at_out, sponsor_reported_to_police_out,
        cps_report_made_out, known_new_location_out, noc_ref_out,
    ))


def write_aged_out(datum: Datum) -> bytes:
    """The bytes of one AgedOut."""
    if type(datum) is not dict or len(datum) != 6:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_aged_out_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    plan_created_at = datum["plan_created_at"]
    if plan_created_at is None:
        plan_created_at_out = b"\x00"
    else:
        if type(plan_created_at) is not int or not 0 <= plan_created_at <= 4102444800000:
            raise FastPathError
        plan_created_at_out = encode_long(plan_created_at)
        plan_created_at_out = b"\x02" + plan_created_at_out
    plan_updated_at = datum["plan_updated_at"]
    if plan_updated_at is None:
        plan_updated_at_out = b"\x00"
    else:
        if type(plan_updated_at) is not int or not 0 <= plan_updated_at <= 4102444800000:
            raise FastPathError
        plan_updated_at_out = encode_long(plan_updated_at)
        plan_updated_at_out = b"\x02" + plan_updated_at_out
    least_restrictive_considered = datum["least_restrictive_considered"]
    if type(least_restrictive_considered) is not bool:
        raise FastPathError
    least_restrictive_considered_out = b"\x01" if least_restrictive_considered else b"\x00"
    discharge_notification_sent_at = datum["discharge_notification_sent_at"]
    if discharge_notification_sent_at is None:
        discharge_notification_sent_at_out = b"\x00"
    else:
        if type(discharge_notification_sent_at) is not int or not 0 <= discharge_notification_sent_at <= 4102444800000:
            raise FastPathError
        discharge_notification_sent_at_out = encode_long(discharge_notification_sent_at)
        discharge_notification_sent_at_out = b"\x02" + discharge_notification_sent_at_out
    return b"".join((
        header_out, child_out, plan_created_at_out, plan_updated_at_out, least_restrictive_considered_out,
        discharge_notification_sent_at_out,
    ))


def write_child_located(datum: Datum) -> bytes:
    """The bytes of one ChildLocated."""
    if type(datum) is not dict or len(datum) != 4:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_child_located_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    located_by = datum["located_by"]
    located_by_out = _SYMBOLS_2[located_by]
    closes_event_id = datum["closes_event_id"]
    if closes_event_id is None:
        closes_event_id_out = b"\x00"
    else:
        if type(closes_event_id) is not str or not _MATCH_2(closes_event_id):
            raise FastPathError
        raw = closes_event_id.encode()
        closes_event_id_out = ENCODED_LENGTHS[len(raw)] + raw
        closes_event_id_out = b"\x02" + closes_event_id_out
    return b"".join((
        header_out, child_out, located_by_out, closes_event_id_out,
    ))


def write_child_transferred(datum: Datum) -> bytes:
    """The bytes of one ChildTransferred."""
    if type(datum) is not dict or len(datum) != 9:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_child_transferred_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    apprehended_at = datum["apprehended_at"]
    if type(apprehended_at) is not int or not 0 <= apprehended_at <= 4102444800000:
        raise FastPathError
    apprehended_at_out = encode_long(apprehended_at)
    apprehending_agency = datum["apprehending_agency"]
    apprehending_agency_out = _SYMBOLS_3[apprehending_agency]
    uac_determined_at = datum["uac_determined_at"]
    if type(uac_determined_at) is not int or not 0 <= uac_determined_at <= 4102444800000:
        raise FastPathError
    uac_determined_at_out = encode_long(uac_determined_at)
    orr_notified_at = datum["orr_notified_at"]
    if type(orr_notified_at) is not int or not 0 <= orr_notified_at <= 4102444800000:
        raise FastPathError
    orr_notified_at_out = encode_long(orr_notified_at)
    releasing_area = datum["releasing_area"]
    if type(releasing_area) is not str or not _MATCH_0(releasing_area):
        raise FastPathError
    raw = releasing_area.encode()
    releasing_area_out = ENCODED_LENGTHS[len(raw)] + raw
    nta_status_at_transfer = datum["nta_status_at_transfer"]
    nta_status_at_transfer_out = _SYMBOLS_4[nta_status_at_transfer]
    has_medical_handoff = datum["has_medical_handoff"]
    if type(has_medical_handoff) is not bool:
        raise FastPathError
    has_medical_handoff_out = b"\x01" if has_medical_handoff else b"\x00"
    return b"".join((
        header_out, child_out, apprehended_at_out, apprehending_agency_out, uac_determined_at_out,
        orr_notified_at_out, releasing_area_out, nta_status_at_transfer_out, has_medical_handoff_out,
    ))


def write_runaway_from_custody(datum: Datum) -> bytes:
    """The bytes of one RunawayFromCustody."""
    if type(datum) is not dict or len(datum) != 9:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_runaway_from_custody_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    owning_area = datum["owning_area"]
    if type(owning_area) is not str or not _MATCH_0(owning_area):
        raise FastPathError
    raw = owning_area.encode()
    owning_area_out = ENCODED_LENGTHS[len(raw)] + raw
    police_notified_at = datum["police_notified_at"]
    if police_notified_at is None:
        police_notified_at_out = b"\x00"
    else:
        if type(police_notified_at) is not int or not 0 <= police_notified_at <= 4102444800000:
            raise FastPathError
        police_notified_at_out = encode_long(police_notified_at)
        police_notified_at_out = b"\x02" + police_notified_at_out
    ncmec_notified_at = datum["ncmec_notified_at"]
    if ncmec_notified_at is None:
        ncmec_notified_at_out = b"\x00"
    else:
        if type(ncmec_notified_at) is not int or not 0 <= ncmec_notified_at <= 4102444800000:
            raise FastPathError
        ncmec_notified_at_out = encode_long(ncmec_notified_at)
        ncmec_notified_at_out = b"\x02" + ncmec_notified_at_out
    fojc_notified_at = datum["fojc_notified_at"]
    if fojc_notified_at is None:
        fojc_notified_at_out = b"\x00"
    else:
        if type(fojc_notified_at) is not int or not 0 <= fojc_notified_at <= 4102444800000:
            raise FastPathError
        fojc_notified_at_out = encode_long(fojc_notified_at)
        fojc_notified_at_out = b"\x02" + fojc_notified_at_out
    attorney_notified_at = datum["attorney_notified_at"]
    if attorney_notified_at is None:
        attorney_notified_at_out = b"\x00"
    else:
        if type(attorney_notified_at) is not int or not 0 <= attorney_notified_at <= 4102444800000:
            raise FastPathError
        attorney_notified_at_out = encode_long(attorney_notified_at)
        attorney_notified_at_out = b"\x02" + attorney_notified_at_out
    child_advocate_notified_at = datum["child_advocate_notified_at"]
    if child_advocate_notified_at is None:
        child_advocate_notified_at_out = b"\x00"
    else:
        if type(child_advocate_notified_at) is not int or not 0 <= child_advocate_notified_at <= 4102444800000:
            raise FastPathError
        child_advocate_notified_at_out = encode_long(child_advocate_notified_at)
        child_advocate_notified_at_out = b"\x02" + child_advocate_notified_at_out
    sir_event_id = datum["sir_event_id"]
    if sir_event_id is None:
        sir_event_id_out = b"\x00"
    else:
        if type(sir_event_id) is not str or not _MATCH_3(sir_event_id) or not _MATCH_4(sir_event_id):
            raise FastPathError
        raw = sir_event_id.encode()
        sir_event_id_out = ENCODED_LENGTHS[len(raw)] + raw
        sir_event_id_out = b"\x02" + sir_event_id_out
    return b"".join((
        header_out, child_out, owning_area_out, police_notified_at_out, ncmec_notified_at_out, fojc_notified_at_out,
        attorney_notified_at_out, child_advocate_notified_at_out, sir_event_id_out,
    ))


def write_sponsor_placement(datum: Datum) -> bytes:
    """The bytes of one SponsorPlacement."""
    if type(datum) is not dict or len(datum) != 10:
        raise FastPathError
    header = datum["header"]
    header_out = write_event_header(header)
    child = datum["child"]
    if "ciphertext" not in child:
        child_out = write_sponsor_placement_child(child)
        child_out = b"\x00" + child_out
    else:
        child_out = write_sealed(child)
        child_out = b"\x02" + child_out
    sponsor = datum["sponsor"]
    if "ciphertext" not in sponsor:
        sponsor_out = write_sponsor(sponsor)
        sponsor_out = b"\x00" + sponsor_out
    else:
        sponsor_out = write_sealed(sponsor)
        sponsor_out = b"\x02" + sponsor_out
    address_quality = datum["address_quality"]
    address_quality_out = _SYMBOLS_5[address_quality]
    address_checked_at = datum["address_checked_at"]
    if address_checked_at is None:
        address_checked_at_out = b"\x00"
    else:
        if type(address_checked_at) is not int or not 0 <= address_checked_at <= 4102444800000:
            raise FastPathError
        address_checked_at_out = encode_long(address_checked_at)
        address_checked_at_out = b"\x02" + address_checked_at_out
    address_check_method = datum["address_check_method"]
    address_check_method_out = _SYMBOLS_6[address_check_method]
    owning_area = datum["owning_area"]
    if type(owning_area) is not str or not _MATCH_0(owning_area):
        raise FastPathError
    raw = owning_area.encode()
    owning_area_out = ENCODED_LENGTHS[len(raw)] + raw
    expected_court = datum["expected_court"]
    if type(expected_court) is not str or not _MATCH_0(expected_court):
        raise FastPathError
    raw = expected_court.encode()
    expected_court_out = ENCODED_LENGTHS[len(raw)] + raw
    prs_ordered = datum["prs_ordered"]
    if type(prs_ordered) is not bool:
        raise FastPathError
    prs_ordered_out = b"\x01" if prs_ordered else b"\x00"
    home_study_done = datum["home_study_done"]
    if type(home_study_done) is not bool:
        raise FastPathError
    home_study_done_out = b"\x01" if home_study_done else b"\x00"
    return b"".join((
        header_out, child_out, sponsor_out, address_quality_out, address_checked_at_out, address_check_method_out,
        owning_area_out, expected_court_out, prs_ordered_out, home_study_done_out,
    ))
