"""From the raw form to bytes. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.write_parts import write_address
from casefeed.contract.primitives import ENCODED_LENGTHS, Datum, FastPathError, encode_long, full_match

_SYMBOLS_0 = {
    'SPONSOR': b'\x00', 'LICENSED_PROGRAM': b'\x02', 'SUPPORT_ORG': b'\x04', 'ICE_CUSTODY': b'\x06', 'OTHER':
    b'\x08',
}
_SYMBOLS_1 = {'SAFE': b'\x00', 'NEEDS_CARE': b'\x02', 'UNKNOWN': b'\x04'}
_SYMBOLS_2 = {
    'ORR_CUSTODY': b'\x00', 'SPONSOR': b'\x02', 'OTHER_FAMILY': b'\x04', 'HOSPITAL': b'\x06', 'STATE_CARE':
    b'\x08', 'DHS': b'\n', 'DECEASED': b'\x0c',
}
_MATCH_0 = full_match(r"A[0-9]{9}")
_MATCH_1 = full_match(r"A000[0-9]{6}")
_MATCH_2 = full_match(r"[A-Z0-9-]{1,20}")
_MATCH_3 = full_match(r"UCP-SYN-[0-9]{7}")
_MATCH_4 = full_match(r"[^\x00-\x1f\x7f-\x9f]*")
_SYMBOLS_3 = {'DOCUMENT': b'\x00', 'SELF_REPORTED': b'\x02', 'ESTIMATED': b'\x04'}
_SYMBOLS_4 = {'MALE': b'\x00', 'FEMALE': b'\x02', 'UNKNOWN': b'\x04'}
_MATCH_5 = full_match(r"[A-Z]{3}")
_MATCH_6 = full_match(r"[a-z]{3}")
_MATCH_7 = full_match(r"[A-Z0-9-]{2,20}")
_MATCH_8 = full_match(r"[a-z2-7]{16}")
_SYMBOLS_5 = {
    'CURRENT_CARE_PROVIDER': b'\x00', 'PREVIOUS_CARE_PROVIDER': b'\x02', 'GROUP_HOME': b'\x04', 'FOSTER_HOME':
    b'\x06', 'COMMUNITY': b'\x08', 'OUT_OF_NETWORK': b'\n',
}
_SYMBOLS_6 = {
    'LEFT_FACILITY': b'\x00', 'LEFT_DURING_OUTING': b'\x02', 'NOT_RETURNED': b'\x04', 'SUSPECTED_ABDUCTION':
    b'\x06',
}
_SYMBOLS_7 = {
    'REUNIFIED_CAT1': b'\x00', 'REUNIFIED_CAT2A': b'\x02', 'REUNIFIED_CAT2B': b'\x04', 'REUNIFIED_CAT3': b'\x06',
    'OTHER': b'\x08',
}


def write_absent_from_sponsor_child(datum: Datum) -> bytes:
    """The bytes of one AbsentFromSponsorChild."""
    if type(datum) is not dict or len(datum) != 1:
        raise FastPathError
    last_known_with_sponsor_date = datum["last_known_with_sponsor_date"]
    if last_known_with_sponsor_date is None:
        last_known_with_sponsor_date_out = b"\x00"
    else:
        if type(last_known_with_sponsor_date) is not int or not -25567 <= last_known_with_sponsor_date <= 47482:
            raise FastPathError
        last_known_with_sponsor_date_out = encode_long(last_known_with_sponsor_date)
        last_known_with_sponsor_date_out = b"\x02" + last_known_with_sponsor_date_out
    return b"".join((
        last_known_with_sponsor_date_out,
    ))


def write_aged_out_child(datum: Datum) -> bytes:
    """The bytes of one AgedOutChild."""
    if type(datum) is not dict or len(datum) != 2:
        raise FastPathError
    eighteenth_birthday = datum["eighteenth_birthday"]
    if type(eighteenth_birthday) is not int or not -25567 <= eighteenth_birthday <= 47482:
        raise FastPathError
    eighteenth_birthday_out = encode_long(eighteenth_birthday)
    discharged_to = datum["discharged_to"]
    discharged_to_out = _SYMBOLS_0[discharged_to]
    return b"".join((
        eighteenth_birthday_out, discharged_to_out,
    ))


def write_child_located_child(datum: Datum) -> bytes:
    """The bytes of one ChildLocatedChild."""
    if type(datum) is not dict or len(datum) != 2:
        raise FastPathError
    condition = datum["condition"]
    condition_out = _SYMBOLS_1[condition]
    current_setting = datum["current_setting"]
    current_setting_out = _SYMBOLS_2[current_setting]
    return b"".join((
        condition_out, current_setting_out,
    ))


def write_child_transferred_child(datum: Datum) -> bytes:
    """The bytes of one ChildTransferredChild."""
    if type(datum) is not dict or len(datum) != 13:
        raise FastPathError
    a_number = datum["a_number"]
    if a_number is None:
        a_number_out = b"\x00"
    else:
        if type(a_number) is not str or not _MATCH_0(a_number) or not _MATCH_1(a_number):
            raise FastPathError
        raw = a_number.encode()
        a_number_out = ENCODED_LENGTHS[len(raw)] + raw
        a_number_out = b"\x02" + a_number_out
    portal_id = datum["portal_id"]
    if portal_id is None:
        portal_id_out = b"\x00"
    else:
        if type(portal_id) is not str or not _MATCH_2(portal_id) or not _MATCH_3(portal_id):
            raise FastPathError
        raw = portal_id.encode()
        portal_id_out = ENCODED_LENGTHS[len(raw)] + raw
        portal_id_out = b"\x02" + portal_id_out
    given_name = datum["given_name"]
    if type(given_name) is not str or len(given_name) > 60 or (not given_name.isprintable() and not _MATCH_4(given_name)):
        raise FastPathError
    raw = given_name.encode()
    given_name_out = ENCODED_LENGTHS[len(raw)] + raw
    surname = datum["surname"]
    if type(surname) is not str or len(surname) > 60 or (not surname.isprintable() and not _MATCH_4(surname)):
        raise FastPathError
    raw = surname.encode()
    surname_out = ENCODED_LENGTHS[len(raw)] + raw
    aliases = datum["aliases"]
    if type(aliases) is not list or not 0 <= len(aliases) <= 10:
        raise FastPathError
    aliases_out = encode_long(len(aliases)) if aliases else b""
    for aliases_item in aliases:
        if type(aliases_item) is not str or len(aliases_item) > 60 or (not aliases_item.isprintable() and not _MATCH_4(aliases_item)):
            raise FastPathError
        raw = aliases_item.encode()
        aliases_item_out = ENCODED_LENGTHS[len(raw)] + raw
        aliases_out += aliases_item_out
    aliases_out += b"\x00"
    birth_date = datum["birth_date"]
    if type(birth_date) is not int or not -25567 <= birth_date <= 47482:
        raise FastPathError
    birth_date_out = encode_long(birth_date)
    birth_date_basis = datum["birth_date_basis"]
    birth_date_basis_out = _SYMBOLS_3[birth_date_basis]
    sex = datum["sex"]
    sex_out = _SYMBOLS_4[sex]
    country_of_birth = datum["country_of_birth"]
    if type(country_of_birth) is not str or not _MATCH_5(country_of_birth):
        raise FastPathError
    raw = country_of_birth.encode()
    country_of_birth_out = ENCODED_LENGTHS[len(raw)] + raw
    citizenship = datum["citizenship"]
    if type(citizenship) is not str or not _MATCH_5(citizenship):
        raise FastPathError
    raw = citizenship.encode()
    citizenship_out = ENCODED_LENGTHS[len(raw)] + raw
    preferred_language = datum["preferred_language"]
    if type(preferred_language) is not str or not _MATCH_6(preferred_language):
        raise FastPathError
    raw = preferred_language.encode()
    preferred_language_out = ENCODED_LENGTHS[len(raw)] + raw
    receiving_program_code = datum["receiving_program_code"]
    if type(receiving_program_code) is not str or not _MATCH_7(receiving_program_code):
        raise FastPathError
    raw = receiving_program_code.encode()
    receiving_program_code_out = ENCODED_LENGTHS[len(raw)] + raw
    sibling_group_key = datum["sibling_group_key"]
    if sibling_group_key is None:
        sibling_group_key_out = b"\x00"
    else:
        if type(sibling_group_key) is not str or not _MATCH_8(sibling_group_key):
            raise FastPathError
        raw = sibling_group_key.encode()
        sibling_group_key_out = ENCODED_LENGTHS[len(raw)] + raw
        sibling_group_key_out = b"\x02" + sibling_group_key_out
    return b"".join((
        a_number_out, portal_id_out, given_name_out, surname_out, aliases_out, birth_date_out, birth_date_basis_out,
        sex_out, country_of_birth_out, citizenship_out, preferred_language_out, receiving_program_code_out,
        sibling_group_key_out,
    ))


def write_failure_to_appear_child(datum: Datum) -> bytes:
    """The bytes of one FailureToAppearChild."""
    if type(datum) is not dict or len(datum) != 1:
        raise FastPathError
    age_at_hearing = datum["age_at_hearing"]
    if type(age_at_hearing) is not int or not 0 <= age_at_hearing <= 30:
        raise FastPathError
    age_at_hearing_out = encode_long(age_at_hearing)
    return b"".join((
        age_at_hearing_out,
    ))


def write_nta_served_child(datum: Datum) -> bytes:
    """The bytes of one NtaServedChild."""
    if type(datum) is not dict or len(datum) != 1:
        raise FastPathError
    age_at_service = datum["age_at_service"]
    if type(age_at_service) is not int or not 0 <= age_at_service <= 30:
        raise FastPathError
    age_at_service_out = encode_long(age_at_service)
    return b"".join((
        age_at_service_out,
    ))


def write_placement_address_changed_child(datum: Datum) -> bytes:
    """The bytes of one PlacementAddressChangedChild."""
    if type(datum) is not dict or len(datum) != 1:
        raise FastPathError
    address = datum["address"]
    address_out = write_address(address)
    return b"".join((
        address_out,
    ))


def write_runaway_from_custody_child(datum: Datum) -> bytes:
    """The bytes of one RunawayFromCustodyChild."""
    if type(datum) is not dict or len(datum) != 5:
        raise FastPathError
    last_seen_at = datum["last_seen_at"]
    if last_seen_at is None:
        last_seen_at_out = b"\x00"
    else:
        if type(last_seen_at) is not int or not 0 <= last_seen_at <= 4102444800000:
            raise FastPathError
        last_seen_at_out = encode_long(last_seen_at)
        last_seen_at_out = b"\x02" + last_seen_at_out
    last_seen_setting = datum["last_seen_setting"]
    last_seen_setting_out = _SYMBOLS_5[last_seen_setting]
    absence_type = datum["absence_type"]
    absence_type_out = _SYMBOLS_6[absence_type]
    police_report_no = datum["police_report_no"]
    if police_report_no is None:
        police_report_no_out = b"\x00"
    else:
        if type(police_report_no) is not str or len(police_report_no) > 40 or (not police_report_no.isprintable() and not _MATCH_4(police_report_no)):
            raise FastPathError
        raw = police_report_no.encode()
        police_report_no_out = ENCODED_LENGTHS[len(raw)] + raw
        police_report_no_out = b"\x02" + police_report_no_out
    ncmec_case_no = datum["ncmec_case_no"]
    if ncmec_case_no is None:
        ncmec_case_no_out = b"\x00"
    else:
        if type(ncmec_case_no) is not str or len(ncmec_case_no) > 40 or (not ncmec_case_no.isprintable() and not _MATCH_4(ncmec_case_no)):
            raise FastPathError
        raw = ncmec_case_no.encode()
        ncmec_case_no_out = ENCODED_LENGTHS[len(raw)] + raw
        ncmec_case_no_out = b"\x02" + ncmec_case_no_out
    return b"".join((
        last_seen_at_out, last_seen_setting_out, absence_type_out, police_report_no_out, ncmec_case_no_out,
    ))


def write_sponsor_placement_child(datum: Datum) -> bytes:
    """The bytes of one SponsorPlacementChild."""
    if type(datum) is not dict or len(datum) != 3:
        raise FastPathError
    discharge_type = datum["discharge_type"]
    discharge_type_out = _SYMBOLS_7[discharge_type]
    releasing_program_code = datum["releasing_program_code"]
    if type(releasing_program_code) is not str or not _MATCH_7(releasing_program_code):
        raise FastPathError
    raw = releasing_program_code.encode()
    releasing_program_code_out = ENCODED_LENGTHS[len(raw)] + raw
    address = datum["address"]
    address_out = write_address(address)
    return b"".join((
        discharge_type_out, releasing_program_code_out, address_out,
    ))
