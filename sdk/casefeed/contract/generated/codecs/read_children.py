"""From bytes to the raw form. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.generated.codecs.read_parts import read_address
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

_SYMBOLS_0 = {0: 'SPONSOR', 2: 'LICENSED_PROGRAM', 4: 'SUPPORT_ORG', 6: 'ICE_CUSTODY', 8: 'OTHER'}
_SYMBOLS_1 = {0: 'SAFE', 2: 'NEEDS_CARE', 4: 'UNKNOWN'}
_SYMBOLS_2 = {
    0: 'ORR_CUSTODY', 2: 'SPONSOR', 4: 'OTHER_FAMILY', 6: 'HOSPITAL', 8: 'STATE_CARE', 10: 'DHS', 12: 'DECEASED',
}
_MATCH_0 = full_match(r"A[0-9]{9}")
_MATCH_1 = full_match(r"A000[0-9]{6}")
_MATCH_2 = full_match(r"[A-Z0-9-]{1,20}")
_MATCH_3 = full_match(r"UCP-SYN-[0-9]{7}")
_MATCH_4 = full_match(r"[^\x00-\x1f\x7f-\x9f]*")
_SYMBOLS_3 = {0: 'DOCUMENT', 2: 'SELF_REPORTED', 4: 'ESTIMATED'}
_SYMBOLS_4 = {0: 'MALE', 2: 'FEMALE', 4: 'UNKNOWN'}
_MATCH_5 = full_match(r"[A-Z]{3}")
_FEW_0 = TextCache(_MATCH_5)
_MATCH_6 = full_match(r"[a-z]{3}")
_FEW_1 = TextCache(_MATCH_6)
_MATCH_7 = full_match(r"[A-Z0-9-]{2,20}")
_FEW_2 = TextCache(_MATCH_7)
_MATCH_8 = full_match(r"[a-z2-7]{16}")
_SYMBOLS_5 = {
    0: 'CURRENT_CARE_PROVIDER', 2: 'PREVIOUS_CARE_PROVIDER', 4: 'GROUP_HOME', 6: 'FOSTER_HOME', 8: 'COMMUNITY',
    10: 'OUT_OF_NETWORK',
}
_SYMBOLS_6 = {0: 'LEFT_FACILITY', 2: 'LEFT_DURING_OUTING', 4: 'NOT_RETURNED', 6: 'SUSPECTED_ABDUCTION'}
_SYMBOLS_7 = {0: 'REUNIFIED_CAT1', 2: 'REUNIFIED_CAT2A', 4: 'REUNIFIED_CAT2B', 6: 'REUNIFIED_CAT3', 8: 'OTHER'}


def read_absent_from_sponsor_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The AbsentFromSponsorChild at `p`, and where it ends."""
    if b[p] == 0:
        p += 1
        last_known_with_sponsor_date = None
    elif b[p] == 2:
        p += 1
        last_known_with_sponsor_date, p = read_long(b, p)
        if not -25567 <= last_known_with_sponsor_date <= 47482:
            raise FastPathError
    else:
        raise FastPathError
    return {
        "last_known_with_sponsor_date": last_known_with_sponsor_date,
    }, p


def read_aged_out_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The AgedOutChild at `p`, and where it ends."""
    eighteenth_birthday, p = read_long(b, p)
    if not -25567 <= eighteenth_birthday <= 47482:
        raise FastPathError
    discharged_to = _SYMBOLS_0[b[p]]
    p += 1
    return {
        "eighteenth_birthday": eighteenth_birthday, "discharged_to": discharged_to,
    }, p


def read_child_located_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The ChildLocatedChild at `p`, and where it ends."""
    condition = _SYMBOLS_1[b[p]]
    p += 1
    current_setting = _SYMBOLS_2[b[p]]
    p += 1
    return {
        "condition": condition, "current_setting": current_setting,
    }, p


