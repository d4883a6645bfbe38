"""From bytes to the raw form. Made by casefeed.schema_tools.generate_codecs from schemas/avro; mend those and run it again."""

from __future__ import annotations

from casefeed.contract.primitives import (
    Datum,
    FastPathError,
    TextCache,
    full_match,
    read_long,
    read_span,
    read_timestamp,
)

_MATCH_0 = full_match(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MATCH_1 = full_match(r"[a-z2-7]{16}")
_MATCH_2 = full_match(r"[a-z][a-z0-9-]{2,39}")
_FEW_0 = TextCache(_MATCH_2)
_SYMBOLS_0 = {0: 'ORR', 2: 'ICE_ERO', 4: 'ICE_OPLA', 6: 'EOIR_ADAPTER'}
_MATCH_3 = full_match(r"[a-z0-9][a-z0-9.-]{0,39}")
_FEW_1 = TextCache(_MATCH_3)
_MATCH_4 = full_match(r"[A-Za-z0-9._-]{1,64}")
_MATCH_5 = full_match(r"[^\x00-\x1f\x7f-\x9f]*")
_MATCH_6 = full_match(r"([A-Z]{2})?")
_FEW_2 = TextCache(_MATCH_6)
_MATCH_7 = full_match(r"([0-9]{5}(-[0-9]{4})?)?")
_FEW_3 = TextCache(_MATCH_7)
_MATCH_8 = full_match(r"[0-9]{5}")
_SYMBOLS_1 = {
    0: 'MOTHER', 2: 'FATHER', 4: 'LEGAL_GUARDIAN', 6: 'SIBLING', 8: 'GRANDPARENT', 10: 'AUNT_UNCLE', 12: 'COUSIN',
    14: 'OTHER_RELATIVE', 16: 'UNRELATED',
}
_MATCH_9 = full_match(r"[0-9+() -]{7,20}")
_MATCH_10 = full_match(r"[0-9]{3}-555-01[0-9]{2}")


def read_event_header(b: bytes, p: int) -> tuple[Datum, int]:
    """The EventHeader at `p`, and where it ends."""
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    event_id = b[p:q].decode()
    p = q
    if not _MATCH_0(event_id):
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    child_key = b[p:q].decode()
    p = q
    if not _MATCH_1(child_key):
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    source = _FEW_0[b[p:q]]
    p = q
    agency = _SYMBOLS_0[b[p]]
    p += 1
    sequence, p = read_long(b, p)
    if not 1 <= sequence <= 9007199254740991:
        raise FastPathError
    occurred_at, p = read_timestamp(b, p, 4102444800000)
    recorded_at, p = read_timestamp(b, p, 4102444800000)
    if b[p] == 0:
        p += 1
        causation_id = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        causation_id = b[p:q].decode()
        p = q
        if not _MATCH_0(causation_id):
            raise FastPathError
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    agreement_profile = _FEW_1[b[p:q]]
    p = q
    if b[p] != 1:
        raise FastPathError
    synthetic = True
    p += 1
    if recorded_at < occurred_at:
        raise FastPathError
    return {
        "event_id": event_id, "child_key": child_key, "source": source, "agency": agency, "sequence": sequence,
        "occurred_at": occurred_at, "recorded_at": recorded_at, "causation_id": causation_id, "agreement_profile":
        agreement_profile, "synthetic": synthetic,
    }, p


def read_sealed(b: bytes, p: int) -> tuple[Datum, int]:
    """The Sealed at `p`, and where it ends."""
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    key_id = b[p:q].decode()
    p = q
    if not _MATCH_4(key_id):
        raise FastPathError
    p, q = read_span(b, p)
    nonce = b[p:q]
    p = q
    if len(nonce) > 12:
        raise FastPathError
    p, q = read_span(b, p)
    ciphertext = b[p:q]
    p = q
    if len(ciphertext) > 65536:
        raise FastPathError
    return {
        "key_id": key_id, "nonce": nonce, "ciphertext": ciphertext,
    }, p


def read_address(b: bytes, p: int) -> tuple[Datum, int]:
    """The Address at `p`, and where it ends."""
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    line1 = b[p:q].decode()
    p = q
    if len(line1) > 100 or (not line1.isprintable() and not _MATCH_5(line1)):
        raise FastPathError
    if b[p] == 0:
        p += 1
        secondary_unit = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        secondary_unit = b[p:q].decode()
        p = q
        if len(secondary_unit) > 40 or (not secondary_unit.isprintable() and not _MATCH_5(secondary_unit)):
            raise FastPathError
    else:
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    city = b[p:q].decode()
    p = q
    if len(city) > 60 or (not city.isprintable() and not _MATCH_5(city)):
        raise FastPathError
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    state = _FEW_2[b[p:q]]
    p = q
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    zip = _FEW_3[b[p:q]]
    p = q
    if b[p] == 0:
        p += 1
        county_fips = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        county_fips = b[p:q].decode()
        p = q
        if not _MATCH_8(county_fips):
            raise FastPathError
    else:
        raise FastPathError
    return {
        "line1": line1, "secondary_unit": secondary_unit, "city": city, "state": state, "zip": zip, "county_fips":
        county_fips,
    }, p


def read_sponsor(b: bytes, p: int) -> tuple[Datum, int]:
    """The Sponsor at `p`, and where it ends."""
    if (n := b[p]) & 129:
        p, q = read_span(b, p)
    else:
        p, q = p + 1, p + 1 + (n >> 1)
    sponsor_ref = b[p:q].decode()
    p = q
    if not _MATCH_1(sponsor_ref):
        raise FastPathError
    relationship = _SYMBOLS_1[b[p]]
    p += 1
    if b[p] == 0:
        p += 1
        given_name = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        given_name = b[p:q].decode()
        p = q
        if len(given_name) > 60 or (not given_name.isprintable() and not _MATCH_5(given_name)):
            raise FastPathError
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        surname = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        surname = b[p:q].decode()
        p = q
        if len(surname) > 60 or (not surname.isprintable() and not _MATCH_5(surname)):
            raise FastPathError
    else:
        raise FastPathError
    if b[p] == 0:
        p += 1
        phone = None
    elif b[p] == 2:
        p += 1
        if (n := b[p]) & 129:
            p, q = read_span(b, p)
        else:
            p, q = p + 1, p + 1 + (n >> 1)
        phone = b[p:q].decode()
        p = q
        if not _MATCH_9(phone) or not _MATCH_10(phone):
            raise FastPathError
    else:
        raise FastPathError
    return {
        "sponsor_ref": sponsor_ref, "relationship": relationship, "given_name": given_name, "surname": surname,
        "phone": phone,
    }, p
