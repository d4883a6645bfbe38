"""Reads what a correction restates, with Apache's avro package and the registry's HTTP interface alone."""

import hashlib
import io
import json
from urllib.request import urlopen

import avro.schema
from avro.io import BinaryDecoder, DatumReader


def restated(correction, registry_url):
    """The type and the event that EventCorrected (decoded already) puts in the place of an earlier one."""
    named = correction["restated_dataschema"].removeprefix("urn:casefeed:schema:")
    name, _, sha256 = named.partition(":sha256:")
    reader = DatumReader(avro.schema.parse(schema(registry_url, name, sha256)))
    return name, reader.read(BinaryDecoder(io.BytesIO(correction["restated"])))


def schema(registry_url, name, sha256):
    """The schema of this name whose canonical JSON has this sha256: one of the versions of its subject."""
    subject = f"{registry_url}/subjects/{name}/versions"
    for version in get(subject):
        text = json.dumps(
            json.loads(get(f"{subject}/{version}")["schema"]),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        if hashlib.sha256(text.encode()).hexdigest() == sha256:
            return text
    raise LookupError(f"the registry has no version of {name} with that sha256; ask for it again later")


def get(url):
    """The JSON of an address."""
    with urlopen(url, timeout=10) as answer:
        return json.load(answer)
