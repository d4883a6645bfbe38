"""From the raw form to bytes. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.primitives import ENCODED_LENGTHS, Datum, FastPathError, encode_long, full_match

_MATCH_0 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MATCH_1 = full_match(r"[a-z2-7]{16}")
_MATCH_2 = full_match(r"[a-z][a-z0-9-]{2,39}")
_SYMBOLS_0 = {'ORR': b'\x00', 'ICE_ERO': b'\x02', 'ICE_OPLA': b'\x04', 'EOIR_ADAPTER': b'\x06'}
_MATCH_3 = full_match(r"[a-z0-9][a-z0-9.-]{0,39}")
_MATCH_4 = full_match(r"[A-Za-z0-9._-]{1,64}")
_MATCH_5 = full_match(r"[^\x00-\x1f\x7f-\x9f]*")
_MATCH_6 = full_match(r"([A-Z]{2})?")
_MATCH_7 = full_match(r"([0-9]{5}(-[0-9]{4})?)?")
_MATCH_8 = full_match(r"[0-9]{5}")
_SYMBOLS_1 = {
    'MOTHER': b'\x00', 'FATHER': b'\x02', 'LEGAL_GUARDIAN': b'\x04', 'SIBLING': b'\x06', 'GRANDPARENT': b'\x08',
    'AUNT_UNCLE': b'\n', 'COUSIN': b'\x0c', 'OTHER_RELATIVE': b'\x0e', 'UNRELATED': b'\x10',
}
_MATCH_9 = full_match(r"[0-9+() -]{7,20}")
_MATCH_10 = full_match(r"[0-9]{3}-555-01[0-9]{2}")


def write_event_header(datum: Datum) -> bytes:
    """The bytes of one EventHeader."""
    if type(datum) is not dict or len(datum) != 10:
        raise FastPathError
    event_id = datum["event_id"]
    if type(event_id) is not str or not _MATCH_0(event_id):
        raise FastPathError
    raw = event_id.encode()
    event_id_out = ENCODED_LENGTHS[len(raw)] + raw
    child_key = datum["child_key"]
    if type(child_key) is not str or not _MATCH_1(child_key):
        raise FastPathError
    raw = child_key.encode()
    child_key_out = ENCODED_LENGTHS[len(raw)] + raw
    source = datum["source"]
    if type(source) is not str or not _MATCH_2(source):
        raise FastPathError
    raw = source.encode()
    source_out = ENCODED_LENGTHS[len(raw)] + raw
    agency = datum["agency"]
    agency_out = _SYMBOLS_0[agency]
    sequence = datum["sequence"]
    if type(sequence) is not int or not 1 <= sequence <= 9007199254740991:
        raise FastPathError
    sequence_out = encode_long(sequence)
    occurred_at = datum["occurred_at"]
    if type(occurred_at) is not int or not 0 <= occurred_at <= 4102444800000:
        raise FastPathError
    occurred_at_out = encode_long(occurred_at)
    recorded_at = datum["recorded_at"]
    if type(recorded_at) is not int or not 0 <= recorded_at <= 4102444800000:
        raise FastPathError
    recorded_at_out = encode_long(recorded_at)
    causation_id = datum["causation_id"]
    if causation_id is None:
        causation_id_out = b"\x00"
    else:
        if type(causation_id) is not str or not _MATCH_0(causation_id):
            raise FastPathError
        raw = causation_id.encode()
        causation_id_out = ENCODED_LENGTHS[len(raw)] + raw
        causation_id_out = b"\x02" + causation_id_out
    agreement_profile = datum["agreement_profile"]
    if type(agreement_profile) is not str or not _MATCH_3(agreement_profile):
        raise FastPathError
    raw = agreement_profile.encode()
    agreement_profile_out = ENCODED_LENGTHS[len(raw)] + raw
    synthetic = datum["synthetic"]
    if synthetic is not True:
        raise FastPathError
    synthetic_out = b"\x01"
    if recorded_at < occurred_at:
        raise FastPathError
    return b"".join((
        event_id_out, child_key_out, source_out, agency_out, sequence_out, occurred_at_out, recorded_at_out,
        causation_id_out, agreement_profile_out, synthetic_out,
    ))


def write_sealed(datum: Datum) -> bytes:
    """The bytes of one Sealed."""
    if type(datum) is not dict or len(datum) != 3:
        raise FastPathError
    key_id = datum["key_id"]
    if type(key_id) is not str or not _MATCH_4(key_id):
        raise FastPathError
    raw = key_id.encode()
    key_id_out = ENCODED_LENGTHS[len(raw)] + raw
    nonce = datum["nonce"]
    if type(nonce) is not bytes or len(nonce) > 12:
        raise FastPathError
    nonce_out = encode_long(len(nonce)) + nonce
    ciphertext = datum["ciphertext"]
    if type(ciphertext) is not bytes or len(ciphertext) > 65536:
        raise FastPathError
    ciphertext_out = encode_long(len(ciphertext)) + ciphertext
    return b"".join((
        key_id_out, nonce_out, ciphertext_out,
    ))


def write_address(datum: Datum) -> bytes:
    """The bytes of one Address."""
    if type(datum) is not dict or len(datum) != 6:
        raise FastPathError
    line1 = datum["line1"]
    if type(line1) is not str or len(line1) > 100 or (not line1.isprintable() and not _MATCH_5(line1)):
        raise FastPathError
    raw = line1.encode()
    line1_out = ENCODED_LENGTHS[len(raw)] + raw
    secondary_unit = datum["secondary_unit"]
    if secondary_unit is None:
        secondary_unit_out = b"\x00"
    else:
        if type(secondary_unit) is not str or len(secondary_unit) > 40 or (not secondary_unit.isprintable() and not _MATCH_5(secondary_unit)):
            raise FastPathError
        raw = secondary_unit.encode()
        secondary_unit_out = ENCODED_LENGTHS[len(raw)] + raw
        secondary_unit_out = b"\x02" + secondary_unit_out
    city = datum["city"]
    if type(city) is not str or len(city) > 60 or (not city.isprintable() and not _MATCH_5(city)):
        raise FastPathError
    raw = city.encode()
    city_out = ENCODED_LENGTHS[len(raw)] + raw
    state = datum["state"]
    if type(state) is not str or not _MATCH_6(state):
        raise FastPathError
    raw = state.encode()
    state_out = ENCODED_LENGTHS[len(raw)] + raw
    zip = datum["zip"]
    if type(zip) is not str or not _MATCH_7(zip):
        raise FastPathError
    raw = zip.encode()
    zip_out = ENCODED_LENGTHS[len(raw)] + raw
    county_fips = datum["county_fips"]
    if county_fips is None:
        county_fips_out = b"\x00"
    else:
        if type(county_fips) is not str or not _MATCH_8(county_fips):
            raise FastPathError
        raw = county_fips.encode()
        county_fips_out = ENCODED_LENGTHS[len(raw)] + raw
        county_fips_out = b"\x02" + county_fips_out
    return b"".join((
        line1_out, secondary_unit_out, city_out, state_out, zip_out, county_fips_out,
    ))


def write_sponsor(datum: Datum) -> bytes:
    """The bytes of one Sponsor."""
    if type(datum) is not dict or len(datum) != 5:
        raise FastPathError
    sponsor_ref = datum["sponsor_ref"]
    if type(sponsor_ref) is not str or not _MATCH_1(sponsor_ref):
        raise FastPathError
    raw = sponsor_ref.encode()
    sponsor_ref_out = ENCODED_LENGTHS[len(raw)] + raw
    relationship = datum["relationship"]
    relationship_out = _SYMBOLS_1[relationship]
    given_name = datum["given_name"]
    if given_name is None:
        given_name_out = b"\x00"
    else:
        if type(given_name) is not str or len(given_name) > 60 or (not given_name.isprintable() and not _MATCH_5(given_name)):
            raise FastPathError
        raw = given_name.encode()
        given_name_out = ENCODED_LENGTHS[len(raw)] + raw
        given_name_out = b"\x02" + given_name_out
    surname = datum["surname"]
    if surname is None:
        surname_out = b"\x00"
    else:
        if type(surname) is not str or len(surname) > 60 or (not surname.isprintable() and not _MATCH_5(surname)):
            raise FastPathError
        raw = surname.encode()
        surname_out = ENCODED_LENGTHS[len(raw)] + raw
        surname_out = b"\x02" + surname_out
    phone = datum["phone"]
    if phone is None:
        phone_out = b"\x00"
    else:
        if type(phone) is not str or not _MATCH_9(phone) or not _MATCH_10(phone):
            raise FastPathError
        raw = phone.encode()
        phone_out = ENCODED_LENGTHS[len(raw)] + raw
        phone_out = b"\x02" + phone_out
    return b"".join((
        sponsor_ref_out, relationship_out, given_name_out, surname_out, phone_out,
    ))
