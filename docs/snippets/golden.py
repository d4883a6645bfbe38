"""Reads every golden event of the release 0.1 with Apache's avro package alone; run it where schemas/ lies."""

import io
import json
from pathlib import Path

import avro.schema
from avro.io import BinaryDecoder, DatumReader

RELEASE = Path("schemas/released/0.1")
for path in sorted(RELEASE.glob("*.avsc")):
    reader = DatumReader(avro.schema.parse(path.read_text(encoding="utf-8")))
    for form in json.loads((RELEASE / "golden" / f"{path.stem}.json").read_text(encoding="utf-8"))["forms"]:
        event = reader.read(BinaryDecoder(io.BytesIO(bytes.fromhex(form["datum"]))))
        assert event["header"]["child_key"] == form["event"]["header"]["child_key"]
        print(path.stem, form["form"], event["header"]["event_id"])
