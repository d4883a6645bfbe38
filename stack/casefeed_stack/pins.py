"""What is fetched, pinned: versions, sizes and sha256 of everything that runs as a JVM."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

KAFKA_VERSION = "4.4.0"
KAFKA_BYTES = 44_700_000
"""Roughly what the jars of Kafka weigh together, for the progress bar and the line before the fetch."""

REGISTRY_VERSION = "3.3.3"
REGISTRY_BYTES = 158_577_952
REGISTRY_ARCHIVE_SHA256 = "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63"
REGISTRY_TREE_SHA256 = "aa719adc8977d7663f8162955cfb02ad58230a9ffbb214430b2e779fbc0eb88b"
"""`fetch.tree_sha256` of the unpacked archive: a start notices one changed byte in the cache."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One file of Maven Central: where it lies there (group/artifact/version/file), its sha256 (hex)."""

    path: PurePosixPath
    sha256: str

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """(group id, artifact id, version), as Maven writes them."""
        *group, artifact, version = self.path.parent.parts
        return ".".join(group), artifact, version


REGISTRY = Pin(
    PurePosixPath(f"io/apicurio/apicurio-registry-app/{REGISTRY_VERSION}")
    / f"apicurio-registry-app-{REGISTRY_VERSION}-all.tar.gz",
    REGISTRY_ARCHIVE_SHA256,
)


@cache
def kafka_jars() -> tuple[Pin, ...]:
    """The jars of Kafka from `kafka-jars.sha256` beside this file, in the order of their file names.

    The order is the class path's, and a class data archive is only good for the class path it was made with.
    """
    lines = (Path(__file__).parent / "kafka-jars.sha256").read_text("ascii").splitlines()
    pins = (Pin(PurePosixPath(path), sha256) for sha256, path in map(str.split, lines))
    return tuple(sorted(pins, key=lambda pin: pin.path.name))
