"""The closed public lists of why a record is parked or refused, and who can repair it."""

from __future__ import annotations

from enum import StrEnum


class Repairer(StrEnum):
    """Who can put a parked record right."""

    SENDER = "sender"
    RECEIVER = "receiver"
    OPERATOR = "operator"
    AGREEMENT = "agreement"


class _RecordReason(StrEnum):
    """A reason code with the person who can repair it and the sentence shown to people."""

    repairer: Repairer
    description: str

    def __new__(cls, code: str, repairer: Repairer, sentence: str) -> _RecordReason:
        member = str.__new__(cls, code)
        member._value_ = code
        member.repairer = repairer
        member.description = sentence
        return member


class ParkedReason(_RecordReason):
    """Why a record is kept aside with its bytes while all else flows."""

    EMPTY_VALUE = ("empty-value", Repairer.SENDER, "The record has no value; an event is never a tombstone.")
    OVERSIZE_VALUE = ("oversize-value", Repairer.SENDER, "The value is larger than an event may be (1 MiB).")
    WRONG_MAGIC_BYTE = (
        "wrong-magic-byte",
        Repairer.SENDER,
        "The value does not begin with magic byte 0 and a 4-byte schema id.",
    )
    UNKNOWN_SCHEMA_ID = (
        "unknown-schema-id",
        Repairer.OPERATOR,
        "Neither the registry nor this reader knows the schema id; register the schema, then redrive.",
    )
    OTHER_SUBJECT = (
        "other-subject",
        Repairer.SENDER,
        "The schema id belongs to another subject than the record says, or to none of this feed.",
    )
    WRONG_TOPIC = ("wrong-topic", Repairer.SENDER, "This event type does not belong on this topic.")
    UNREADABLE_VERSION = (
        "unreadable-version",
        Repairer.RECEIVER,
        "This reader cannot read the record's schema version as the one it knows; install a later casefeed, then "
        "redrive.",
    )
    UNDECODABLE = ("undecodable", Repairer.SENDER, "The bytes do not decode under the record's schema.")
    TRAILING_BYTES = ("trailing-bytes", Repairer.SENDER, "Bytes are left over after the record's last field.")
    INVALID_FIELD = ("invalid-field", Repairer.SENDER, "A field breaks a rule of the contract.")
    KEY_MISMATCH = (
        "key-mismatch",
        Repairer.SENDER,
        "The Kafka key is not the one in the body (the child key, of a statement the source).",
    )
    SAME_ID_OTHER_BYTES = (
        "same-id-other-bytes",
        Repairer.SENDER,
        "An event with this id is held already, with other bytes; an event never changes.",
    )
    SEQUENCE_TAKEN = ("sequence-taken", Repairer.SENDER, "Another event holds this number of this child and source.")


class RefusedReason(_RecordReason):
    """Why a record may not be here at all; its topic, offset and digest are kept, never its bytes."""

    NOT_SYNTHETIC = (
        "not-synthetic",
        Repairer.SENDER,
        "The record is not marked synthetic, or holds an identifier outside the synthetic ranges.",
    )
    FORBIDDEN_FIELD = (
        "forbidden-field",
        Repairer.AGREEMENT,
        "The record's schema has a field that this feed never carries.",
    )


PARKED_REASONS = {each.value: each for each in ParkedReason}
"""Why a record is parked, by its code."""
REFUSED_REASONS = {each.value: each for each in RefusedReason}
"""Why a record is refused, by its code."""
