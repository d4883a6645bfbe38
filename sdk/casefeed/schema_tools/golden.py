"""Golden bytes: one made-up event of each type in every form it may take, with what it is on the wire.

The event itself is written by hand, with every optional field set (`schemas/specimens`); the other forms are made
from it. A release freezes them, so that anyone's library can be held to the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from casefeed.contract import codec, framing
from casefeed.contract.catalogue import EventType, union_branches, walk_fields
from casefeed.contract.codec import PERSONAL_PARTS, Datum
from casefeed.contract.errors import SchemaError
from casefeed.contract.validation import is_sealed, optional_fields

# Stated in every golden frame: a registry gives ids of its own, so one is chosen that shows its byte order.
GOLDEN_SCHEMA_ID = 0x01020304
NONCE_BYTES, TAG_BYTES = 12, 16
_FORM_SUMMARIES = {
    "full": "Every optional field is set; the personal parts are clear.",
    "bare": "Every optional field is null, every list that may be empty is; the personal parts are clear.",
    "sealed": "As full, with every personal part sealed. The ciphertext is made up: no key opens it.",
}


def load_specimens(folder: Path, event_types: Mapping[str, EventType]) -> dict[str, Datum]:
    """The hand-made event (raw form) of each of `event_types`, by full name, from `folder`.

    Raises SchemaError, with the file and what to do, where one is missing, is not JSON or leaves a field null.
    """
    found = {}
    for name, event_type in event_types.items():
        path = folder / f"{name}.json"
        try:
            specimen: Datum = hex_to_bytes(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            words = f"{path.name} cannot be read as JSON ({type(error).__name__})"
            raise SchemaError(f"{words}; write a made-up event of {name} there") from error
        for path_of_field in optional_fields(event_type):
            if _value_at(specimen, path_of_field) is None:
                where = ".".join(path_of_field)
                raise SchemaError(f"{path.name} has no {where}; a specimen has every optional field set")
        found[name] = specimen
    return found


def event_forms(event_type: EventType, specimen: Datum) -> Iterator[tuple[str, Datum]]:
    """(form, event in raw form): full, bare and, for a type with a personal part, sealed."""
    yield "full", specimen
    yield "bare", _bare_form(event_type, specimen)
    parts = [name for name in PERSONAL_PARTS if name in specimen]
    if parts:
        yield "sealed", specimen | {name: _sealed_part(event_type, name, specimen[name]) for name in parts}


def golden_record(event_type: EventType, specimen: Datum) -> dict[str, Any]:
    """What a release freezes of `event_type`, ready for JSON: each form of the event and its bytes.

    Raises ContractError or RefusedError, as `codec.encode` does, for a specimen that breaks the contract.
    """
    encoded = ((form, event, codec.encode(event_type, event)) for form, event in event_forms(event_type, specimen))
    forms = [
        {
            "form": form,
            "says": _FORM_SUMMARIES[form],
            "event": bytes_to_hex(event),
            "key": framing.kafka_key(event_type, event),
            "headers": {name: value.decode() for name, value in framing.cloud_event_headers(event_type, event)},
            "datum": datum.hex(),
            "framed": framing.frame(GOLDEN_SCHEMA_ID, datum).hex(),
            "event_hash": codec.event_hash(event_type.fingerprint, datum).hex(),
        }
        for form, event, datum in encoded
    ]
    identity = {"event_type": event_type.name, "fingerprint": event_type.fingerprint.hex()}
    return {**identity, "schema_id": GOLDEN_SCHEMA_ID, "forms": forms}


def bytes_to_hex(event: Datum) -> Datum:
    """An event (raw form) as JSON has it: a restated event, and the bytes of a sealed part, in hex."""
    return _map_bytes(event, bytes.hex)


def hex_to_bytes(event: Datum) -> Datum:
    """The raw form of an event that `bytes_to_hex` gave."""
    return _map_bytes(event, bytes.fromhex)


def _map_bytes(event: Datum, change: Callable[[Any], Any]) -> Datum:
    restated = {"restated": change(event["restated"])} if "restated" in event else {}
    return (
        event
        | restated
        | {
            name: event[name] | {key: change(event[name][key]) for key in ("nonce", "ciphertext")}
            for name in PERSONAL_PARTS
            if is_sealed(event.get(name))
        }
    )


def _bare_form(event_type: EventType, specimen: Datum) -> Datum:
    bare = specimen
    for path, item in walk_fields(event_type.schema):
        if _value_at(specimen, path) is None:
            continue
        if "null" in union_branches(item["type"]):
            bare = _with_value(bare, path, None)
        elif isinstance(item["type"], dict) and item["type"]["type"] == "array" and not item.get("min_items"):
            bare = _with_value(bare, path, [])
    return bare


def _sealed_part(event_type: EventType, part: str, clear: Datum) -> Datum:
    """A sealed part about as long as the clear one; its bytes come from nothing but its name."""
    size = len(json.dumps(clear)) + TAG_BYTES
    label = f"{event_type.name}.{part}".encode()
    stream = b"".join(
        hashlib.sha256(label + bytes([block])).digest() for block in range(-(-(NONCE_BYTES + size) // 32))
    )
    return {
        "key_id": f"golden-{part}-1",
        "nonce": stream[:NONCE_BYTES],
        "ciphertext": stream[NONCE_BYTES : NONCE_BYTES + size],
    }


def _value_at(event: Any, path: tuple[str, ...]) -> Any:
    """The value at `path`; None where a record on the way is null, sealed or not there."""
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def _with_value(event: Datum, path: tuple[str, ...], value: Any) -> Datum:
    name, *rest = path
    return event | {name: _with_value(event[name], tuple(rest), value) if rest else value}
