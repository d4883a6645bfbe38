"""How fast the pure rooms are on this machine: read an archive, hash, decode, encode, fold; and what they replace.

`python -m benchmarks.micro DIR` takes the archives (`*.avro`) of another folder than seeds/. The best of three rounds
counts: the others measure the neighbours on the machine. An event is decoded as the reader does it: guarded, held to
every rule, trailing bytes refused.
"""

from __future__ import annotations

import io
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from fastavro import schemaless_reader

from casefeed.case.casefile import fold_facts
from casefeed.case.facts import Fact, fact_of
from casefeed.contract import archive, catalogue, codec, resources
from casefeed.contract.generated.models import parse

ROUNDS = 3


def best_s(work: Callable[[], object]) -> float:
    """Seconds of the fastest of three rounds."""
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return min(took)


def read_archives(paths: list[Path]) -> list[archive.Envelope]:
    """Every envelope of these archives."""
    envelopes: list[archive.Envelope] = []
    for path in paths:
        with path.open("rb") as source:
            envelopes += archive.read_archive(source, path.name)
    return envelopes


def type_of(known: catalogue.Catalogue, envelope: archive.Envelope) -> catalogue.EventType:
    """The event type of an envelope; ends with a sentence when this version does not know it."""
    found = known.by_fingerprint(envelope.fingerprint)
    if found is None:
        sys.exit(f"No packaged schema has the fingerprint {envelope.fingerprint.hex()}, which an archive names.")
    return found


def measure(folder: Path | None = None) -> dict[str, float]:
    """Microseconds an event of each stage."""
    folder = folder or resources.seeds_dir()
    paths = sorted(folder.glob("*.avro"))
    envelopes = read_archives(paths)
    if not envelopes:
        sys.exit(f"No events in the archives (*.avro) of {folder}; build some with `casefeed world build`.")
    known = catalogue.load_catalogue()
    typed = [(type_of(known, each), each.datum) for each in envelopes]
    events = [(each_type, codec.decode(each_type, datum)) for each_type, datum in typed]
    by_child: dict[str, list[Fact]] = defaultdict(list)
    for each_type, event in events:
        by_child[event["header"]["child_key"]].append(fact_of(each_type.short_name, event))

    stages: dict[str, Callable[[], object]] = {
        "read the archives": lambda: read_archives(paths),
        "hash": lambda: [codec.event_hash(each.fingerprint, each.datum) for each in envelopes],
        "decode": lambda: [codec.decode(each_type, datum) for each_type, datum in typed],
        "decode by fastavro and rules": lambda: [codec.decode_checked(each, datum) for each, datum in typed],
        "decode by fastavro alone": lambda: [
            schemaless_reader(io.BytesIO(datum), each.raw_schema, None) for each, datum in typed
        ],
        "pydantic model alone": lambda: [parse(each_type, event) for each_type, event in events],
        "encode": lambda: [codec.encode(each_type, event) for each_type, event in events],
        "encode by fastavro and rules": lambda: [codec.encode_checked(*each) for each in events],
        "fact": lambda: [fact_of(each_type.short_name, event) for each_type, event in events],
        "fold": lambda: [fold_facts(facts) for facts in by_child.values()],
    }
    return {stage: best_s(work) / len(envelopes) * 1e6 for stage, work in stages.items()}


def main() -> None:
    """Measure and print one line a stage."""
    for stage, micros in measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None).items():
        print(f"{stage:<30} {1e6 / micros:>10,.0f} events/s {micros:>8.1f} us/event")


if __name__ == "__main__":
    main()