def read_child_transferred_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The ChildTransferredChild at `p`, and where it ends."""
    if b[p] == 0:
        p += 1
        a_number = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        a_number = b[p:q].decode()
        p = q
        if not _MATCH_0(a_number) or not _MATCH_1(a_number):
            raise FastPathError
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        portal_id = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        portal_id = b[p:q].decode()
        p = q
        if not _MATCH_2(portal_id) or not _MATCH_3(portal_id):
            raise FastPathError
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    given_name = b[p:q].decode()
    p = q
    if len(given_name) > 60 or (not given_name.isprintable() and not _MATCH_4(given_name)):
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    surname = b[p:q].decode()
    p = q
    if len(surname) > 60 or (not surname.isprintable() and not _MATCH_4(surname)):
        raise FastPathError
    aliases: list[str] = []
    while b[p]:
        count, p = read_block_count(b, p)
        if count > 10 - len(aliases):
            raise FastPathError
        for _ in range(count):
            if (n := b[p]) & 129:
                p, q = read_span(b, p)
            else:
                p, q = p + 1, p + 1 + (n >> 1)
            aliases_item = b[p:q].decode()
            p = q
            if len(aliases_item) > 60 or (not aliases_item.isprintable() and not _MATCH_4(aliases_item)):
                raise FastPathError
            aliases.append(aliases_item)
    p += 1
    birth_date, p = read_long(b, p)
    if not -25567 <= birth_date <= 47482:
        raise FastPathError
    birth_date_basis = _SYMBOLS_3[b[p]]
    p += 1
    sex = _SYMBOLS_4[b[p]]
    p += 1
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    country_of_birth = _FEW_0[b[p:q]]
    p = q
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    citizenship = _FEW_0[b[p:q]]
    p = q
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    preferred_language = _FEW_1[b[p:q]]
    p = q
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    receiving_program_code = _FEW_2[b[p:q]]
    p = q
    if b[p] == 0:
        p += 1
        sibling_group_key = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        sibling_group_key = b[p:q].decode()
        p = q
        if not _MATCH_8(sibling_group_key):
            raise FastPathError
    else:
        raise FastPathError
    return {
        "a_number": a_number, "portal_id": portal_id, "given_name": given_name, "surname": surname, "aliases":
        aliases, "birth_date": birth_date, "birth_date_basis": birth_date_basis, "sex": sex, "country_of_birth":
        country_of_birth, "citizenship": citizenship, "preferred_language": preferred_language,
        "receiving_program_code": receiving_program_code, "sibling_group_key": sibling_group_key,
    }, p


def read_failure_to_appear_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The FailureToAppearChild at `p`, and where it ends."""
    age_at_hearing, p = read_long(b, p)
    if not 0 <= age_at_hearing <= 30:
        raise FastPathError
    return {
        "age_at_hearing": age_at_hearing,
    }, p


def read_nta_served_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The NtaServedChild at `p`, and where it ends."""
    age_at_service, p = read_long(b, p)
    if not 0 <= age_at_service <= 30:
        raise FastPathError
    return {
        "age_at_service": age_at_service,
    }, p


def read_placement_address_changed_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The PlacementAddressChangedChild at `p`, and where it ends."""
    address, p = read_address(b, p)
    return {
        "address": address,
    }, p


def read_runaway_from_custody_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The RunawayFromCustodyChild at `p`, and where it ends."""
    if b[p] == 0:
        p += 1
        last_seen_at = None
    elif b[p] == 2:
        p += 1
        last_seen_at, p = read_timestamp(b, p, 4102444800000)
    else:
        raise FastPathError
    last_seen_setting = _SYMBOLS_5[b[p]]
    p += 1
    absence_type = _SYMBOLS_6[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        police_report_no = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        police_report_no = b[p:q].decode()
        p = q
        if len(police_report_no) > 40 or (not police_report_no.isprintable() and not _MATCH_4(police_report_no)):
            raise FastPathError
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        ncmec_case_no = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        ncmec_case_no = b[p:q].decode()
        p = q
        if len(ncmec_case_no) > 40 or (not ncmec_case_no.isprintable() and not _MATCH_4(ncmec_case_no)):
            raise FastPathError
    else:
        raise FastPathError
    return {
        "last_seen_at": last_seen_at, "last_seen_setting": last_seen_setting, "absence_type": absence_type,
        "police_report_no": police_report_no, "ncmec_case_no": ncmec_case_no,
    }, p


def read_sponsor_placement_child(b: bytes, p: int) -> tuple[Datum, int]:
    """The SponsorPlacementChild at `p`, and where it ends."""
    discharge_type = _SYMBOLS_7[b[p]]
    p += 1
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    releasing_program_code = _FEW_2[b[p:q]]
    p = q
    address, p = read_address(b, p)
    return {
        "discharge_type": discharge_type, "releasing_program_code": releasing_program_code, "address": address,
    }, p
